import { AbiCoder, Interface } from 'ethers';

import { parseLossless } from '../rpc/lossless.js';
import { CREDIT, HUB, STAKE_HUB, STAKE_HUB_ABI } from './bnb.abi.js';
import { amount, decodeHeader, decodeLog, decodeMoniker, decodeReceipt, ownAddress, quantity } from './bnb.decode.js';
import { beforeFee } from './bnb.flows.js';
import { bucketsOf } from './bnb.positions.js';
import { credit, hub } from './bnb.reads.js';

const A = `0x${'aa'.repeat(20)}`;
const B = `0x${'bb'.repeat(20)}`;
const HASH = `0x${'cd'.repeat(32)}`;

/** A header as a BSC node writes it, with a block number above 2^26 and no base fee surprises. */
const HEADER = `{"baseFeePerGas":"0x0","difficulty":"0x2","extraData":"0xd983","gasLimit":"0x42c1d80","gasUsed":"0x1a2b3c",
 "hash":"${HASH}","miner":"${A}","number":"0x4c4b40f","parentHash":"0x${'12'.repeat(32)}","timestamp":"0x6924e100","size":"0x3e8"}`;

describe('decoding what a BNB node says', () => {
  it('reads a header as published', () => {
    expect(decodeHeader(parseLossless(HEADER))).toEqual({
      height: 80_000_015n,
      hash: HASH,
      parentHash: `0x${'12'.repeat(32)}`,
      seconds: 1_764_024_576n,
      baseFee: 0n,
    });
  });

  it.each([
    ['hex without 0x', '1b1ae4d6e2ef500000'],
    ['a float', '1.5'],
    ['exponent notation', '1e18'],
    ['a decimal number', '1000000000000000000'],
    ['negative', '-0x1'],
    ['empty', ''],
    ['0x alone', '0x'],
    ['leading zeros', '0x01'],
    ['blanks', ' 0x1 '],
    ['above 2^128', `0x1${'0'.repeat(32)}1`],
    ['null', null],
    ['a JSON number', 1],
    ['undefined', undefined],
    ['an object', {}],
  ])('R19: a quantity that is %s is refused, never read as zero', (_, value) => {
    expect(() => quantity(value, 'a balance')).toThrow(expect.objectContaining({ code: 'BAD_ANSWER' }));
  });

  it('R1: a quantity of 128 bits survives to the atom', () => {
    expect(quantity('0xffffffffffffffffffffffffffffffff', 'x')).toBe(2n ** 128n - 1n);
    expect(quantity('0x0', 'x')).toBe(0n);
  });

  it('R1: a JSON number never becomes a float on its way', () => {
    const parsed = parseLossless('{"amount":9007199254740993}') as Record<string, unknown>;
    expect(() => quantity(parsed['amount'], 'an amount')).toThrow('no quantity');
    expect(() => parseLossless('{"a":1,"a":2}')).toThrow(); // two values for one key
  });

  it.each([-1n, 2n ** 128n + 1n, null, 5, '7'])('R19: %s is no amount', (value) => {
    expect(() => amount(value, 'an amount')).toThrow(expect.objectContaining({ code: 'BAD_ANSWER' }));
  });

  it.each([
    ['a time in milliseconds', { timestamp: '0x19ab7a1d000' }],
    ['time zero', { timestamp: '0x0' }],
    ['no hash', { hash: null }],
    ['a short hash', { hash: '0x12' }],
    ['no number', { number: null }],
  ])('R19: a header with %s is refused', (_, change) => {
    const raw = parseLossless(HEADER) as object;
    expect(() => decodeHeader({ ...raw, ...change })).toThrow(expect.objectContaining({ code: 'BAD_ANSWER' }));
  });

  it('R19: no bytes where a contract should answer is an error: there is no contract, not a zero', () => {
    expect(() => credit.shares(A, B).decode('0x')).toThrow('balanceOf');
    expect(() => credit.shares(A, B).decode(null)).toThrow(expect.objectContaining({ code: 'BAD_ANSWER' }));
    expect(() => hub.isPaused().decode(`0x${'00'.repeat(31)}`)).toThrow('isPaused');
    expect(() => hub.isPaused().decode(`0x${'ff'.repeat(32)}`)).not.toThrow(TypeError);
  });

  it('R19: a commission above 100 % is refused, and so is a validator that does not exist', () => {
    const commission = AbiCoder.defaultAbiCoder().encode(['uint64', 'uint64', 'uint64'], [10_001n, 0n, 0n]);
    expect(() => hub.commissionBps(A).decode(commission)).toThrow('above 100 %');
    const nobody = AbiCoder.defaultAbiCoder().encode(['uint256', 'bool', 'uint256'], [0n, false, 0n]);
    expect(() => hub.basicInfo(A).decode(nobody)).toThrow('no such validator');
  });

  it('lists of validators must match in length', () => {
    const raw = HUB.getFunction('getValidators');
    const bytes = new Interface(STAKE_HUB_ABI).encodeFunctionResult(raw ?? '', [[A, B], [A], 2n]);
    expect(() => hub.validators(0n, 10n).decode(bytes)).toThrow('different length');
  });

  it('a moniker is text: no control or direction characters, cut when long, bytes that are no text named so', () => {
    expect(decodeMoniker('Ast\u202eer\u0000<script>')).toBe('Ast er <script>');
    expect(Array.from(decodeMoniker('x'.repeat(10_000))).length).toBe(65);
    expect(decodeMoniker('see https://evil.example/key=1 now')).toBe('see [url] now');
    const bad = AbiCoder.defaultAbiCoder().encode(['tuple(bytes,string,string,string)'], [['0xff', '', '', '']]);
    expect(hub.moniker(A).decode(bad)).toBe('(not text)');
  });

  it('a log that a reorganisation removed is refused', () => {
    const log = {
      address: STAKE_HUB,
      topics: [HASH],
      data: '0x',
      blockNumber: '0x1',
      blockHash: HASH,
      transactionHash: HASH,
      transactionIndex: '0x0',
      logIndex: '0x0',
    };
    expect(decodeLog({ ...log, removed: false }).height).toBe(1n);
    expect(() => decodeLog({ ...log, removed: true })).toThrow('reorganisation');
    expect(() => decodeLog({ ...log, logIndex: null })).toThrow('the index of a log');
  });

  it('a receipt without a status or with another one is refused', () => {
    const receipt = {
      transactionHash: HASH,
      blockNumber: '0x10',
      blockHash: HASH,
      status: '0x1',
      gasUsed: '0x3e8',
      effectiveGasPrice: '0x5f5e100',
      logs: [],
    };
    expect(decodeReceipt(receipt)).toMatchObject({ succeeded: true, feeWei: 100_000_000_000n });
    expect(() => decodeReceipt({ ...receipt, status: null })).toThrow('status');
    expect(() => decodeReceipt({ ...receipt, status: '0x2' })).toThrow('neither 0 nor 1');
  });

  it('an address of our own with a wrong checksum is refused; a right one is written in lower case', () => {
    const checksummed = '0x6B40b8f69FFdc75e5C19D9AD8Ad391C210CA0844';
    expect(() => ownAddress(checksummed, 'the account')).toThrow(expect.objectContaining({ code: 'REFUSED' }));
    expect(ownAddress('0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045', 'x')).toBe(
      '0xd8da6bf26964af9d7eed9e03e53415d37aa96045',
    );
    expect(() => ownAddress('bnb1xyz', 'the account')).toThrow('no address');
  });
});

describe('the fee of a redelegation', () => {
  it.each([0n, 1n, 2n, 49_999n, 50_000n, 50_001n, 99_998n, 10n ** 18n, 123_456_789_012_345_678_901n])(
    'R41: %s wei gross: what arrived leads back to it, to at most one wei',
    (gross) => {
      for (const rate of [0n, 2n, 100n]) {
        const arrived = gross - (gross * rate) / 100_000n;
        const found = beforeFee(arrived, rate);
        expect(found - (found * rate) / 100_000n).toBe(arrived);
        expect(gross - found).toBeGreaterThanOrEqual(0n);
        expect(gross - found).toBeLessThanOrEqual(1n);
      }
    },
  );
});

describe('the queue of exits', () => {
  const holding = {
    operator: A,
    credit: B,
    shares: amount(0n, 's'),
    pooled: amount(0n, 'p'),
    locked: amount(60n, 'l'),
  };
  const request = (value: bigint, unlockSeconds: bigint) => ({ amount: amount(value, 'r'), unlockSeconds });
  const at = { height: 1n, hash: HASH, timeMs: 100_000n };

  it('R41: first in, first out: one that matured behind one that has not is not ready', () => {
    const buckets = bucketsOf(holding, [request(10n, 90n), request(20n, 300n), request(30n, 95n)], at);
    expect(buckets.withdrawable).toBe(10n);
    expect(buckets.exiting).toEqual([
      { amount: 20n, readyAtMs: 300_000n, readyPeriod: null },
      { amount: 30n, readyAtMs: 300_000n, readyPeriod: null },
    ]);
  });

  it('a request that unlocks in this very second is ready', () => {
    expect(bucketsOf(holding, [request(60n, 100n)], at)).toEqual({ withdrawable: 60n, exiting: [] });
  });

  it('R19: a queue that does not sum to what the contract says is refused', () => {
    expect(() => bucketsOf(holding, [request(59n, 1n)], at)).toThrow('the contract says 60');
  });
});

describe('guard', () => {
  it('a credit contract is asked for what its name says', () => {
    expect(credit.locked(A, B).data).toBe(CREDIT.encodeFunctionData('lockedBNBs', [B, 0n]));
  });
});

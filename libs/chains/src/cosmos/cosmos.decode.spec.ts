import { toBech32 } from '@cosmjs/encoding';
import { LosslessNumber } from 'lossless-json';
import {
  QueryDelegationTotalRewardsResponse,
  QueryDelegatorWithdrawAddressResponse,
} from 'cosmjs-types/cosmos/distribution/v1beta1/query';
import { QueryDelegatorDelegationsResponse } from 'cosmjs-types/cosmos/staking/v1beta1/query';
import { Validator } from 'cosmjs-types/cosmos/staking/v1beta1/staking';
import { PubKey } from 'cosmjs-types/cosmos/crypto/ed25519/keys';

import {
  address,
  amountOf,
  decodeEvents,
  decOf,
  digits,
  instantNs,
  ownAddress,
  uatomIn,
  wholeAtoms,
} from './cosmos.decode.js';
import { feeOf, flowsOfBlock, flowsOfTransaction } from './cosmos.flows.js';
import type { Header } from './cosmos.header.js';
import { queries } from './cosmos.queries.js';
import { decodeValidator, tokenizeStatus } from './cosmos.validators.js';

const US = toBech32('cosmos', new Uint8Array(20).fill(7));
const THEM = toBech32('cosmos', new Uint8Array(20).fill(8));
const ONE = toBech32('cosmosvaloper', new Uint8Array(20).fill(1));
const TWO = toBech32('cosmosvaloper', new Uint8Array(20).fill(2));
const bad = (work: () => unknown): void => expect(work).toThrow(expect.objectContaining({ code: 'BAD_ANSWER' }));

describe('numbers of the Cosmos Hub', () => {
  it('R1: a Dec carries 18 implied decimals; 117,283,865 uatom are not 10^18 times as many', () => {
    expect(wholeAtoms(decOf('117283865000000000000000000', 'a reward'))).toBe(117_283_865n);
    expect(wholeAtoms(decOf('999999999999999999', 'a reward'))).toBe(0n);
    expect(amountOf('340282366920938463463374607431768211455', 'x')).toBe(340282366920938463463374607431768211455n);
  });

  it.each(['', '-1', '1.5', '1e9', ' 1', '0x10', 'NaN'])('R19: %p is no amount and no decimal', (text) => {
    bad(() => amountOf(text, 'x'));
    bad(() => decOf(text, 'x'));
    bad(() => digits(text, 'x'));
  });

  it('R1: numbers of JSON arrive as their text', () => {
    expect(digits(new LosslessNumber('9007199254740993'), 'x')).toBe(9_007_199_254_740_993n);
    bad(() => digits(9_007_199_254_740_993, 'x'));
  });

  it('R13: of several coins ours alone counts', () => {
    expect(uatomIn('5ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2,12uatom', 'x')).toBe(12n);
    expect(uatomIn('5stake', 'x')).toBe(0n);
    expect(uatomIn('', 'x')).toBe(0n);
    bad(() => uatomIn('12 uatom', 'x'));
    bad(() => uatomIn('uatom', 'x'));
  });

  it('R2: block times have nanoseconds, and no more than nine', () => {
    expect(instantNs('2026-11-10T23:59:59.999999999Z', 't')).toBe(1_794_355_199_999_999_999n);
    expect(instantNs('2026-11-10T23:59:59Z', 't') % 1_000_000_000n).toBe(0n);
    bad(() => instantNs('2026-11-10T23:59:59.9999999991Z', 't'));
    bad(() => instantNs('2026-13-10T23:59:59Z', 't'));
  });

  it('R39: an address of another chain, kind or with a typing error is refused', () => {
    expect(ownAddress(US, 'cosmos', 'x')).toBe(US);
    const last = US.endsWith('q') ? 'p' : 'q';
    for (const wrong of [
      ONE,
      US.toUpperCase(),
      `${US.slice(0, -1)}${last}`,
      '',
      toBech32('osmo', new Uint8Array(20)),
    ]) {
      expect(() => ownAddress(wrong, 'cosmos', 'x')).toThrow(expect.objectContaining({ code: 'REFUSED' }));
      bad(() => address(wrong, 'cosmos', 'x'));
    }
  });
});

describe('answers of queries', () => {
  it('R13: pending rewards are read per validator; foreign coins are no reward', () => {
    const bytes = QueryDelegationTotalRewardsResponse.encode({
      rewards: [
        {
          validatorAddress: ONE,
          reward: [
            { denom: 'ibc/X', amount: '9' },
            { denom: 'uatom', amount: '1500000000000000000' },
          ],
        },
        { validatorAddress: TWO, reward: [] },
      ],
      total: [],
    }).finish();
    expect(queries.rewards(US).decode(bytes)).toEqual(
      new Map([
        [ONE, 1_500_000_000_000_000_000n],
        [TWO, 0n],
      ]),
    );
  });

  it('R19: an empty answer is no empty list, and bytes of something else are no answer', () => {
    bad(() => queries.delegations(US).decode(new Uint8Array()));
    bad(() => queries.validators().decode(new Uint8Array()));
    bad(() => queries.balance(US).decode(new Uint8Array()));
    bad(() => queries.stakingParams().decode(new Uint8Array()));
    bad(() => queries.gasPrice().decode(new Uint8Array()));
    bad(() => queries.account(US).decode(Uint8Array.from([0xff, 0xff, 0xff])));
    const empty = QueryDelegatorDelegationsResponse.fromPartial({ pagination: {} });
    expect(queries.delegations(US).decode(QueryDelegatorDelegationsResponse.encode(empty).finish()).items).toEqual([]);
  });

  it('R39: a withdraw address that is none is not taken for a change', () => {
    const bytes = QueryDelegatorWithdrawAddressResponse.encode({ withdrawAddress: 'nobody' }).finish();
    bad(() => queries.withdrawAddress(US).decode(bytes));
    expect(tokenizeStatus('TOKENIZE_SHARE_LOCK_STATUS_LOCK_EXPIRING')).toBe('lock_expiring');
    bad(() => tokenizeStatus('PERHAPS'));
  });

  it('a validator: commission never shown too low, a stranger’s name as text, consensus address from its key', () => {
    const raw = Validator.fromPartial({
      operatorAddress: ONE,
      consensusPubkey: { typeUrl: PubKey.typeUrl, value: PubKey.encode({ key: new Uint8Array(32).fill(3) }).finish() },
      tokens: '12345',
      status: 3,
      commission: { commissionRates: { rate: '33333333333333333', maxRate: '1', maxChangeRate: '1' } },
      description: { moniker: `\u202e${'x'.repeat(100)}<b>` },
    });
    const { state, consensusAddress } = decodeValidator(raw, new Map());
    expect(state).toMatchObject({ commissionBps: 334n, health: 'active', earning: true, totalStake: 12_345n });
    expect(state.moniker).toHaveLength(71);
    expect(consensusAddress.startsWith('cosmosvalcons1')).toBe(true);
    expect(decodeValidator({ ...raw, jailed: true }, new Map()).state).toMatchObject({
      health: 'jailed',
      earning: false,
    });
    bad(() => decodeValidator({ ...raw, tokens: '' }, new Map()));
  });
});

describe('events', () => {
  const block = { height: 9n, timeNs: 1_000_000_000_000n, hash: 'B', lastHash: 'A', chainId: 'c' } satisfies Header;
  const event = (type: string, attributes: Record<string, string>): unknown => ({
    type,
    attributes: Object.entries(attributes).map(([key, value]) => ({ key, value, index: true })),
  });
  const tx = (events: readonly unknown[], code = 0n) => ({
    hash: 'F'.repeat(64),
    height: 9n,
    index: 0n,
    code,
    codespace: '',
    log: '',
    events: decodeEvents(events),
  });
  const redelegated = event('redelegate', {
    source_validator: ONE,
    destination_validator: TWO,
    amount: '40uatom',
    completion_time: '2026-12-01T00:00:00Z',
  });

  it('R41: one redelegation is a withdrawal, a leg out and a leg in; the fee is told once', () => {
    const found = flowsOfTransaction(
      tx([
        event('tx', { fee: '700uatom', fee_payer: US }),
        event('withdraw_rewards', { amount: '3uatom', validator: ONE, delegator: US }),
        event('withdraw_rewards', { amount: '0uatom', validator: TWO, delegator: US }),
        redelegated,
      ]),
      block,
      US,
      true,
    );
    expect(found.map(({ kind, amount, activeChange, feeAtoms }) => [kind, amount, activeChange, feeAtoms])).toEqual([
      ['withdraw-reward', -3n, 0n, 700n],
      ['redelegate-out', -40n, -40n, 0n],
      ['redelegate-in', 40n, 40n, 0n],
    ]);
    expect(new Set(found.map((one) => one.key)).size).toBe(3);
  });

  it('R13: strangers’ events, failed transactions and fees that others paid are not ours', () => {
    const theirs = event('delegate', { validator: ONE, delegator: THEM, amount: '9uatom', new_shares: '9.0' });
    expect(flowsOfTransaction(tx([theirs, redelegated]), block, US, false)).toEqual([]);
    expect(flowsOfTransaction(tx([redelegated], 5n), block, US, true)).toEqual([]);
    expect(feeOf(tx([event('tx', { fee: '9uatom', fee_payer: THEM })]), US)).toBe(0n);
  });

  it('R41: a matured exit is found in the block; one of nothing moves nothing', () => {
    const matured = event('complete_unbonding', { amount: '30uatom', validator: ONE, delegator: US });
    const nothing = event('complete_unbonding', { amount: '', validator: TWO, delegator: US });
    expect(flowsOfBlock(decodeEvents([matured, nothing]), block, US)).toMatchObject([
      { kind: 'claim', amount: -30n, activeChange: 0n, key: 'atom:block:9:0:matured', txid: 'B' },
    ]);
  });

  it('R19: events that are no list, or have no name, are an answer that cannot be used', () => {
    expect(decodeEvents(null)).toEqual([]);
    bad(() => decodeEvents('none'));
    bad(() => decodeEvents([{ attributes: [] }]));
    const nameless = event('delegate', { delegator: US, amount: '9uatom' });
    bad(() => flowsOfTransaction(tx([nameless]), block, US, true));
  });
});

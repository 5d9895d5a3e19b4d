import { atoms } from '@app/staking-core';
import { Transaction, Wallet, id, type TransactionLike } from 'ethers';

import type { StakeIntent, UnsignedTransaction } from '../chain-adapter.js';
import { HUB, STAKE_HUB } from './bnb.abi.js';
import { BnbDevSigner } from './bnb-dev-signer.js';

const KEY = id('a key for this test only');
const ACCOUNT = new Wallet(KEY).address.toLowerCase();
const VALIDATOR = `0x${'11'.repeat(20)}`;
const OTHER = `0x${'22'.repeat(20)}`;
const AMOUNT = 5n * 10n ** 18n;
const DELEGATE: StakeIntent = { kind: 'delegate', validator: VALIDATOR, amount: atoms(AMOUNT) };

const good: TransactionLike = {
  type: 2,
  chainId: 56n,
  nonce: 7,
  to: STAKE_HUB,
  data: HUB.encodeFunctionData('delegate', [VALIDATOR, false]),
  value: AMOUNT,
  gasLimit: 500_000n,
  maxFeePerGas: 10n ** 8n,
  maxPriorityFeePerGas: 10n ** 8n,
};

function unsigned(change: Partial<TransactionLike> = {}, intent: StakeIntent = DELEGATE): UnsignedTransaction {
  const { unsignedSerialized, unsignedHash } = Transaction.from({ ...good, ...change });
  const step = { operationId: 'op', index: 0, intent };
  return { step, lane: { account: ACCOUNT, number: 7n }, bytes: unsignedSerialized, digest: unsignedHash };
}

describe('the development signer of BNB', () => {
  const signer = new BnbDevSigner(KEY, 56n);

  it('R39: signs what it can explain, and knows the hash before anyone has seen the bytes', async () => {
    const signed = await signer.sign(unsigned());
    const parsed = Transaction.from(signed.bytes);
    expect(parsed.from?.toLowerCase()).toBe(ACCOUNT);
    expect(parsed.hash).toBe(signed.txid);
    expect(signed.expiresAtHeight).toBeNull();
    expect(await signer.sign(unsigned())).toEqual(signed);
  });

  const undelegate = HUB.encodeFunctionData('undelegate', [VALIDATOR, 9n]);
  it.each<[string, UnsignedTransaction]>([
    ['another chain', unsigned({ chainId: 97n })],
    ['another nonce than the lane', unsigned({ nonce: 8 })],
    ['another target', unsigned({ to: OTHER })],
    ['no target', unsigned({ to: null, data: '0x' })],
    ['another amount', unsigned({ value: AMOUNT + 1n })],
    ['another validator', unsigned({ data: HUB.encodeFunctionData('delegate', [OTHER, false]) })],
    ['voting power given away', unsigned({ data: HUB.encodeFunctionData('delegate', [VALIDATOR, true]) })],
    ['another call than the intent', unsigned({ data: undelegate, value: 0n })],
    ['something hidden behind the arguments', unsigned({ data: `${String(good.data)}00ff` })],
    ['a plain transfer', unsigned({ data: '0x' })],
    ['money sent along with an undelegation', unsigned({ data: undelegate }, { ...DELEGATE, kind: 'undelegate' })],
    ['an absurd fee', unsigned({ maxFeePerGas: 10n ** 15n })],
    ['a legacy transaction', unsigned({ type: 0, maxFeePerGas: null, maxPriorityFeePerGas: null, gasPrice: 1n })],
    ['an access list', unsigned({ accessList: [{ address: OTHER, storageKeys: [] }] })],
    ['another digest', { ...unsigned(), digest: `0x${'00'.repeat(32)}` }],
    ['bytes that are none', { ...unsigned(), bytes: '0x1234' }],
    ["somebody else's lane", { ...unsigned(), lane: { account: OTHER, number: 7n } }],
    ['no nonce in the lane', { ...unsigned(), lane: { account: ACCOUNT, number: null } }],
  ])('R39: refuses %s', async (_, bad) => {
    await expect(signer.sign(bad)).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('not signed'),
    });
  });

  it('R39: refuses bytes that are signed already', async () => {
    const { bytes } = await signer.sign(unsigned());
    await expect(signer.sign({ ...unsigned(), bytes })).rejects.toMatchObject({ code: 'REFUSED' });
  });

  it('a key never appears in an error or in a printed signer', () => {
    expect(() => new BnbDevSigner(`${KEY}00`, 56n)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(KEY) }),
    );
    expect(JSON.stringify(signer, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v))).not.toContain(
      KEY.slice(2),
    );
  });
});

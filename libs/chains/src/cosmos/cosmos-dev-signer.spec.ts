import { toBech32 } from '@cosmjs/encoding';
import { atoms } from '@app/staking-core';

import type { StakeIntent, UnsignedTransaction } from '../chain-adapter.js';
import { CosmosDevSigner } from './cosmos-dev-signer.js';
import { digestOf, messageOf, signDocBytes, signDocOf, txidOf, type TransactionParts } from './cosmos.messages.js';
import { PubKey } from 'cosmjs-types/cosmos/crypto/secp256k1/keys';

const KEY = '11'.repeat(32);
const CHAIN = 'cosmoshub-4';
const ONE = toBech32('cosmosvaloper', new Uint8Array(20).fill(1));
const TWO = toBech32('cosmosvaloper', new Uint8Array(20).fill(2));

const LOCK = { kind: 'lock-shares' } as const;
const UNLOCK = '/gaia.liquid.v1beta1.MsgEnableTokenizeShares';

describe('the development signer of the Cosmos Hub', () => {
  const signer = new CosmosDevSigner(`0x${KEY}`, CHAIN);
  const intent: StakeIntent = { kind: 'delegate', validator: ONE, amount: atoms(1_000n) };
  const unsigned = (change: Partial<TransactionParts> = {}, said: StakeIntent = intent): UnsignedTransaction => {
    const key = PubKey.encode({ key: Buffer.from(signer.publicKey, 'hex') }).finish();
    const bytes = signDocBytes(
      signDocOf({
        message: messageOf(intent, signer.account),
        memo: 'op/0',
        timeoutHeight: 500n,
        publicKey: { typeUrl: PubKey.typeUrl, value: key },
        sequence: 3n,
        accountNumber: 9n,
        chainId: CHAIN,
        gasLimit: 300_000n,
        feeUatom: 2_000n,
        ...change,
      }),
    );
    return {
      step: { operationId: 'op', index: 0, intent: said },
      lane: { account: signer.account, number: 3n },
      bytes: Buffer.from(bytes).toString('hex'),
      digest: digestOf(bytes),
    };
  };

  it('R40: signs the same bytes to the same transaction, whose id is their hash, with a last height', async () => {
    const signed = await signer.sign(unsigned());
    expect(await signer.sign(unsigned())).toEqual(signed);
    expect(signed.txid).toBe(txidOf(Buffer.from(signed.bytes, 'hex')));
    expect(signed.expiresAtHeight).toBe(500n);
  });

  it('R39: a lock of our shares is signed, for our own account', async () => {
    const given = unsigned({ message: messageOf(LOCK, signer.account) }, LOCK);
    expect((await signer.sign(given)).txid).toMatch(/^[0-9A-F]{64}$/);
  });

  it.each([
    ['another chain', unsigned({ chainId: 'theta-testnet-001' })],
    ['another memo', unsigned({ memo: 'op/1' })],
    ['another sequence', unsigned({ sequence: 4n })],
    ['no last height', unsigned({ timeoutHeight: 0n })],
    ['an absurd fee', unsigned({ feeUatom: 6_000_000n })],
    ['another validator', unsigned({}, { ...intent, validator: TWO } as StakeIntent)],
    ['another amount', unsigned({}, { ...intent, amount: atoms(1_001n) } as StakeIntent)],
    ['another kind', unsigned({}, { kind: 'undelegate', validator: ONE, amount: atoms(1_000n) })],
    ['another message', unsigned({ message: { typeUrl: '/cosmos.bank.v1beta1.MsgSend', value: new Uint8Array() } })],
    ['a delegation for a lock', unsigned({}, LOCK)],
    ['a lock for a delegation', unsigned({ message: messageOf(LOCK, signer.account) })],
    ['the lock of somebody else', unsigned({ message: messageOf(LOCK, 'cosmos1stranger') }, LOCK)],
    ['an unlocking', unsigned({ message: { ...messageOf(LOCK, signer.account), typeUrl: UNLOCK } }, LOCK)],
    ['bytes that say more', { ...unsigned(), bytes: `${unsigned().bytes}2800` }],
    ['no bytes', { ...unsigned(), bytes: '' }],
  ])('R39: %s is not signed', async (_, given) => {
    const digest = digestOf(Buffer.from(given.bytes, 'hex'));
    await expect(signer.sign({ ...given, digest })).rejects.toMatchObject({ code: 'REFUSED' });
  });

  it('R39: a key that is none says so, and does not say itself', () => {
    const open = (): unknown => new CosmosDevSigner('22'.repeat(31), CHAIN);
    expect(open).toThrow('no private key');
    expect(open).not.toThrow('2222');
  });
});

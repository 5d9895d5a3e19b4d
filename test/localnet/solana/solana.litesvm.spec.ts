import { finalNow, patience } from '@app/chains/testing';
import { atoms } from '@app/staking-core';
import { Account, LiteSVM } from 'litesvm';

import { devKey, epochOf, LAMPORTS_PER_SOL } from '../../../devnet/chains/solana/index.js';
import { decodeStakeAccount } from '../../../libs/chains/src/solana/solana.decode.js';
import { decodeBase58, encodeBase58 } from '../../../libs/chains/src/solana/solana.base58.js';
import { UNIT_LIMIT } from '../../../libs/chains/src/solana/solana.build.js';
import { STAKE_PROGRAM } from '../../../libs/chains/src/solana/solana.instructions.js';
import { makeSolanaHarness, type SolanaHarness } from './solana-harness.js';

jest.setTimeout(120_000);

const SOL = LAMPORTS_PER_SOL;
const STAKE_HISTORY = 'SysvarStakeHistory1111111111111111111111111';

/** The methods of LiteSVM that take bytes; the package's own front takes objects of another library. */
interface RawSvm {
  setSigverify(on: boolean): void;
  setBlockhashCheck(on: boolean): void;
  setAccount(address: Uint8Array, account: Account): void;
  getAccount(address: Uint8Array): Account | null;
  getBalance(address: Uint8Array): bigint | null;
  sendLegacyTransaction(bytes: Uint8Array): object;
}

/**
 * The local chain's Bank runs the stake program of 2024; LiteSVM brings the one of today (a BPF program, other vote
 * accounts). Every transaction of ours is given to it in the very state in which the Bank took it: it must take it too,
 * and leave the same stake behind.
 */
describe('a second opinion: the stake program of today on the bytes that the adapter makes', () => {
  let harness: SolanaHarness;
  beforeAll(async () => {
    harness = await makeSolanaHarness({ bare: true });
  });
  afterAll(() => harness.close());

  it('R40: takes every kind of our transactions, with the same effect', async () => {
    const [one] = harness.validators;
    const delegate = (id: string, sol: bigint): Promise<number> =>
      harness.carryOut(id, { kind: 'delegate', validator: one, amount: atoms(sol * SOL + 7n) });
    await delegate('svm-1', 100n);
    await delegate('svm-2', 200n);
    await harness.advancePeriod();
    await harness.advancePeriod();
    await harness.carryOut('svm-part', { kind: 'undelegate', validator: one, amount: atoms(30n * SOL) });
    await harness.carryOut('svm-merge', { kind: 'undelegate', validator: one, amount: atoms(250n * SOL) });
    await harness.advancePeriod();
    await harness.carryOut('svm-claim', { kind: 'claim', validator: one });

    const { ledger } = harness.running.chain;
    const ours = ledger
      .transactionsOf(harness.signer.account)
      .filter((each) => each.addresses[0] === harness.signer.account);
    expect(ours).toHaveLength(5);
    for (const transaction of ours) {
      const svm = inStateBefore(harness, transaction);
      const outcome = svm.sendLegacyTransaction(transaction.bytes) as { computeUnitsConsumed?: () => bigint };
      if (outcome.computeUnitsConsumed === undefined) throw new Error(`today's program refuses: ${String(outcome)}`);
      expect(outcome.computeUnitsConsumed()).toBeLessThan(BigInt(UNIT_LIMIT));
      for (const address of transaction.addresses) {
        const bank = ledger.accountAt(address, transaction.slot) ?? null;
        if (bank === null || encodeBase58(bank.owner) !== STAKE_PROGRAM) continue;
        const account = svm.getAccount(decodeBase58(address));
        if (account === null) throw new Error(`${address} is missing`);
        const owner = encodeBase58(account.owner());
        expect(decodeStakeAccount({ owner, lamports: account.lamports(), data: Buffer.from(account.data()) })).toEqual(
          decodeStakeAccount({ owner: STAKE_PROGRAM, lamports: bank.lamports, data: bank.data }),
        );
      }
    }
  });

  it('R39: refuses a withdrawal by the hot key, as the Bank does', async () => {
    const adapter = harness.openWith({ withdrawer: harness.signer.account });
    const at = await finalNow(adapter);
    const [one] = harness.validators;
    const step = { operationId: 'svm-hot', index: 0, intent: { kind: 'claim', validator: one } } as const;
    await harness.carryOut('svm-again', { kind: 'undelegate', validator: one, amount: atoms(5n * SOL) });
    await harness.advancePeriod();
    const now = await finalNow(adapter);
    const lane = await adapter.nextLane(harness.signer.account, now, patience());
    expect(now.height).toBeGreaterThan(at.height);
    await expect(adapter.build(step, lane, now, patience())).rejects.toMatchObject({ code: 'REFUSED' });
    await adapter.close();
  });
});

/** A LiteSVM with the clock, the stake history and the accounts as they were just before the transaction. */
function inStateBefore(
  harness: SolanaHarness,
  transaction: { readonly slot: bigint; readonly addresses: readonly string[] },
): RawSvm {
  const { ledger } = harness.running.chain;
  const svm = new LiteSVM();
  const raw = (svm as unknown as { inner: RawSvm }).inner;
  raw.setSigverify(true);
  raw.setBlockhashCheck(false); // its blockhashes are its own
  const clock = svm.getClock();
  clock.slot = transaction.slot;
  clock.epoch = epochOf(transaction.slot);
  clock.leaderScheduleEpoch = clock.epoch + 1n;
  clock.unixTimestamp = ledger.blockTime(transaction.slot);
  svm.setClock(clock);
  const votes = harness.running.chain.validators.map((_, i) => devKey(`vote-${i}`).publicKey.toBase58());
  for (const address of [...transaction.addresses, ...votes, STAKE_HISTORY]) {
    const account = ledger.accountAt(address, transaction.slot - 1n);
    if (account == null) continue;
    raw.setAccount(decodeBase58(address), new Account(account.lamports, account.data, account.owner, false, 0n));
  }
  return raw;
}

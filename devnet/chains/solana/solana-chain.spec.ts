import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { Authorized, Connection, Keypair, PublicKey, StakeProgram, SystemProgram, Transaction } from '@solana/web3.js';

import { devKey, firstSlotOf, LAMPORTS_PER_SOL, startSolanaChain, type RunningSolanaChain } from './index.js';

/** 2026-11-10T20:00:00Z */
const GENESIS = 1_794_340_800;
const DAY_MS = 86_400_000;

jest.setTimeout(60_000);

describe('the local Solana chain', () => {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'solana-chain-'));
  let running: RunningSolanaChain;
  let connection: Connection;
  const start = async (): Promise<void> => {
    running = await startSolanaChain({ stateDir, genesisTime: GENESIS });
    connection = new Connection(running.url, 'finalized');
  };
  const treasury = devKey('treasury');
  const withdrawer = devKey('withdrawer');
  const seed = 'a-stake-account-of-the-spec';
  let stake: PublicKey;

  beforeAll(async () => {
    await start();
    stake = await PublicKey.createWithSeed(treasury.publicKey, seed, StakeProgram.programId);
  });
  afterAll(async () => {
    await running.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  async function send(transaction: Transaction, ...signers: Keypair[]): Promise<string> {
    transaction.recentBlockhash = (await connection.getLatestBlockhash()).blockhash;
    transaction.feePayer = treasury.publicKey;
    transaction.sign(treasury, ...signers);
    const txid = await connection.sendRawTransaction(transaction.serialize());
    await running.includePending();
    return txid;
  }

  it('answers the unmodified Connection', async () => {
    await running.fundTreasury(5_000n * LAMPORTS_PER_SOL);
    expect(await connection.getBalance(treasury.publicKey)).toBe(5_000 * 1e9);
    expect(await connection.getGenesisHash()).toBe(running.identity.genesisHash);
    const info = await connection.getEpochInfo();
    expect(info).toMatchObject({ epoch: 14, slotsInEpoch: 432_000 });
    const schedule = await connection.getEpochSchedule();
    expect(schedule.getFirstSlotInEpoch(15)).toBe(Number(firstSlotOf(15n)));
    const slot = await connection.getSlot('finalized');
    expect(slot).toBeLessThan(await connection.getSlot('processed'));
    const block = await connection.getBlock(slot, { transactionDetails: 'none', maxSupportedTransactionVersion: 0 });
    expect(block?.blockTime).toBe(await connection.getBlockTime(slot));
    expect((await connection.getVoteAccounts()).current).toHaveLength(4);
    expect((await connection.getStakeMinimumDelegation()).value).toBe(1_000_000_000);
  });

  it('runs the real stake program, epochs pay what the Bank pays, and stake can leave', async () => {
    const lamports = 1_234_567_891_234;
    const rent = await connection.getMinimumBalanceForRentExemption(StakeProgram.space);
    const votePubkey = new PublicKey(running.validators[0] ?? '');
    const create = StakeProgram.createAccountWithSeed({
      fromPubkey: treasury.publicKey,
      stakePubkey: stake,
      basePubkey: treasury.publicKey,
      seed,
      authorized: new Authorized(treasury.publicKey, withdrawer.publicKey),
      lamports: lamports + rent,
    });
    const delegate = StakeProgram.delegate({ stakePubkey: stake, authorizedPubkey: treasury.publicKey, votePubkey });
    const txid = await send(new Transaction().add(create, delegate));
    const seen = await connection.getTransaction(txid, { maxSupportedTransactionVersion: 0 });
    expect(seen?.meta).toMatchObject({ err: null, fee: 5_000 });
    expect(await connection.getSignaturesForAddress(stake)).toMatchObject([{ signature: txid, err: null }]);

    await running.advanceTo(GENESIS * 1000 + 5 * DAY_MS);
    const [none] = await connection.getInflationReward([stake], 14);
    const [paid] = await connection.getInflationReward([stake], 15);
    expect(none).toBeNull();
    expect(paid).toMatchObject({ epoch: 15, commission: 5, postBalance: lamports + rent + (paid?.amount ?? 0) });
    // About 7 % a year less commission, for 2.025 days.
    expect((paid?.amount ?? 0) / lamports).toBeGreaterThan(0.0003);
    expect((paid?.amount ?? 0) / lamports).toBeLessThan(0.00045);

    const early = StakeProgram.withdraw({
      stakePubkey: stake,
      authorizedPubkey: withdrawer.publicKey,
      toPubkey: treasury.publicKey,
      lamports,
    });
    await expect(send(early, withdrawer)).rejects.toThrow(/simulation failed/i);
    await send(StakeProgram.deactivate({ stakePubkey: stake, authorizedPubkey: treasury.publicKey }));
    await running.advanceTo(GENESIS * 1000 + 8 * DAY_MS);
    const all = await connection.getBalance(stake);
    const withdraw = StakeProgram.withdraw({
      stakePubkey: stake,
      authorizedPubkey: withdrawer.publicKey,
      toPubkey: treasury.publicKey,
      lamports: all,
    });
    await send(withdraw, withdrawer);
    expect(await connection.getAccountInfo(stake)).toBeNull();
  });

  it('refuses a wrong signature, an old blockhash and the same bytes twice', async () => {
    const transferOf = (lamports: number): Transaction => {
      const one = new Transaction();
      one.feePayer = treasury.publicKey;
      const transfer = { fromPubkey: treasury.publicKey, toPubkey: withdrawer.publicKey, lamports };
      return one.add(SystemProgram.transfer(transfer));
    };
    const old = transferOf(1_000_001);
    old.recentBlockhash = (await connection.getLatestBlockhash()).blockhash;
    old.sign(treasury);
    const forged = Buffer.from(old.serialize());
    forged[5] = (forged[5] ?? 0) ^ 1;
    await expect(connection.sendRawTransaction(forged)).rejects.toThrow(/signature verification/i);
    const once = transferOf(1_000_000);
    const txid = await send(once);
    await expect(connection.sendRawTransaction(once.serialize())).rejects.toThrow(/already been processed/i);
    expect((await connection.getSignatureStatuses([txid])).value[0]?.confirmationStatus).toBe('finalized');
    await running.chain.passSlots(400n);
    await expect(connection.sendRawTransaction(old.serialize())).rejects.toThrow(/blockhash not found/i);
  });

  it('a day passes in well under a second', async () => {
    const startedAt = performance.now();
    const at = Number(running.chain.headMs);
    for (let day = 1; day <= 10; day += 1) await running.advanceTo(at + day * DAY_MS);
    expect((performance.now() - startedAt) / 10).toBeLessThan(1_000);
    expect(Number(running.chain.headMs)).toBeGreaterThan(at + 10 * DAY_MS - 2_000);
  });

  it('comes back the same after a kill, of the Bank and of everything', async () => {
    const slot = await connection.getSlot('processed');
    const hash = running.chain.ledger.blockhash(BigInt(slot));
    const before = await connection.getSignaturesForAddress(treasury.publicKey);
    process.kill(running.chain.bankPid ?? 0, 'SIGKILL');
    await send(
      new Transaction().add(
        SystemProgram.transfer({ fromPubkey: treasury.publicKey, toPubkey: withdrawer.publicKey, lamports: 1 }),
      ),
    );
    await running.stop();
    await start();
    expect(running.chain.ledger.blockhash(BigInt(slot))).toBe(hash);
    const after = await connection.getSignaturesForAddress(treasury.publicKey);
    expect(after.slice(1)).toEqual(before);
    expect(await connection.getBalance(withdrawer.publicKey)).toBe(1_000_001);
  });

  it('a kill in the middle of a write leaves half a line, which nobody has seen', async () => {
    const head = running.chain.ledger.headSlot;
    await running.stop();
    appendFileSync(path.join(stateDir, 'events.jsonl'), '{"event":{"t":"head","slo');
    await start();
    expect(running.chain.ledger.headSlot).toBe(head);
    await running.chain.passSlots(10n);
    await running.stop();
    await start();
    expect(running.chain.ledger.headSlot).toBeGreaterThan(head);
  });
});

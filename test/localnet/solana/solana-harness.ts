import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { finalNow, patience, type AdapterHarness, type ProxiedCall } from '@app/chains/testing';
import { atoms } from '@app/staking-core';
import { Authorized, Keypair, PublicKey, StakeProgram, Transaction } from '@solana/web3.js';

import {
  devKey,
  FINAL_LAG,
  fund,
  LAMPORTS_PER_SOL,
  startSolanaChain,
  type RunningSolanaChain,
} from '../../../devnet/chains/solana/index.js';
import { derivedStake } from '../../../libs/chains/src/solana/solana.build.js';
import { SolanaDevSigner } from '../../../libs/chains/src/solana/solana-dev-signer.js';
import { SolanaAdapter } from '../../../libs/chains/src/solana/solana.adapter.js';
import type { SolanaOptions } from '../../../libs/chains/src/solana/solana.options.js';

/** 2026-11-10T20:00:00Z */
const GENESIS = 1_794_340_800;
const RENT = 2_282_880n;

export interface SolanaHarness extends AdapterHarness {
  readonly running: RunningSolanaChain;
  openWith(options: Partial<SolanaOptions>): SolanaAdapter;
  /** Plans, signs and sends all steps of an intent, one after the other, each to its verified effect. */
  carryOut(operationId: string, intent: Parameters<SolanaAdapter['plan']>[1]): Promise<number>;
  /** Signs and takes in a transaction of anybody's. */
  act(transaction: Transaction, ...signers: readonly Keypair[]): Promise<string>;
}

/**
 * A local Solana chain of its own in a temporary folder. Stake takes an epoch to warm up, so unless `bare`, the account
 * under test has stake with both validators that earns already.
 */
export async function makeSolanaHarness(options: { readonly bare?: boolean } = {}): Promise<SolanaHarness> {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'solana-adapter-'));
  const running = await startSolanaChain({ stateDir, genesisTime: GENESIS });
  const { chain, treasury, identity } = running;
  await running.fundTreasury(300_000n * LAMPORTS_PER_SOL);
  fund(chain, devKey('stranger').publicKey.toBase58(), 50_000n * LAMPORTS_PER_SOL);
  fund(chain, devKey('tips').publicKey.toBase58(), 1_000n * LAMPORTS_PER_SOL);
  await running.includePending();
  const [first, second] = running.validators;
  if (first === undefined || second === undefined) throw new Error('the local chain has too few validators');
  const openWith = (more: Partial<SolanaOptions>): SolanaAdapter =>
    new SolanaAdapter({
      urls: [running.url],
      genesisHash: identity.genesisHash,
      withdrawer: treasury.withdrawer,
      maxAnswerBytes: 2 * 1024 * 1024,
      ...more,
    });
  const signer = new SolanaDevSigner(treasury.devKey, treasury.withdrawerDevKey);
  const act = async (transaction: Transaction, ...signers: readonly Keypair[]): Promise<string> => {
    const [payer] = signers;
    if (payer === undefined) throw new Error('somebody has to pay');
    transaction.feePayer = payer.publicKey;
    transaction.recentBlockhash = chain.ledger.blockhash(chain.finalSlot);
    transaction.sign(...signers);
    const txid = chain.submit(transaction.serialize());
    await chain.include();
    if (chain.ledger.transaction(txid)?.error !== null) throw new Error(`${txid} failed`);
    return txid;
  };
  const carryOut: SolanaHarness['carryOut'] = async (operationId, intent) => {
    const adapter = openWith({});
    const at = await finalNow(adapter);
    const [parameters, validators, positions] = await Promise.all([
      adapter.parametersAt(at, patience()),
      adapter.validatorsAt(at, patience()),
      adapter.positionsAt(at, signer.account, patience()),
    ]);
    const steps = adapter.plan(operationId, intent, { parameters, validators, positions });
    for (const step of steps) {
      const now = await finalNow(adapter);
      const lane = await adapter.nextLane(signer.account, now, patience());
      const signed = await signer.sign(await adapter.build(step, lane, now, patience()));
      expect(await adapter.broadcast(signed, patience())).toEqual({ kind: 'accepted' });
      await running.includePending();
      expect(adapter.verifyEffect(step, await adapter.locate(signed, patience()))).toEqual({ kind: 'verified' });
    }
    await adapter.close();
    return steps.length;
  };
  let traffic = 0;
  const harness: SolanaHarness = {
    running,
    openWith,
    carryOut,
    act,
    url: running.url,
    open: (urls, more = {}) => openWith({ urls, ...more }),
    signer,
    validators: [first, second],
    amounts: [1_234n * LAMPORTS_PER_SOL + 567_891_233n, 17n * LAMPORTS_PER_SOL + 1n],
    anyFinalBlockIsACut: false,
    advancePeriod: async () => {
      await chain.nextEpoch();
      await chain.passSlots(2n * FINAL_LAG);
    },
    include: () => chain.include(),
    finalize: () => chain.passSlots(2n * FINAL_LAG),
    foreignTraffic: async () => {
      traffic += 1;
      await act(
        strangersStake(`traffic-${traffic}`, 10 + traffic, traffic % 2 === 0 ? first : second),
        devKey('stranger'),
      );
    },
    jail: null, // a validator that does not vote is delinquent: solana.days.spec.ts
    reorg: null, // what is final stays, and what is not is never acted upon
    stallFinality: async () => chain.holdFinality(true),
    resumeFinality: async () => chain.holdFinality(false),
    faults: faultsOf(running),
    close: async () => {
      await running.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
  if (options.bare !== true) {
    for (const [i, validator] of harness.validators.entries()) {
      const amount = atoms(BigInt(500 + i) * LAMPORTS_PER_SOL);
      await carryOut(`earlier-${i}`, { kind: 'delegate', validator, amount });
    }
    await harness.advancePeriod();
  }
  return harness;
}

/** A stranger's stake account, made and delegated. */
export function strangersStake(seed: string, sol: number, validator: string): Transaction {
  const stranger = devKey('stranger').publicKey;
  const stakePubkey = new PublicKey(derivedStake(stranger.toBase58(), seed));
  const create = StakeProgram.createAccountWithSeed({
    fromPubkey: stranger,
    stakePubkey,
    basePubkey: stranger,
    seed,
    authorized: new Authorized(stranger, stranger),
    lamports: Number(BigInt(sol) * LAMPORTS_PER_SOL + RENT),
  });
  const votePubkey = new PublicKey(validator);
  return new Transaction().add(create, StakeProgram.delegate({ stakePubkey, authorizedPubkey: stranger, votePubkey }));
}

function faultsOf({ chain }: RunningSolanaChain): AdapterHarness['faults'] {
  return {
    freeze: async () => {
      const standstill = Number(chain.finalSlot);
      const still = (one: unknown): unknown =>
        typeof one === 'object' && one !== null && 'commitment' in one ? { ...one, standstill } : one;
      return (call) => ({ ...call, params: call.params.map(still) });
    },
    pruned: {
      code: -32001,
      message: 'Block 956256 cleaned up, does not exist on node. First available block: 1388256',
    },
    stateMethods: ['getMultipleAccounts', 'getInflationReward', 'getTransaction', 'getSignaturesForAddress'],
    alterAmounts: (change) => (call, result) => altered(call, result, (lamports) => Number(change(BigInt(lamports)))),
    broadcastMethod: 'sendTransaction',
  };
}

interface WithLamports {
  lamports: number;
}

/** Every amount of money in an answer. */
function altered({ method }: ProxiedCall, result: unknown, change: (lamports: number) => number): unknown {
  if (method === 'getInflationReward') {
    const rewards = result as ({ amount: number; postBalance: number } | null)[];
    return rewards.map(
      (one) =>
        one && { ...one, amount: change(one.amount), postBalance: one.postBalance - one.amount + change(one.amount) },
    );
  }
  if (method === 'getMultipleAccounts') {
    const answer = result as { value: (WithLamports | null)[] };
    return { ...answer, value: answer.value.map((one) => one && { ...one, lamports: change(one.lamports) }) };
  }
  if (method === 'getTransaction') {
    const answer = result as { meta: { postBalances: number[] } } | null;
    return answer && { ...answer, meta: { ...answer.meta, postBalances: answer.meta.postBalances.map(change) } };
  }
  return result;
}

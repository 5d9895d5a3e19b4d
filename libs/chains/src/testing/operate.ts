import { atoms } from '@app/staking-core';

import type {
  BlockStamp,
  ChainAdapter,
  Lane,
  Located,
  SignedTransaction,
  StakeIntent,
  Step,
} from '../chain-adapter.js';
import type { AdapterHarness } from './adapter-harness.js';

/** Signals that end a hanging test, not a measurement. */
export const patience = (): AbortSignal => AbortSignal.timeout(30_000);

export async function finalNow(adapter: ChainAdapter): Promise<BlockStamp> {
  const { height, hash, timeMs } = await adapter.finalStamp(patience());
  return { height, hash, timeMs };
}

export interface Prepared {
  readonly step: Step;
  readonly lane: Lane;
  readonly at: BlockStamp;
  readonly signed: SignedTransaction;
}

/** Plans, builds and signs one intent on the newest final block; nothing is sent yet. */
export async function prepare(
  harness: AdapterHarness,
  adapter: ChainAdapter,
  operationId: string,
  intent: StakeIntent,
): Promise<Prepared> {
  const at = await finalNow(adapter);
  const [parameters, validators, positions] = await Promise.all([
    adapter.parametersAt(at, patience()),
    adapter.validatorsAt(at, patience()),
    adapter.positionsAt(at, harness.signer.account, patience()),
  ]);
  const [step] = adapter.plan(operationId, intent, { parameters, validators, positions });
  if (step === undefined) throw new Error('a plan has at least one step');
  const lane = await adapter.nextLane(harness.signer.account, at, patience());
  const unsigned = await adapter.build(step, lane, at, patience());
  return { step, lane, at, signed: await harness.signer.sign(unsigned) };
}

/** One intent all the way to a verified effect. */
export async function operate(
  harness: AdapterHarness,
  adapter: ChainAdapter,
  operationId: string,
  intent: StakeIntent,
): Promise<Extract<Located, { state: 'included' | 'final' }>> {
  const { step, signed } = await prepare(harness, adapter, operationId, intent);
  expect(await adapter.broadcast(signed, patience())).toEqual({ kind: 'accepted' });
  await harness.include();
  await harness.finalize();
  const located = await adapter.locate(signed, patience());
  expect(adapter.verifyEffect(step, located)).toEqual({ kind: 'verified' });
  if (located.state !== 'final') throw new Error(`expected a final transaction, it is ${located.state}`);
  return located;
}

/** A part of an amount, rounded down. */
export function part(amount: bigint, of: bigint): ReturnType<typeof atoms> {
  return atoms(amount / of);
}

import {
  ChainError,
  withRetry,
  type BlockStamp,
  type DueClaim,
  type EffectVerdict,
  type Lane,
  type Located,
  type Step,
  type UnsignedTransaction,
} from '@app/chains';
import type { OperationAttempt } from '@app/database';
import { atoms } from '@app/staking-core';
import type { ChainSyncFaultPoint } from '../fault-points.js';
import { ChainRunner } from '../run-chain.js';
import { ToyAdapter, toySigner } from '../testing/toy-adapter.js';
import { Crash, ToyBooks, type Worker, type WorkerOptions } from '../testing/toy-books.js';
import { COIN, ToyChain, TREASURY } from '../testing/toy-chain.js';
import { advanceOperations } from './advance-operations.js';
import { claimWhatIsDue } from './claim-what-is-due.js';

jest.setTimeout(60_000);

const never = new AbortController().signal;
const ONCE = { attempts: 1, firstDelayMs: 1, maxDelayMs: 1 };

interface Era {
  readonly era: bigint;
  readonly validator: string;
  readonly endedAt: bigint;
  /** Height at which somebody else had it paid out. */
  stranger: bigint | null;
}

/** A toy chain whose eras are paid out on demand, each once, to whoever asks first. */
class PayingAdapter extends ToyAdapter {
  constructor(
    toy: ToyChain,
    readonly eras: readonly Era[],
  ) {
    super(toy);
  }

  async dueClaims(at: BlockStamp): Promise<readonly DueClaim[]> {
    await this.before('dueClaims');
    return this.eras
      .filter((one) => one.endedAt <= at.height && (this.paidAt(one) ?? at.height + 1n) > at.height)
      .map(({ era, validator }) => ({ key: `${era}.${validator}`, intent: { kind: 'claim', validator } }));
  }

  override async build(step: Step, lane: Lane, at?: BlockStamp): Promise<UnsignedTransaction> {
    if (step.intent.kind !== 'claim' || at === undefined) return super.build(step, lane);
    const { validator } = step.intent;
    if (!(await this.dueClaims(at)).some(({ intent }) => intent.validator === validator)) {
      throw new ChainError('REFUSED', this.chain, 'nothing is owed');
    }
    const asToyKnowsIt = { ...step, intent: { kind: 'delegate', validator, amount: atoms(0n) } } as const;
    return { ...(await super.build(asToyKnowsIt, lane)), step };
  }

  override verifyEffect(step: Step, located: Located): EffectVerdict {
    if (step.intent.kind !== 'claim') return super.verifyEffect(step, located);
    if (located.state !== 'final') return { kind: 'failed', detail: located.state };
    const [flow] = located.flows;
    const paid = this.eras.some((one) => one.validator === flow?.validator && this.ours(one) === located.at.height);
    return paid ? { kind: 'verified' } : { kind: 'failed', detail: 'nothing was paid out' };
  }

  /** Height at which our claim was paid; null where it was not, or somebody else's was first. */
  ours(one: Era): bigint | null {
    for (let height = one.endedAt; height <= this.toy.head.height; height += 1n) {
      if (one.stranger !== null && one.stranger <= height) return null;
      if (this.toy.block(height)!.transactions.some(({ transaction }) => transaction.validator === one.validator)) {
        return height;
      }
    }
    return null;
  }

  private paidAt(one: Era): bigint | null {
    return this.ours(one) ?? one.stranger;
  }
}

describe('Payouts by our own job', () => {
  let books: ToyBooks;
  beforeAll(async () => {
    books = await ToyBooks.open('due_claims');
  });
  afterAll(() => books.close());
  beforeEach(() => books.wipe());

  const newChain = (): ToyChain => new ToyChain(1_000n * COIN).mine(4);
  const era = (number: bigint, validator: string, endedAt: bigint): Era => ({
    era: number,
    validator,
    endedAt,
    stranger: null,
  });
  const worker = (adapter: PayingAdapter, name = 'one', options: WorkerOptions = {}): Worker =>
    books.workerOn(adapter, TREASURY, name, options);

  /** One visit, as the runner makes it: what is under way goes on, then what is due is looked at. */
  async function visit(one: Worker): Promise<number> {
    const parts = await books.operating(one);
    const { final } = one.adapter.toy;
    await advanceOperations(parts, final, never);
    const planned = await claimWhatIsDue(parts, final, never);
    if (planned > 0) await advanceOperations(parts, final, never);
    return planned;
  }

  async function settle(one: Worker): Promise<string[]> {
    for (let i = 0; i < 8; i += 1) {
      await visit(one);
      one.adapter.toy.mine();
    }
    return (await books.allAttempts()).map(shown);
  }

  const shown = ({ operationId, attempt, state, detail }: OperationAttempt): string =>
    [operationId, attempt, state, ...(detail === null ? [] : [detail])].join(' ');

  it('R19: asks for each that is due, once, in one lane, and not before it is final that it is due', async () => {
    const toy = newChain();
    const eras = [era(7n, 'val-a', toy.final.height + 1n), era(7n, 'val-b', toy.final.height + 1n)];
    const one = worker(new PayingAdapter(toy, eras));
    expect(await visit(one)).toBe(0);
    toy.mine();
    expect(await settle(one)).toEqual([
      'bnb.7.val-a.due-claim 1 EFFECT_VERIFIED',
      'bnb.7.val-b.due-claim 1 EFFECT_VERIFIED',
    ]);
    expect(toy.final.state.nonce).toBe(2n);
    expect(new Set(toy.received).size).toBe(2);
  });

  it('asks again when the next era has ended', async () => {
    const toy = newChain();
    const first = era(7n, 'val-a', toy.final.height);
    const one = worker(new PayingAdapter(toy, [first, era(8n, 'val-a', toy.final.height + 6n)]));
    await settle(one);
    expect(await settle(one)).toEqual([
      'bnb.7.val-a.due-claim 1 EFFECT_VERIFIED',
      'bnb.8.val-a.due-claim 1 EFFECT_VERIFIED',
    ]);
  });

  it('R40: somebody else is paid first while ours is on its way: needless, and never asked again', async () => {
    const toy = newChain();
    const due = era(7n, 'val-a', toy.final.height);
    const adapter = new PayingAdapter(toy, [due]);
    const one = worker(adapter);
    expect(await visit(one)).toBe(1);
    due.stranger = toy.head.height + 1n;
    expect(await settle(one)).toEqual(['bnb.7.val-a.due-claim 1 FAILED needless: nothing was paid out']);
    expect(adapter.ours(due)).toBeNull();
    expect(toy.final.state.nonce).toBe(1n);
  });

  it('R40: somebody else is paid before ours is signed: it ends unsigned, its number stays free', async () => {
    const toy = newChain();
    const due = era(7n, 'val-a', toy.final.height);
    const one = worker(new PayingAdapter(toy, [due]));
    const parts = await books.operating(one);
    expect(await claimWhatIsDue(parts, toy.final, never)).toBe(1);
    due.stranger = toy.head.height + 1n;
    toy.mine(4);
    expect(await settle(one)).toEqual(['bnb.7.val-a.due-claim 1 FAILED needless: bnb: nothing is owed']);
    expect(toy.received).toEqual([]);
  });

  it('a claim that fails while it is still due is a failure, and a person looks', async () => {
    const toy = newChain();
    const due = era(7n, 'val-a', toy.final.height);
    const adapter = new PayingAdapter(toy, [due]);
    adapter.verifyEffect = () => ({ kind: 'failed', detail: 'no funds' });
    adapter.ours = () => null;
    expect(await settle(worker(adapter))).toEqual(['bnb.7.val-a.due-claim 1 FAILED no funds']);
  });

  it('R19: what cannot be read is neither due nor paid', async () => {
    const toy = newChain();
    const adapter = new PayingAdapter(toy, [era(7n, 'val-a', toy.final.height)]);
    const one = worker(adapter);
    adapter.before = (call) => {
      if (call === 'dueClaims') throw new ChainError('UNREACHABLE', 'bnb', 'down');
    };
    await expect(visit(one)).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(await books.allAttempts()).toEqual([]);
  });

  it.each<ChainSyncFaultPoint>([
    'chain-sync.operations-planned',
    'chain-sync.lane-reserved',
    'chain-sync.bytes-signed',
    'chain-sync.bytes-stored',
    'chain-sync.bytes-sent',
    'chain-sync.broadcast-stored',
    'chain-sync.final-stored',
    'chain-sync.effect-stored',
  ])('R40: a crash at %s and another process: paid out once, one transaction', async (point) => {
    const toy = newChain();
    const due = era(7n, 'val-a', toy.final.height);
    const adapter = new PayingAdapter(toy, [due]);
    const reach = (at: ChainSyncFaultPoint): void => {
      if (at === point) throw new Crash(point);
    };
    await expect(settle(worker(adapter, 'crashes', { reach }))).rejects.toBeInstanceOf(Crash);
    await books.db.affected('UPDATE lease SET expires_at = clock_timestamp()');
    expect(await settle(worker(adapter, 'goes on'))).toEqual(['bnb.7.val-a.due-claim 1 EFFECT_VERIFIED']);
    expect(adapter.ours(due)).not.toBeNull();
    expect(toy.final.state.nonce).toBe(1n);
  });

  it('is part of each look at the chain, beside delegating; without a key it is off', async () => {
    const toy = newChain();
    const due = era(7n, 'val-c', toy.final.height);
    const adapter = new PayingAdapter(toy, [due]);
    const reading = new ChainRunner(worker(adapter, 'reads only'), null, 1);
    for (let i = 0; i < 3; i += 1) expect((await reading.look(never)).error).toBeNull();
    expect(await books.allAttempts()).toEqual([]);
    await books.db.affected('UPDATE lease SET expires_at = clock_timestamp()');

    const policy = { shareBps: 8_000n, validators: 1, reserve: atoms(COIN) };
    const operating = { signer: toySigner, operations: books.operations, policy };
    const parts = worker(adapter, 'operates');
    const runner = new ChainRunner({ ...parts, adapter: withRetry(adapter, ONCE) }, operating, 1);
    for (let i = 0; i < 10; i += 1) {
      expect((await runner.look(never)).error).toBeNull();
      toy.mine();
    }
    const attempts = await books.allAttempts();
    expect(attempts.map(({ intent, state }) => [intent['kind'], intent['validator'], state]).sort()).toEqual([
      ['claim', 'val-c', 'EFFECT_VERIFIED'],
      ['delegate', 'val-a', 'EFFECT_VERIFIED'],
    ]);
  });

  it('does nothing on a chain that pays by itself', async () => {
    const toy = newChain();
    const one = books.worker(toy, 'one');
    expect(await claimWhatIsDue(await books.operating(one), toy.final, never)).toBe(0);
  });
});

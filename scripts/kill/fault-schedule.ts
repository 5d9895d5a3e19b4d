import { SeededRandom } from '../../devnet/core/seeded-random.js';
import { FAULT_KINDS, type FaultKind } from '../../devnet/core/faults.js';
import { FAULT_POINTS } from '../../apps/settlement/src/fault-points.js';
import { CHAIN_SYNC_FAULT_POINTS } from '../../apps/chain-sync/src/fault-points.js';

export const SETTLEMENT_POINTS: readonly string[] = FAULT_POINTS;
export const CHAIN_POINTS: readonly string[] = CHAIN_SYNC_FAULT_POINTS;
/** Reached only by operations of our own; these happen before the first day. */
const OPERATION_POINTS = CHAIN_POINTS.slice(CHAIN_POINTS.indexOf('chain-sync.operations-planned'));
const OBSERVING_POINTS = CHAIN_POINTS.slice(0, CHAIN_POINTS.indexOf('chain-sync.operations-planned'));
/** Reached only when somebody else has used our lane number. */
const DEAD_POINT = 'chain-sync.dead-stored';
/** Where a stolen lane leads to a death: the bytes are stored and nobody has seen them. */
const STEAL_AT = 'chain-sync.bytes-stored';

/** What goes wrong in one stretch of a run: the opening, or one day. */
export interface StretchFaults {
  /** Fault points in the order in which work passes them; each life of a worker is armed with the first still open. */
  readonly points: readonly string[];
  /** SIGKILLs from outside, each at a delay (ms) after the one before. */
  readonly kills: readonly { readonly worker: number; readonly afterMs: number }[];
  readonly freeze?: { readonly worker: number; readonly afterMs: number; readonly forMs: number };
  /** kill -9 of the postmaster, so long after the settlement of the day began. */
  readonly killPostgresAfterMs?: number;
  readonly coreFaults: readonly FaultKind[];
}

export interface FaultSchedule {
  /** `together`: when one worker falls at a point, the other of its kind is killed with it, so that nobody carries on. */
  readonly fall: 'together' | 'alone';
  /** A stranger with our key uses the lane number of a signed operation: that one dies, and is signed anew. */
  readonly stealLane: boolean;
  readonly opening: StretchFaults;
  readonly days: readonly StretchFaults[];
}

export interface ScheduleRequest {
  readonly seed: number;
  readonly run: number;
  readonly days: number;
  readonly workers: number;
  /** Points that no run has reached yet; they come first. */
  readonly wanted: ReadonlySet<string>;
}

const CHAIN_POINTS_A_STRETCH = 3;
const SETTLEMENT_POINTS_A_DAY = 12;
const KILLS_A_DAY = 6;
/** Longer than the lease of chain-sync (4 s) and the settlement's claim on a batch (6 s). */
const FREEZE_MS = 7_000;
const FREEZE_IN = 3;
const POSTGRES_IN = 2;

/** What goes wrong in one run, decided by seed and run alone; points that are still wanted come first. */
export function scheduleFaults(request: ScheduleRequest): FaultSchedule {
  const random = new SeededRandom('kill campaign', request.seed, request.run);
  const stealLane = request.wanted.has(DEAD_POINT) || random.chance(1, 3);
  const dead = stealLane ? [STEAL_AT, DEAD_POINT] : [];
  const others = chosen(
    random,
    without(OPERATION_POINTS, [STEAL_AT, DEAD_POINT]),
    request.wanted,
    CHAIN_POINTS_A_STRETCH,
  );
  const [quiet] = [{ kills: [], coreFaults: [] }];
  return {
    fall: random.chance(2, 3) ? 'together' : 'alone',
    stealLane,
    opening: { ...quiet, points: inOrder(CHAIN_POINTS, [...others, ...dead]) },
    days: Array.from({ length: request.days }, () => aDay(random, request)),
  };
}

function aDay(random: SeededRandom, { wanted, workers }: ScheduleRequest): StretchFaults {
  const settlement = chosen(random, SETTLEMENT_POINTS, wanted, SETTLEMENT_POINTS_A_DAY);
  const chain = chosen(random, OBSERVING_POINTS, wanted, CHAIN_POINTS_A_STRETCH - 1);
  const worker = () => random.int(0, workers - 1);
  const faults = Array.from({ length: random.int(0, 2) }, () =>
    random.pick([...FAULT_KINDS] as [FaultKind, ...FaultKind[]]),
  );
  return {
    points: [...inOrder(CHAIN_POINTS, chain), ...inOrder(SETTLEMENT_POINTS, settlement)],
    kills: Array.from({ length: KILLS_A_DAY }, () => ({ worker: worker(), afterMs: random.int(20, 1_500) })),
    ...(random.chance(1, FREEZE_IN)
      ? { freeze: { worker: worker(), afterMs: random.int(0, 1_500), forMs: FREEZE_MS } }
      : {}),
    ...(random.chance(1, POSTGRES_IN) ? { killPostgresAfterMs: random.int(0, 4_000) } : {}),
    coreFaults: faults,
  };
}

function chosen(random: SeededRandom, points: readonly string[], wanted: ReadonlySet<string>, count: number): string[] {
  const shuffled = points
    .map((point) => ({ point, order: (wanted.has(point) ? 0 : 1_000_000) + random.int(0, 999_999) }))
    .sort((a, b) => a.order - b.order);
  return shuffled.slice(0, count).map(({ point }) => point);
}

const inOrder = (order: readonly string[], points: readonly string[]): string[] =>
  order.filter((point) => points.includes(point));
const without = (points: readonly string[], removed: readonly string[]): string[] =>
  points.filter((point) => !removed.includes(point));

import { SeededRandom } from '../../devnet/core/seeded-random.js';
import type { FaultKind } from '../../devnet/core/faults.js';
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
/** Those first that leave credits undone, in part or as a whole, with nobody the wiser. */
const CORE_FAULTS: readonly [FaultKind, ...FaultKind[]] = [
  'reset',
  'half',
  'drop-after-credit',
  'status-500',
  'wrong-total',
  'hang',
  'slow',
];

/** The order in which the opening passes the points: a stolen lane shows as a death before anything else happens. */
const OPENING_ORDER = without(CHAIN_POINTS, [DEAD_POINT]).flatMap((point) =>
  point === STEAL_AT ? [STEAL_AT, DEAD_POINT] : [point],
);

/** What goes wrong in one run, decided by seed, run and the points that are still wanted: those come first. */
export function scheduleFaults(request: ScheduleRequest): FaultSchedule {
  const random = new SeededRandom('kill campaign', request.seed, request.run);
  const stealLane = request.wanted.has(DEAD_POINT) || random.chance(1, 3);
  const free = without(OPERATION_POINTS, [STEAL_AT, DEAD_POINT]);
  const points = [
    ...chosen(random, free, request.wanted, CHAIN_POINTS_A_STRETCH),
    ...(stealLane ? [STEAL_AT, DEAD_POINT] : []),
  ];
  return {
    fall: random.chance(2, 3) ? 'together' : 'alone',
    stealLane,
    opening: { points: inOrder(OPENING_ORDER, points), kills: [], coreFaults: [] },
    days: Array.from({ length: request.days }, (_unused, index) =>
      aDay(random, request, request.run * request.days + index),
    ),
  };
}

/** @param turn which day of the whole campaign it is: the core's faults come round in turn */
function aDay(random: SeededRandom, { wanted, workers }: ScheduleRequest, turn: number): StretchFaults {
  const settlement = chosen(random, SETTLEMENT_POINTS, wanted, SETTLEMENT_POINTS_A_DAY);
  const chain = chosen(random, OBSERVING_POINTS, wanted, CHAIN_POINTS_A_STRETCH - 1);
  const worker = () => random.int(0, workers - 1);
  return {
    points: [...inOrder(CHAIN_POINTS, chain), ...inOrder(SETTLEMENT_POINTS, settlement)],
    kills: Array.from({ length: KILLS_A_DAY }, () => ({ worker: worker(), afterMs: random.int(20, 1_500) })),
    ...(random.chance(1, FREEZE_IN)
      ? { freeze: { worker: worker(), afterMs: random.int(0, 1_500), forMs: FREEZE_MS } }
      : {}),
    ...(random.chance(1, POSTGRES_IN) ? { killPostgresAfterMs: random.int(0, 4_000) } : {}),
    coreFaults: [
      CORE_FAULTS[turn % CORE_FAULTS.length] ?? 'reset',
      ...(random.chance(1, 2) ? [random.pick(CORE_FAULTS)] : []),
    ],
  };
}

function chosen(random: SeededRandom, points: readonly string[], wanted: ReadonlySet<string>, count: number): string[] {
  const shuffled = points
    .map((point) => ({ point, order: (wanted.has(point) ? 0 : 1_000_000) + random.int(0, 999_999) }))
    .sort((a, b) => a.order - b.order);
  return shuffled.slice(0, count).map(({ point }) => point);
}

function inOrder(order: readonly string[], points: readonly string[]): string[] {
  return order.filter((point) => points.includes(point));
}

function without(points: readonly string[], removed: readonly string[]): string[] {
  return points.filter((point) => !removed.includes(point));
}

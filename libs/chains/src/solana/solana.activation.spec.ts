import { NEVER, stakeParts, type ClusterStake, type Delegation } from './solana.activation.js';

/**
 * Recorded from the Bank of the local chain, which decides by its own code: 1.57 million SOL of three delegations ask to
 * become active on 5 million, more than 9 % a boundary allows; later two of them leave, again more than that.
 * (epoch, effective, activating, deactivating) of the StakeHistory sysvar.
 */
const HISTORY: readonly (readonly [bigint, bigint, bigint, bigint])[] = [
  [0n, 5000000024791520n, 0n, 0n],
  [14n, 5000000024791520n, 0n, 0n],
  [15n, 5001482746625757n, 1567900000000000n, 0n],
  [16n, 5453098905060808n, 1195543552803683n, 0n],
  [17n, 5945297205335459n, 704827662044854n, 0n],
  [18n, 6481827617536657n, 169779940316743n, 0n],
  [19n, 6653090495687991n, 0n, 0n],
  [20n, 6654573494294523n, 0n, 0n],
  [21n, 6656056482007159n, 0n, 1313703740276616n],
  [22n, 6058336064153767n, 0n, 714847521704273n],
  [23n, 5514383799874102n, 0n, 169624547064991n],
  [24n, 5346183960178838n, 0n, 0n],
  [25n, 5347664459430932n, 0n, 0n],
  [26n, 5349144948018617n, 0n, 0n],
  [27n, 5350625425941638n, 0n, 0n],
  [28n, 5352105893199738n, 0n, 0n],
];

/** (epoch, stake, activation, deactivation) of each of the three at the end of each epoch. */
const DELEGATIONS: readonly (readonly [bigint, bigint, bigint, bigint])[] = [
  [15n, 1234567000000000n, 15n, NEVER],
  [15n, 333333000000000n, 15n, NEVER],
  [16n, 1234567000000000n, 15n, NEVER],
  [16n, 333333000000000n, 15n, NEVER],
  [16n, 77777000000000n, 16n, NEVER],
  [17n, 1234685676131804n, 15n, NEVER],
  [17n, 333364258797740n, 15n, NEVER],
  [17n, 77777000000000n, 16n, NEVER],
  [18n, 1234901445314872n, 15n, NEVER],
  [18n, 333421091366284n, 15n, NEVER],
  [18n, 77787111979050n, 16n, NEVER],
  [19n, 1235203204799369n, 15n, NEVER],
  [19n, 333500573028351n, 15n, NEVER],
  [19n, 77806177563231n, 16n, NEVER],
  [20n, 1235528833674848n, 15n, NEVER],
  [20n, 333586341234209n, 15n, NEVER],
  [20n, 77827728597138n, 16n, NEVER],
  [21n, 1235854460493834n, 15n, 21n],
  [21n, 333672108345505n, 15n, NEVER],
  [21n, 77849279782782n, 16n, 21n],
  [22n, 1236180085256174n, 15n, 21n],
  [22n, 333757874362360n, 15n, NEVER],
  [22n, 77870831120075n, 16n, 21n],
  [23n, 1236378267057414n, 15n, 21n],
  [23n, 333853827143736n, 15n, NEVER],
  [23n, 77883947873937n, 16n, 21n],
  [24n, 1236430976783067n, 15n, 21n],
  [24n, 333961407831108n, 15n, NEVER],
  [24n, 77887436519763n, 16n, 21n],
  [25n, 1236430976783067n, 15n, 21n],
  [25n, 334073200724959n, 15n, NEVER],
  [25n, 77887436519763n, 16n, 21n],
  [26n, 1236430976783067n, 15n, 21n],
  [26n, 334184992108135n, 15n, NEVER],
  [26n, 77887436519763n, 16n, 21n],
  [27n, 1236430976783067n, 15n, 21n],
  [27n, 334296781980861n, 15n, NEVER],
  [27n, 77887436519763n, 16n, 21n],
  [28n, 1236430976783067n, 15n, 21n],
  [28n, 334408570343362n, 15n, NEVER],
  [28n, 77887436519763n, 16n, 21n],
];

const history: ReadonlyMap<bigint, ClusterStake> = new Map(
  HISTORY.map(([epoch, effective, activating, deactivating]) => [epoch, { effective, activating, deactivating }]),
);

function sumAt(epoch: bigint): ClusterStake {
  const sum = { effective: 0n, activating: 0n, deactivating: 0n };
  for (const [at, stake, activation, deactivation] of DELEGATIONS) {
    if (at !== epoch) continue;
    const parts = stakeParts({ stake, activation, deactivation }, epoch, history);
    sum.effective += parts.effective;
    sum.activating += parts.activating;
    sum.deactivating += parts.deactivating;
  }
  return sum;
}

describe('how much of a delegation is effective', () => {
  it.each(HISTORY.map(([epoch]) => epoch).filter((epoch) => epoch >= 15n))(
    'epoch %s: what the Bank added up is what three delegations come to',
    (epoch) => {
      const [ours, bank] = [sumAt(epoch), history.get(epoch)];
      // The 1.18 runtime divides in floating point: a lamport here and there, of 10^15.
      const off = (a: bigint, b = 0n): bigint => (a > b ? a - b : b - a);
      expect(off(ours.activating, bank?.activating)).toBeLessThanOrEqual(8n);
      expect(off(ours.deactivating, bank?.deactivating)).toBeLessThanOrEqual(8n);
    },
  );

  it('warms up at no more than 9 % of the cluster a boundary', () => {
    for (const epoch of [16n, 17n, 18n]) {
      const allowed = ((history.get(epoch - 1n)?.effective ?? 0n) * 9n) / 100n;
      const came =
        (history.get(epoch - 1n)?.activating ?? 0n) +
        (epoch === 16n ? 77_777_000_000_000n : 0n) -
        sumAt(epoch).activating;
      const off = came > allowed ? came - allowed : allowed - came;
      // Rewards paid on stake that still waits grow what waits; that is all the difference.
      expect(off * 1_000n).toBeLessThan(allowed);
    }
  });

  const one: Delegation = { stake: 1_000n, activation: 0n, deactivation: 5n };

  it('a step where the history is forgotten, as the runtime tests itself (stake 1000, epochs 0 to 5)', () => {
    const none = new Map<bigint, ClusterStake>();
    expect(stakeParts(one, 0n, none)).toEqual({ effective: 0n, activating: 1_000n, deactivating: 0n });
    for (const epoch of [1n, 2n, 3n, 4n]) {
      expect(stakeParts(one, epoch, none)).toEqual({ effective: 1_000n, activating: 0n, deactivating: 0n });
    }
    expect(stakeParts(one, 5n, none)).toEqual({ effective: 1_000n, activating: 0n, deactivating: 1_000n });
    expect(stakeParts(one, 6n, none)).toEqual({ effective: 0n, activating: 0n, deactivating: 0n });
  });

  it('is inactive at once when it was told to leave in the epoch in which it came', () => {
    const both = { ...one, deactivation: 0n };
    for (const epoch of [0n, 1n, 9n]) {
      expect(stakeParts(both, epoch, new Map())).toEqual({ effective: 0n, activating: 0n, deactivating: 0n });
    }
  });

  it('is active for ever when it is of genesis', () => {
    expect(stakeParts({ ...one, activation: NEVER, deactivation: NEVER }, 0n, new Map()).effective).toBe(1_000n);
  });

  it('moves a lamport at least, so that it comes to an end', () => {
    const slow = new Map([[0n, { effective: 1n, activating: 10n ** 18n, deactivating: 0n }]]);
    expect(stakeParts({ ...one, deactivation: NEVER }, 1n, slow).effective).toBe(1n);
  });
});

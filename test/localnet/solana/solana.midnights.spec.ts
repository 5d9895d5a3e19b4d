import type { BlockStamp, ChainAdapter, Observation } from '@app/chains';
import { finalNow, patience } from '@app/chains/testing';
import { addDays, DAY_MS, dayEndMs, dayOf, dayStartMs } from '@app/staking-core';
import type { SolanaAdapter } from '../../../libs/chains/src/solana/solana.adapter.js';
import { makeSolanaHarness, type SolanaHarness } from './solana-harness.js';

jest.setTimeout(240_000);

const DAYS = 7n;
const SOON_MS = 5n * 60_000n;

/** R24: credits of a day go out in the morning after it, so the chain has to tell the day then, not with its epoch. */
describe('Solana with a cut at every midnight', () => {
  let harness: SolanaHarness;
  let byEpoch: SolanaAdapter;
  let byDay: SolanaAdapter;
  let first: BlockStamp;
  let final: BlockStamp;
  let epochs: Observation[];
  let days: Observation[];

  const observe = async (adapter: ChainAdapter, from: BlockStamp, until: BlockStamp): Promise<Observation[]> => {
    const found: Observation[] = [];
    for (let at = from; ;) {
      const next = await adapter.nextCut(at, final, patience());
      if (next === null || next.height > until.height) return found;
      found.push(await adapter.observe(at, next, harness.signer.account, patience()));
      at = next;
    }
  };

  beforeAll(async () => {
    harness = await makeSolanaHarness();
    byEpoch = harness.openWith({});
    byDay = harness.openWith({ midnightCuts: true });
    const start = await byEpoch.firstCut(await finalNow(byEpoch), patience());
    if (start === null) throw new Error('no cut yet');
    first = start;
    for (let day = 1n; day <= DAYS; day += 1n) {
      await harness.running.advanceTo(dayStartMs(dayOf(first.timeMs)) + day * DAY_MS + 60_000n);
    }
    final = await finalNow(byEpoch);
    epochs = await observe(byEpoch, first, final);
    days = await observe(byDay, first, final);
  });
  afterAll(async () => {
    await Promise.all([byEpoch.close(), byDay.close()]);
    await harness.close();
  });

  it('R24: tells each day minutes after its end, one after the other', () => {
    const told = days.flatMap(({ days: ended, to }) => ended.map(({ day }) => ({ day, to })));
    const expected = Array.from({ length: Number(DAYS) }, (_unused, i) => addDays(dayOf(first.timeMs), i));
    expect(told.map(({ day }) => day)).toEqual(expected);
    for (const { day, to } of told) {
      expect(to.timeMs).toBeGreaterThanOrEqual(dayEndMs(day));
      expect(to.timeMs - dayEndMs(day)).toBeLessThan(SOON_MS);
    }
  });

  it('R13: the same rewards, flows and days as by epochs, to the lamport', () => {
    const last = epochs.at(-1)!.to;
    const upTo = days.filter(({ to }) => to.height <= last.height);
    expect(upTo.at(-1)!.to).toEqual(last);
    expect(epochs.flatMap(({ rewards }) => rewards).length).toBeGreaterThan(3);
    expect(upTo.flatMap(({ rewards }) => rewards)).toEqual(epochs.flatMap(({ rewards }) => rewards));
    expect(upTo.flatMap(({ flows }) => flows)).toEqual(epochs.flatMap(({ flows }) => flows));
    expect(upTo.flatMap((one) => one.days)).toEqual(epochs.flatMap((one) => one.days));
    expect(upTo.at(-1)!.positions).toEqual(epochs.at(-1)!.positions);
  });

  it('two cuts or one between them: the same rows', async () => {
    const [one, two, three] = days;
    const both = await byDay.observe(one!.from, three!.to, harness.signer.account, patience());
    for (const rows of ['rewards', 'flows', 'days'] as const) {
      expect(both[rows]).toEqual([one!, two!, three!].flatMap((part) => part[rows] as unknown[]));
    }
  });

  it('a restart begins at the last cut of either kind, and other blocks are refused', async () => {
    const cuts = [first, ...days.map(({ to }) => to)];
    expect(await byDay.firstCut(final, patience())).toEqual(cuts.at(-1));
    const slot = cuts.at(-1)!.height + 3n;
    const block = { height: slot, hash: harness.running.chain.ledger.blockhash(slot), timeMs: final.timeMs };
    await expect(byDay.observe(first, block, harness.signer.account, patience())).rejects.toMatchObject({
      name: 'ChainError',
    });
    const midnight = days.find(({ rewards }) => rewards.length === 0)!;
    await expect(byEpoch.observe(first, midnight.to, harness.signer.account, patience())).rejects.toMatchObject({
      code: 'REFUSED',
    });
  });
});

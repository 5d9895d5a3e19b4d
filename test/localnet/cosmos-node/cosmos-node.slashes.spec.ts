import { expectIdentity, finalNow, operate, patience, prepare, sumOf } from '@app/chains/testing';
import { atoms } from '@app/staking-core';

import type { BlockStamp, Observation, StakeIntent } from '../../../libs/chains/src/chain-adapter.js';
import type { CosmosAdapter } from '../../../libs/chains/src/cosmos/cosmos.adapter.js';
import { jailForDowntime, makeCosmosNodeHarness, type CosmosNodeHarness } from './cosmos-node-harness.js';
import { describeRealNode, midnightAfter } from './cosmos-node-world.js';

const DAY_MS = 86_400_000;
/** Each of our own movements may round an atom, and the chain slashes a validator by its power in whole ATOM: 5 % of less than one. */
function expectNear(amount: bigint, expected: bigint): void {
  expect(amount).toBeGreaterThanOrEqual(expected - 50_000n);
  expect(amount).toBeLessThanOrEqual(expected + 5n);
}

describeRealNode('ATOM on a real Cosmos SDK node: losses and exits', () => {
  let harness: CosmosNodeHarness;
  let adapter: CosmosAdapter;
  let cut: BlockStamp;

  beforeAll(async () => {
    harness = await makeCosmosNodeHarness();
    adapter = harness.openWith({});
    await harness.advancePeriod();
    const first = await adapter.firstCut(await finalNow(adapter), patience());
    if (first === null) throw new Error('there is no cut after a whole day');
    cut = first;
  }, 120_000);

  afterAll(async () => {
    await adapter?.close();
    await harness?.close();
  });

  let operations = 0;
  const act = (intent: StakeIntent) => operate(harness, adapter, `slashes-${(operations += 1)}`, intent);
  const account = () => harness.signer.account;

  /** Observes every day from the last cut to the newest, each held against the identity of R41. */
  async function observeDays(): Promise<Observation[]> {
    const days: Observation[] = [];
    for (;;) {
      const next = await adapter.nextCut(cut, await finalNow(adapter), patience());
      if (next === null) return days;
      const before = await adapter.positionsAt(cut, account(), patience());
      const seen = await adapter.observe(cut, next, account(), patience());
      expectIdentity(before, seen);
      days.push(seen);
      cut = next;
    }
  }

  const applied = (day: Observation) => day.slashes.filter((row) => row.state === 'applied' && row.kind !== 'rounding');
  const nextDay = async (): Promise<Observation> => {
    await harness.advancePeriod();
    const [day] = await observeDays();
    if (day === undefined) throw new Error('no day has passed');
    return day;
  };

  it('R18: a downtime slash takes one part in ten thousand; what leaves afterwards has paid already', async () => {
    const [one] = harness.validators;
    await act({ kind: 'delegate', validator: one, amount: atoms(900_000_000_000_007n) });
    await nextDay();
    await jailForDowntime(harness.running, one);
    await act({ kind: 'undelegate', validator: one, amount: atoms(100_000_000_000_003n) });
    const day = await nextDay();
    expect(applied(day).map(({ validator, kind }) => ({ validator, kind }))).toEqual([
      { validator: one, kind: 'downtime' },
    ]);
    // 90,000,000,000.0007 of them, and what our own two movements lost to rounding.
    expect(sumOf(applied(day)) - 90_000_000_000n).toBeLessThanOrEqual(3n);
    expect(sumOf(applied(day))).toBeGreaterThanOrEqual(90_000_000_000n);
    expect(day.validators.find((row) => row.validator === one)).toMatchObject({ health: 'jailed', earning: false });
  });

  it('R18: a double sign takes 5 % of the stake, and of what left after the sin and before the evidence', async () => {
    const [, two] = harness.validators;
    const three = harness.running.validators[3]?.operator ?? '';
    const lead = harness.running.validators[0]?.operator ?? '';
    await act({ kind: 'delegate', validator: three, amount: atoms(400_000_000_000_009n) });
    // This one leaves before the sin: it does not pay.
    await act({ kind: 'undelegate', validator: three, amount: atoms(50_000_000_000_011n) });
    await nextDay();
    // These are in the very block that the validator signs twice.
    const leave = await prepare(harness, adapter, 'slashes-leave', {
      kind: 'undelegate',
      validator: three,
      amount: atoms(40_000_000_000_003n),
    });
    const flee = { kind: 'redelegate', from: three, to: lead, amount: atoms(60_000_000_000_007n) } as const;
    const lane = { ...leave.lane, number: (leave.lane.number ?? 0n) + 1n };
    const unsigned = await adapter.build(
      { operationId: 'slashes-flee', index: 0, intent: flee },
      lane,
      leave.at,
      patience(),
    );
    const fled = await harness.signer.sign(unsigned);
    expect(await adapter.broadcast(leave.signed, patience())).toEqual({ kind: 'accepted' });
    expect(await adapter.broadcast(fled, patience())).toEqual({ kind: 'accepted' });
    await harness.running.control.doubleSign(3);
    await harness.running.control.blocks(6);
    expect(await adapter.locate(fled, patience())).toMatchObject({ state: 'final', succeeded: true });

    const day = await nextDay();
    const lost = applied(day);
    expect(new Set(lost.map((row) => `${row.validator} ${row.kind}`))).toEqual(new Set([`${three} double-sign`]));
    const of = (validator: string): bigint => sumOf(lost.filter((row) => row.positionKey?.endsWith(validator)));
    // 250 staked and 40 leaving with the sinner; 60 that had got to another validator.
    expectNear(of(three), 290_000_000_000_000n / 20n);
    expectNear(of(lead), 60_000_000_000_000n / 20n);
    expect(day.validators.find((row) => row.validator === three)).toMatchObject({
      health: 'tombstoned',
      earning: false,
    });
    expect(day.validators.find((row) => row.validator === two)).toMatchObject({ health: 'active' });
  });

  it('R41: exits end by themselves after 21 days, and the identity holds on every one of them', async () => {
    const exits = (await adapter.positionsAt(cut, account(), patience())).flatMap((row) => row.exiting);
    expect(exits).toHaveLength(3);
    const last = exits.reduce((most, row) => ((row.readyAtMs ?? 0n) > most ? (row.readyAtMs ?? 0n) : most), 0n);
    const liquid = await adapter.liquidAt(cut, account(), patience());
    await harness.running.advanceTo(midnightAfter(Number(last)) + DAY_MS, DAY_MS / 4);
    await harness.running.control.blocks(2);
    const days = await observeDays();
    expect(days.length).toBeGreaterThanOrEqual(21);
    const credits = days.flatMap((day) => day.flows).filter((row) => row.kind === 'claim');
    expect(credits.map((row) => row.amount)).toEqual(exits.map((row) => -row.amount));
    expect(await adapter.liquidAt(cut, account(), patience())).toBe(liquid + sumOf(exits));
  });
});

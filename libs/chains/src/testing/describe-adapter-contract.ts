import { atoms } from '@app/staking-core';

import type { BlockStamp, ChainAdapter } from '../chain-adapter.js';
import type { AdapterHarness } from './adapter-harness.js';
import { describeBuilding } from './contract-building.js';
import { describeFaults } from './contract-faults.js';
import { describeObserving } from './contract-observing.js';
import { describeOperating } from './contract-operating.js';
import { describeReplayed } from './contract-replayed.js';
import { finalNow, operate, part, patience } from './operate.js';

/** What the parts of the contract look at: a chain on which everything ordinary has happened once. */
export interface LivedThrough {
  readonly harness: AdapterHarness;
  readonly adapter: ChainAdapter;
  /** Five cuts, oldest first; stake from the first period on, undelegation and redelegation in the third. */
  readonly cuts: readonly BlockStamp[];
}

/**
 * The contract of the port `ChainAdapter`, for every chain alike. Call it in the adapter's spec with a way to get a
 * fresh chain; the chain's own cases stand beside it in that spec.
 */
export function describeAdapterContract(
  name: string,
  makeHarness: () => Promise<AdapterHarness>,
  /** How long the first periods may take: a real runtime needs a second a block. */
  setUpMs = 120_000,
): void {
  describeContract(name, makeHarness, setUpMs, false);
}

/**
 * The same contract for an adapter over a replay, which takes no transactions and says so (`AdapterHarness.replay`): all of
 * observing, of faults and of building; operating is held against refusals and against what was recorded.
 */
export function describeReplayContract(
  name: string,
  makeHarness: () => Promise<AdapterHarness>,
  setUpMs = 120_000,
): void {
  describeContract(name, makeHarness, setUpMs, true);
}

function describeContract(
  name: string,
  makeHarness: () => Promise<AdapterHarness>,
  setUpMs: number,
  isReplay: boolean,
): void {
  describe(`${name}: the contract of the chain adapter`, () => {
    let lived: LivedThrough | undefined;
    const get = (): LivedThrough => {
      if (lived === undefined) throw new Error('the chain has not been set up');
      return lived;
    };

    beforeAll(async () => {
      const harness = await makeHarness();
      if ((harness.replay !== undefined) !== isReplay)
        throw new Error('the harness and the suite disagree on a replay');
      lived = isReplay ? await liveAgain(harness) : await liveThrough(harness);
    }, setUpMs);

    afterAll(async () => {
      await lived?.adapter.close();
      await lived?.harness.close();
    });

    describeObserving(get);
    describeFaults(get);
    describeBuilding(get);
    (isReplay ? describeReplayed : describeOperating)(get);
  });
}

/** Five periods that were recorded: the harness says where they end, there may be cuts within. */
async function liveAgain(harness: AdapterHarness): Promise<LivedThrough> {
  const adapter = harness.open([harness.url]);
  const cuts: BlockStamp[] = [];
  for (let period = 0; period < 5; period++) {
    await harness.advancePeriod();
    const cut = await adapter.firstCut(await finalNow(adapter), patience());
    if (cut === null || cut.hash === cuts.at(-1)?.hash) throw new Error('a period has passed without a cut');
    cuts.push(cut);
  }
  return { harness, adapter, cuts };
}

async function liveThrough(harness: AdapterHarness): Promise<LivedThrough> {
  const adapter = harness.open([harness.url]);
  const [one, two] = harness.validators;
  const [large, small] = harness.amounts;
  await harness.advancePeriod();
  const first = await adapter.firstCut(await finalNow(adapter), patience());
  if (first === null) throw new Error('there is no cut after a whole period');
  const cuts = [first];
  const nextPeriod = async (): Promise<void> => {
    await harness.advancePeriod();
    const next = await adapter.nextCut(cuts.at(-1) ?? first, await finalNow(adapter), patience());
    if (next === null) throw new Error('a period has passed without a cut');
    cuts.push(next);
  };

  await operate(harness, adapter, 'contract-1', { kind: 'delegate', validator: one, amount: atoms(large) });
  await harness.foreignTraffic();
  await nextPeriod();

  await operate(harness, adapter, 'contract-2', { kind: 'delegate', validator: two, amount: atoms(small) });
  await nextPeriod();

  await operate(harness, adapter, 'contract-3', { kind: 'undelegate', validator: one, amount: part(large, 3n) });
  await harness.foreignTraffic();
  if (adapter.capabilities.canRedelegate) {
    const intent = { kind: 'redelegate', from: one, to: two, amount: part(large, 5n) } as const;
    await operate(harness, adapter, 'contract-4', intent);
  }
  await nextPeriod();
  await harness.foreignTraffic();
  await nextPeriod();
  return { harness, adapter, cuts };
}

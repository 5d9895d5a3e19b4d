import { finalNow, operate, patience, totalOf } from '@app/chains/testing';
import { atoms } from '@app/staking-core';

import { devAccount, DOT, missingForRealChain } from '../../../devnet/chains/polkadot/index.js';
import type { Observation, Position, SlashObservation } from '../../../libs/chains/src/chain-adapter.js';
import { addressOf } from '../../../libs/chains/src/polkadot/polkadot.address.js';
import type { PolkadotAdapter } from '../../../libs/chains/src/polkadot/polkadot.adapter.js';
import { followCuts, makePolkadotHarness, type PolkadotHarness } from './polkadot-harness.js';

const missing = missingForRealChain();
const SET_UP_MS = 600_000;
/** Eras a slash is held back for, in the runtime of the file. */
const DEFERRED_FOR = 6;

/** A slash as the runtime has stored it while it waits, read without the adapter. */
interface Stored {
  readonly era: number;
  readonly validator: string;
  readonly ours: bigint;
}

/** As polkadot-js decodes it. */
interface StoredSlash {
  readonly validator: { toHex(): string };
  readonly others: readonly (readonly [{ toHex(): string }, { toBigInt(): bigint }])[];
}

/**
 * Slashes that a real runtime makes. Nothing of them is planted: two of the four validators are not seen at work in a
 * session, the runtime's own `im-online` reports them, its staking pallet works out what they and those behind them lose,
 * holds it back, and takes it at the start of an era; `cancelDeferredSlash` is dispatched by the chain's root key.
 */
(missing === null ? describe : describe.skip)(`Polkadot's slashes (${missing ?? 'on a real runtime'})`, () => {
  jest.setTimeout(180_000);
  let harness: PolkadotHarness;
  let adapter: PolkadotAdapter;
  let toNextCut: () => Promise<Observation>;
  let waiting: readonly Stored[];
  const seenSoFar: Observation[] = [];
  const { address: account, id } = devAccount('treasury');
  const stake = 3_000_000n * DOT + 123_456_789n;

  /** What the runtime holds back from us, the oldest first, in the runtime's own order. */
  const stored = async (): Promise<Stored[]> => {
    const entries = (await harness.world.chain.api.query['staking']?.['unappliedSlashes']?.entries()) ?? [];
    return entries.flatMap(([key, value]) =>
      [...(value as unknown as readonly StoredSlash[])].flatMap((one) => {
        const loss = [...one.others].find(([who]) => who.toHex() === id)?.[1];
        const validator = addressOf(one.validator.toHex(), 0);
        return loss === undefined ? [] : [{ era: Number(String(key.args[0])), validator, ours: loss.toBigInt() }];
      }),
    );
  };

  const pass = async (eras: number): Promise<Observation> => {
    for (let era = 0; era < eras; era++) await harness.endEra();
    if (harness.unpaid.length > 0) await harness.world.driver.payOut(harness.unpaid.splice(0));
    await harness.nextDay();
    return toNextCut();
  };
  /** A session in which our two validators are not seen; it is an era of its own. */
  const offend = async (): Promise<Observation> => {
    harness.unpaid.push(await harness.world.driver.activeEra());
    await harness.world.driver.endSession(undefined, harness.validators);
    await harness.nextDay();
    return toNextCut();
  };
  const positionNow = async (): Promise<Position> => {
    const [position] = await adapter.positionsAt(await finalNow(adapter), account, patience());
    if (position === undefined) throw new Error('there is no position');
    return position;
  };
  const byValidator = (rows: readonly SlashObservation[], state: SlashObservation['state']): unknown =>
    new Map(rows.filter((one) => one.state === state).map((one) => [one.validator, one.amount as bigint]));
  const losses = (rows: readonly Stored[]): unknown => new Map(rows.map((one) => [one.validator, one.ours]));
  const sumOf = (rows: readonly { readonly ours: bigint }[]): bigint => rows.reduce((sum, one) => sum + one.ours, 0n);

  beforeAll(async () => {
    harness = await makePolkadotHarness();
    adapter = harness.openWith({ stash: account });
    const { chain, driver } = harness.world;
    await harness.nextDay();
    const follow = await followCuts(adapter, account);
    toNextCut = async () => {
      const seen = await follow();
      seenSoFar.push(seen);
      return seen;
    };
    const both = harness.validators.map((validator) => ({ Id: validator }));
    const [bond, nominate] = [chain.call('staking', 'bond', stake, 'Stash'), chain.call('staking', 'nominate', both)];
    await driver.act([['treasury', chain.call('utility', 'batchAll', [bond, nominate])]]);
    await pass(3);
  }, SET_UP_MS);

  afterAll(async () => {
    await adapter?.close();
    await harness?.close();
  });

  it('R18: an offence is observed and deferred, with what the runtime will take, and moves nothing', async () => {
    const before = totalOf([await positionNow()]);
    const seen = await offend();
    waiting = await stored();
    expect(waiting).toHaveLength(2);
    expect(byValidator(seen.slashes, 'observed')).toEqual(new Map(harness.validators.map((one) => [one, 0n])));
    expect(byValidator(seen.slashes, 'deferred')).toEqual(losses(waiting));
    expect(seen.slashes).toHaveLength(4);
    expect(sumOf(waiting)).toBeGreaterThan(2n ** 50n);
    expect(totalOf([await positionNow()])).toBe(before);
  });

  it('R18: while it waits nothing more is said of it; what leaves meanwhile stays within its reach', async () => {
    const [validator] = harness.validators;
    const intent = { kind: 'undelegate', validator, amount: atoms(stake / 3n) } as const;
    await operate(harness, adapter, 'slash-unbond', intent);
    const seen = await pass(DEFERRED_FOR - 1);
    expect(seen.slashes).toEqual([]);
    expect(seen.rewards.length).toBeGreaterThan(0);
    expect(await stored()).toEqual(waiting);
  });

  it('R18, R41: applied, to the planck: the stake and what was leaving are less by it, and by nothing else', async () => {
    const before = await positionNow();
    const seen = await pass(1);
    expect(await stored()).toEqual([]);
    expect(byValidator(seen.slashes, 'applied')).toEqual(losses(waiting));
    expect(seen.slashes).toHaveLength(2);
    const after = await positionNow();
    expect(totalOf([before]) - totalOf([after])).toBe(sumOf(waiting));
    // The pallet takes from the exit in its proportion.
    const exit = (one: Position): bigint => one.exiting.reduce((sum, each) => sum + each.amount, 0n);
    expect(exit(before)).toBe(stake / 3n);
    expect(exit(after)).toBeLessThan(exit(before));
  });

  it('R18: one of two is cancelled by root: it is told, and only the other moves money', async () => {
    const offence = await offend();
    const [first, second] = await stored();
    if (first === undefined || second === undefined) throw new Error('nothing waits');
    expect(byValidator(offence.slashes, 'deferred')).toEqual(losses([first, second]));
    const { chain, driver } = harness.world;
    await driver.decide(chain.call('staking', 'cancelDeferredSlash', first.era, [0]));
    expect(await stored()).toEqual([second]);
    const before = totalOf([await positionNow()]);
    const seen = await pass(1);
    expect(seen.slashes).toMatchObject([{ state: 'cancelled', validator: first.validator, amount: first.ours }]);
    expect(totalOf([await positionNow()])).toBe(before);
    const rest = await pass(DEFERRED_FOR - 1);
    expect(rest.slashes).toMatchObject([{ state: 'applied', validator: second.validator, amount: second.ours }]);
    expect(totalOf([await positionNow()])).toBe(before - second.ours);
  });

  it('R13, R18: the whole way at once tells the same rows under the same keys', async () => {
    const [first, last] = [seenSoFar[0], seenSoFar.at(-1)];
    if (first === undefined || last === undefined) throw new Error('nothing was seen');
    const other = harness.openWith({ stash: account });
    const whole = await other.observe(first.from, last.to, account, patience());
    await other.close();
    const rows = seenSoFar.flatMap((one) => one.slashes);
    expect(whole.slashes).toEqual(rows);
    expect(new Set(rows.map((one) => one.key)).size).toBe(rows.length);
    const count = (state: SlashObservation['state']): number => rows.filter((one) => one.state === state).length;
    expect([count('observed'), count('deferred'), count('cancelled'), count('applied')]).toEqual([4, 4, 1, 3]);
  });
});

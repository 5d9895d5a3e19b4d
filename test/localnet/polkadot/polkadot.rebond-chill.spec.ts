import { finalNow, operate, patience, totalOf } from '@app/chains/testing';
import { atoms } from '@app/staking-core';

import { devAccount, DOT, missingForRealChain } from '../../../devnet/chains/polkadot/index.js';
import type { Observation, Position, StakeIntent } from '../../../libs/chains/src/chain-adapter.js';
import type { PolkadotAdapter } from '../../../libs/chains/src/polkadot/polkadot.adapter.js';
import { followCuts, makePolkadotHarness, type PolkadotHarness } from './polkadot-harness.js';

const missing = missingForRealChain();
const SET_UP_MS = 600_000;

/** Exits that are called back, and stake that stands behind nobody, as operations of ours on a real runtime. */
(missing === null ? describe : describe.skip)(`Polkadot's rebond and chill (${missing ?? 'on a real runtime'})`, () => {
  jest.setTimeout(180_000);
  let harness: PolkadotHarness;
  let adapter: PolkadotAdapter;
  let toNextCut: () => Promise<Observation>;
  const { address: account } = devAccount('treasury');
  const stake = 3_000_000n * DOT + 123_456_789n;
  const half = stake / 2n;
  const quarter = stake / 4n;

  const now = async (): Promise<{ position: Position; liquid: bigint }> => {
    const at = await finalNow(adapter);
    const [position] = await adapter.positionsAt(at, account, patience());
    if (position === undefined) throw new Error('there is no position');
    return { position, liquid: await adapter.liquidAt(at, account, patience()) };
  };
  const bonded = ({ active, activating }: Position): bigint => active + activating;
  const exits = ({ exiting }: Position): bigint[] => exiting.map((one) => one.amount);
  const delegate = (amount: bigint): StakeIntent => {
    const [validator] = harness.validators;
    return { kind: 'delegate', validator, amount: atoms(amount) };
  };
  const eras = async (count: number): Promise<void> => {
    for (let era = 0; era < count; era++) await harness.endEra();
    await harness.world.driver.payOut(harness.unpaid.splice(0));
  };

  beforeAll(async () => {
    harness = await makePolkadotHarness();
    adapter = harness.openWith({ stash: account });
    await harness.nextDay();
    toNextCut = await followCuts(adapter, account);
    await operate(harness, adapter, 'rebond-bond', delegate(stake));
    await eras(3);
    const intent = { kind: 'undelegate', validator: account, amount: atoms(half) } as const;
    await operate(harness, adapter, 'rebond-unbond', intent);
    await harness.nextDay();
    await toNextCut();
  }, SET_UP_MS);

  afterAll(async () => {
    await adapter?.close();
    await harness?.close();
  });

  it('R36, R41: a delegation while an exit runs calls it back, and binds nothing that is free', async () => {
    const before = await now();
    const located = await operate(harness, adapter, 'rebond-part', delegate(quarter));
    expect(located.flows).toMatchObject([{ kind: 'delegate', amount: 0n, activeChange: quarter }]);
    const after = await now();
    expect(exits(after.position)).toEqual([half - quarter]);
    expect(bonded(after.position)).toBe(bonded(before.position) + quarter);
    expect(totalOf([after.position])).toBe(totalOf([before.position]));
    expect(after.liquid).toBe(before.liquid - located.feeAtoms);
  });

  it('R36, R41: what exits cannot cover is bonded, in the same transaction, to the planck', async () => {
    const fresh = 5n * DOT + 1n;
    const before = await now();
    const located = await operate(harness, adapter, 'rebond-more', delegate(half - quarter + fresh));
    expect(located.flows.map(({ kind, amount, activeChange }) => [kind, amount, activeChange])).toEqual([
      ['delegate', fresh, fresh],
      ['delegate', 0n, half - quarter],
    ]);
    const after = await now();
    expect(after.position).toMatchObject({ exiting: [], withdrawable: 0n });
    expect(bonded(after.position)).toBe(stake + fresh);
    expect(after.liquid).toBe(before.liquid - fresh - located.feeAtoms);
    await harness.nextDay();
    const seen = await toNextCut();
    expect(seen.flows.filter((one) => one.kind === 'delegate').map((one) => one.activeChange)).toEqual([
      quarter,
      fresh,
      half - quarter,
    ]);
  });

  it('R40, R42: a chill leaves everything bonded, behind nobody, and shows in the parameters', async () => {
    const [validator] = harness.validators;
    const before = await now();
    const others = async () => (await adapter.parametersAt(await finalNow(adapter), patience())).others;
    expect(await others()).toMatchObject({ nominees: validator });
    const located = await operate(harness, adapter, 'chill', { kind: 'chill', validator: account });
    expect(located).toMatchObject({ flows: [], nominees: [] });
    expect(await others()).toMatchObject({ nominees: 'none' });
    expect((await now()).liquid).toBe(before.liquid - located.feeAtoms);
    expect(totalOf([(await now()).position])).toBe(totalOf([before.position]));
    await expect(operate(harness, adapter, 'chill-2', { kind: 'chill', validator: account })).rejects.toMatchObject({
      code: 'REFUSED',
    });
  });

  it('R16, R17: it earns to the end of what was elected, then nothing; its days are complete', async () => {
    const { position } = await now();
    // Elected before the chill: the running era and the next.
    await eras(3);
    await harness.nextDay();
    expect(sumOf((await toNextCut()).rewards)).toBeGreaterThan(0n);
    const chilled = (await now()).position;
    expect(chilled).toMatchObject({ active: 0n, activating: bonded(position), exiting: [], withdrawable: 0n });
    await eras(3);
    await harness.nextDay();
    const seen = await toNextCut();
    expect(seen.rewards).toEqual([]);
    expect(seen.flows).toEqual([]);
    expect(seen.days.map((one) => one.averageStake)).toEqual([0n]);
  });

  it('the smallest delegation ends it: the stake stands behind the validator and earns again', async () => {
    const [validator] = harness.validators;
    const before = await now();
    const located = await operate(harness, adapter, 'chill-ends', delegate(1n));
    expect(located).toMatchObject({ nominees: [validator], flows: [{ kind: 'delegate', amount: 1n }] });
    await eras(3);
    await harness.nextDay();
    expect(sumOf((await toNextCut()).rewards)).toBeGreaterThan(0n);
    const { position } = await now();
    expect(bonded(position)).toBe(bonded(before.position) + 1n);
    // The election may lose the last digits.
    expect(position.active).toBeGreaterThan(bonded(position) - DOT);
  });

  it('R40, R41: 32 chunks that nobody withdrew are no limit: the next exit takes out what is ready, and is booked as both', async () => {
    const { chain, driver } = harness.world;
    const chunks = async (): Promise<number> => {
      const ledger = (await chain.query('staking', 'ledger', account)) as { unwrap(): { unlocking: unknown[] } };
      return ledger.unwrap().unlocking.length;
    };
    for (let era = 0; era < 32; era++) {
      await driver.act([['treasury', chain.call('staking', 'unbond', 1_000n * DOT + BigInt(era))]]);
      await harness.endEra();
    }
    await driver.include();
    expect(await chunks()).toBe(32);
    const before = await now();
    const { withdrawable, exiting } = before.position;
    expect(exiting.length).toBeLessThan(8);
    expect(withdrawable + exiting.reduce((sum, one) => sum + one.amount, 0n)).toBe(32_000n * DOT + 496n);
    const amount = atoms(5n * DOT);
    const located = await operate(harness, adapter, 'chunk-33', { kind: 'undelegate', validator: account, amount });
    expect(located.flows.map(({ kind, amount: moved, activeChange }) => [kind, moved, activeChange])).toEqual([
      ['claim', -withdrawable, 0n],
      ['undelegate', 0n, -amount],
    ]);
    const after = await now();
    expect(after.liquid).toBe(before.liquid + withdrawable - located.feeAtoms);
    expect([...exits(before.position), amount]).toEqual(exits(after.position));
    await harness.nextDay();
    expect((await toNextCut()).flows).toHaveLength(34);
  });
});

const sumOf = (rows: readonly { readonly amount: bigint }[]): bigint => rows.reduce((sum, one) => sum + one.amount, 0n);

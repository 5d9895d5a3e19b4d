import type { BlockStamp, Observation, Position } from '../chain-adapter.js';
import type { LivedThrough } from './describe-adapter-contract.js';
import { finalNow, patience } from './operate.js';

/** Everything that a position holds, in whatever bucket. */
export function totalOf(positions: readonly Position[]): bigint {
  return positions.reduce(
    (sum, one) =>
      sum +
      one.active +
      one.activating +
      one.withdrawable +
      one.claimable +
      one.exiting.reduce((s, e) => s + e.amount, 0n),
    0n,
  );
}

export function sumOf(rows: readonly { readonly amount: bigint }[]): bigint {
  return rows.reduce((sum, row) => sum + row.amount, 0n);
}

/** R41: what is there now is what was there, and what moved, was earned and was lost in between, to the atom. */
export function expectIdentity(before: readonly Position[], seen: Observation): void {
  const lost = sumOf(seen.slashes.filter((one) => one.state === 'applied'));
  expect(totalOf(seen.positions) - totalOf(before)).toBe(sumOf(seen.flows) + sumOf(seen.rewards) - lost);
}

/**
 * A reward is what the identity leaves over, so the identity alone proves nothing about it: the same reward found
 * another way does.
 */
export function expectCrossChecks(seen: Observation): void {
  for (const { amount, crossCheck } of seen.rewards) {
    if (crossCheck === null) continue;
    const difference = amount - crossCheck.amount;
    expect(difference < 0n ? -difference : difference).toBeLessThanOrEqual(crossCheck.toleranceAtoms);
  }
}

export function describeObserving(get: () => LivedThrough): void {
  const account = (): string => get().harness.signer.account;
  const observe = (from: BlockStamp, to: BlockStamp): Promise<Observation> =>
    get().adapter.observe(from, to, account(), patience());
  const cut = (i: number): BlockStamp => {
    const found = get().cuts[i];
    if (found === undefined) throw new Error(`there is no cut ${i}`);
    return found;
  };

  it('names the chain it serves', async () => {
    const { chainId, genesisHash } = await get().adapter.identity(patience());
    expect(chainId).not.toBe('');
    expect(genesisHash).not.toBe('');
  });

  it('finds the cuts in order, and none that is not final', async () => {
    const { adapter, cuts, harness } = get();
    expect(cuts.length).toBe(5);
    expect(cuts.every((one, i) => i === 0 || one.height > (cuts[i - 1]?.height ?? 0n))).toBe(true);
    expect(await adapter.firstCut(cut(3), patience())).toEqual(cut(3));
    let at = cut(1);
    for (let steps = 0; at.height < cut(2).height; steps++) {
      // Only a recorded period, which nobody made for this, may have cuts within it.
      if (harness.replay === undefined) expect(steps).toBe(0);
      const next = await adapter.nextCut(at, cut(2), patience());
      expect(next?.height).toBeGreaterThan(at.height);
      at = next ?? at;
    }
    expect(at).toEqual(cut(2));
    if (harness.anyFinalBlockIsACut) return;
    expect(await adapter.nextCut(cut(4), await finalNow(adapter), patience())).toBeNull();
  });

  it('R13: the same stamp read again after the chain moved on is equal', async () => {
    const { adapter, harness } = get();
    const read = async (): Promise<unknown[]> => [
      await adapter.positionsAt(cut(4), account(), patience()),
      await adapter.validatorsAt(cut(4), patience()),
      await adapter.parametersAt(cut(4), patience()),
      await adapter.liquidAt(cut(4), account(), patience()),
    ];
    const before = await read();
    await harness.foreignTraffic();
    await harness.finalize();
    expect(await read()).toEqual(before);
  });

  it('R13: observing again, also by another instance, gives the same observation', async () => {
    const { harness } = get();
    const first = await observe(cut(2), cut(3));
    expect(await observe(cut(2), cut(3))).toEqual(first);
    const other = harness.open([harness.url]);
    try {
      expect(await other.observe(cut(2), cut(3), account(), patience())).toEqual(first);
    } finally {
      await other.close();
    }
  });

  it('R13: a reward has one key for ever: none twice over neighbouring cuts', async () => {
    const rows: string[] = [];
    for (const [i, from] of get().cuts.slice(0, -1).entries()) {
      const seen = await observe(from, cut(i + 1));
      rows.push(
        ...seen.rewards.map((one) => one.key),
        ...seen.flows.map((one) => one.key),
        ...seen.slashes.map((one) => one.key),
      );
      expect(seen.rewards.length).toBeGreaterThan(0);
      expect(sumOf(seen.rewards)).toBeGreaterThan(0n);
    }
    expect(new Set(rows).size).toBe(rows.length);
  });

  it('R13: any split of the way gives the same keys and amounts', async () => {
    const whole = await observe(cut(0), cut(4));
    for (const stops of [
      [0, 1, 2, 3, 4],
      [0, 2, 4],
      [0, 1, 4],
      [0, 3, 4],
    ]) {
      const parts: Observation[] = [];
      for (const [i, stop] of stops.slice(0, -1).entries())
        parts.push(await observe(cut(stop), cut(stops[i + 1] ?? 0)));
      expect(parts.flatMap((one) => one.rewards)).toEqual(whole.rewards);
      expect(parts.flatMap((one) => one.flows)).toEqual(whole.flows);
      expect(parts.flatMap((one) => one.slashes)).toEqual(whole.slashes);
      expect(parts.flatMap((one) => one.days)).toEqual(whole.days);
      expect(parts.at(-1)?.positions).toEqual(whole.positions);
    }
  });

  it('R41: positions change by flows, rewards and slashes, to the atom', async () => {
    const { adapter, cuts } = get();
    for (const [i, from] of cuts.slice(0, -1).entries()) {
      expectIdentity(await adapter.positionsAt(from, account(), patience()), await observe(from, cut(i + 1)));
    }
    expectIdentity(await adapter.positionsAt(cut(0), account(), patience()), await observe(cut(0), cut(4)));
  });

  it('R1: odd amounts beyond 2^53 arrive to the last atom', async () => {
    const seen = await observe(cut(0), cut(2));
    const delegated = seen.flows.filter((one) => one.kind === 'delegate').map((one) => one.amount);
    expect(delegated).toEqual(get().harness.amounts);
  });

  it('R13: a reward agrees with the same reward derived another way, and lies within its days', async () => {
    const seen = await observe(cut(0), cut(4));
    expectCrossChecks(seen);
    for (const reward of seen.rewards) {
      expect(reward.earnedFromMs).toBeLessThan(reward.earnedToMs);
      expect(reward.earnedToMs).toBeLessThanOrEqual(reward.at.timeMs);
    }
  });

  it('R16: every day between the cuts has its average stake, once', async () => {
    const seen = await observe(cut(0), cut(4));
    expect(new Set(seen.days.map((one) => one.day)).size).toBe(seen.days.length);
    expect(seen.days.map((one) => one.day)).toEqual([...seen.days.map((one) => one.day)].sort());
    const active = seen.positions.reduce((sum, one) => sum + one.active, 0n);
    for (const day of seen.days.slice(-1)) expect(day.averageStake).toBeLessThanOrEqual(active);
    for (const day of seen.days) expect(day.averageStake).toBeGreaterThan(0n);
  });

  it('R19: validators and parameters are never empty', async () => {
    const validators = await get().adapter.validatorsAt(cut(4), patience());
    const parameters = await get().adapter.parametersAt(cut(4), patience());
    expect(validators.length).toBeGreaterThanOrEqual(2);
    expect(validators.filter((one) => one.earning).length).toBeGreaterThanOrEqual(2);
    expect(validators.every((one) => one.totalStake > 0n && one.commissionBps >= 0n && one.moniker !== '')).toBe(true);
    expect(parameters.unbondingMs ?? parameters.unbondingPeriods).not.toBeNull();
  });

  it('R19: a stamp that is not on the chain is refused, not read', async () => {
    const { adapter } = get();
    const forged: BlockStamp = { ...cut(4), hash: cut(3).hash };
    expect(await adapter.isCanonical(cut(4), patience())).toBe(true);
    expect(await adapter.isCanonical(forged, patience())).toBe(false);
    await expect(adapter.positionsAt(forged, account(), patience())).rejects.toMatchObject({ code: 'BLOCK_UNKNOWN' });
    await expect(observe(cut(3), forged)).rejects.toMatchObject({ code: 'BLOCK_UNKNOWN' });
    await expect(adapter.liquidAt({ ...cut(4), timeMs: 1n }, account(), patience())).rejects.toMatchObject({
      code: 'BLOCK_UNKNOWN',
    });
  });

  it('R19: a stamp that is not final, or beyond the chain, is refused, not read', async () => {
    const { adapter } = get();
    const { height: finalHeight, headHeight } = await adapter.finalStamp(patience());
    const lowest = headHeight > finalHeight ? headHeight : headHeight + 1n;
    for (const height of [lowest, headHeight + 1_000n]) {
      const early: BlockStamp = { ...cut(4), height };
      await expect(adapter.validatorsAt(early, patience())).rejects.toMatchObject({
        code: 'NOT_FINAL',
        retryable: true,
      });
      await expect(observe(cut(4), early)).rejects.toMatchObject({ code: 'NOT_FINAL' });
    }
  });

  it('R13: observing between blocks that are no cuts is refused', async () => {
    await expect(observe(cut(2), cut(1))).rejects.toMatchObject({ code: 'REFUSED' });
    if (get().harness.anyFinalBlockIsACut) return;
    const between = await finalNow(get().adapter);
    expect(between.height).toBeGreaterThan(cut(4).height);
    await expect(observe(cut(4), between)).rejects.toMatchObject({ code: 'REFUSED' });
  });
}

import { atoms } from '@app/staking-core';

import type { LivedThrough } from './describe-adapter-contract.js';
import { finalNow, patience, prepare } from './operate.js';

/** What comes before anything is sent: plan, bytes, signature. */
export function describeBuilding(get: () => LivedThrough): void {
  const delegation = (amount: bigint) => {
    const [validator] = get().harness.validators;
    return { kind: 'delegate', validator, amount: atoms(amount) } as const;
  };

  it('R39: the same step, lane and block give the same bytes, also by another instance', async () => {
    const { adapter, harness } = get();
    const { step, lane, at } = await prepare(harness, adapter, 'contract-same-bytes', delegation(harness.amounts[0]));
    const first = await adapter.build(step, lane, at, patience());
    await harness.foreignTraffic();
    await harness.finalize();
    const other = harness.open([harness.url]);
    expect(await other.build(step, lane, at, patience())).toEqual(first);
    await other.close();
    const altered = await adapter.build({ ...step, intent: delegation(harness.amounts[1]) }, lane, at, patience());
    expect(altered.digest).not.toBe(first.digest);
  });

  it('R39: the signer refuses what it cannot explain', async () => {
    const { adapter, harness } = get();
    const { step, lane, at } = await prepare(harness, adapter, 'contract-explain', delegation(harness.amounts[0]));
    const unsigned = await adapter.build(step, lane, at, patience());
    const more = { ...unsigned, step: { ...step, intent: delegation(harness.amounts[1]) } };
    await expect(harness.signer.sign(more)).rejects.toMatchObject({ code: 'REFUSED' });
    await expect(harness.signer.sign({ ...unsigned, digest: `0x${'00'.repeat(32)}` })).rejects.toMatchObject({
      code: 'REFUSED',
    });
    const elsewhere = { ...lane, account: harness.validators[0] };
    await expect(harness.signer.sign({ ...unsigned, lane: elsewhere })).rejects.toMatchObject({ code: 'REFUSED' });
  });

  it('refuses to plan what the chain would refuse, with the numbers', async () => {
    const { adapter, harness } = get();
    const at = await finalNow(adapter);
    const state = {
      parameters: await adapter.parametersAt(at, patience()),
      validators: await adapter.validatorsAt(at, patience()),
      positions: await adapter.positionsAt(at, harness.signer.account, patience()),
    };
    const [validator] = harness.validators;
    const held = state.positions
      .filter((one) => harness.onePositionForAll === true || one.validator === validator)
      .reduce((sum, one) => sum + one.active + one.activating, 0n);
    const refused = (intent: Parameters<typeof adapter.plan>[1]): void =>
      expect(() => adapter.plan('contract-refused', intent, state)).toThrow(
        expect.objectContaining({ code: 'REFUSED' }),
      );
    refused({ kind: 'delegate', validator, amount: atoms(0n) });
    refused({ kind: 'delegate', validator: harness.signer.account, amount: atoms(harness.amounts[0]) });
    refused({ kind: 'undelegate', validator, amount: atoms(held + 1n) });
    refused({ kind: 'redelegate', from: validator, to: validator, amount: atoms(held) });
  });
}

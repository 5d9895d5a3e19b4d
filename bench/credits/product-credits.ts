import { setTimeout as pause } from 'node:timers/promises';
import { type Database, DayPartitionRepository } from '@app/database';
import { createLogger } from '@app/platform';
import { dayEndMs } from '@app/staking-core';
import { CoreClient } from '../../apps/settlement/src/core/core-client.js';
import { settlementTools, type SettlementTools } from '../../apps/settlement/src/settlement-tools.js';
import { creditUsers, planCredits } from '../../apps/settlement/src/steps/6-credit-users.js';
import { reconcileWithCore } from '../../apps/settlement/src/steps/7-reconcile-with-core.js';
import { UNIT } from './credit-day.js';
import { STAND_IN_SECRET } from './core-stand-in.js';

/** Parts of paying a day: what is to be sent is written down; sent; compared with the core's books. */
export type CreditPart = 'plan' | 'send' | 'reconcile';

/** As in the product's own module: a call to the core, and how long a claim outlives it. */
const CORE_TIMEOUT_MS = 5_000;
const TICK_MS = 200;

/** Steps 6 and 7 of the product, with its own limits; what must wait is looked at again, as its ticks would. */
export class ProductCredits {
  private readonly tools: SettlementTools;

  constructor(
    private readonly db: Database,
    coreUrl: string,
    claimMs = CORE_TIMEOUT_MS + 1_000,
  ) {
    const leaves = new DayPartitionRepository(db);
    const inWindow = new Date(Number(dayEndMs(UNIT.day)) + 1_000);
    this.tools = settlementTools({
      db,
      core: new CoreClient({
        url: coreUrl,
        secret: STAND_IN_SECRET,
        timeoutMs: Math.min(CORE_TIMEOUT_MS, claimMs - 500),
      }),
      clock: { now: () => Promise.resolve(inWindow) },
      log: createLogger({ app: 'bench-credits', level: 'error' }),
      openDay: (of) => leaves.openDay(of),
      limits: { claimMs },
    });
  }

  get inFlight(): number {
    return this.tools.limits.inFlight;
  }

  /** From wherever the day was left, to the end. */
  async runAll(): Promise<void> {
    const { tools, db } = this;
    const state = async () => (await tools.settlements.find(db, UNIT))?.state;
    if ((await state()) === 'checked') await this.run('plan');
    if ((await state()) === 'crediting') await this.run('send');
    if ((await state()) === 'credited') await this.run('reconcile');
    expect((await state()) ?? null, 'paid');
  }

  /** @throws when the day does not come where it should */
  async run(part: CreditPart): Promise<void> {
    const { tools, db } = this;
    if (part === 'plan') return expect(await planCredits(UNIT, tools), 'crediting');
    if (part === 'reconcile') return expect(await reconcileWithCore(UNIT, tools), 'paid');
    let state = await creditUsers(UNIT, tools);
    // Batches in the hands of a sender that was killed are free again when its claims have run out.
    while (state === 'crediting') {
      await pause(TICK_MS);
      state = await creditUsers(UNIT, tools);
    }
    if (state !== 'credited') throw new Error(JSON.stringify(await tools.settlements.find(db, UNIT), bigints));
  }
}

function expect(state: string | null, wanted: string): void {
  if (state !== wanted) throw new Error(`the day is ${String(state)}, not ${wanted}`);
}

function bigints(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

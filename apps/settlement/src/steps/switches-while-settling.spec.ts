import { ParticipationRepository } from '@app/database';
import { SettlementWorld } from '../testing/settlement-world.js';
import { BNB, closeDay, FIRST_DAY, sharesOf, tenHolders } from '../testing/trading-days.js';
import { waitForFinalData } from './1-wait-for-final-data.js';
import { measureBalances } from './2-measure-balances.js';
import { decideWhoQualifies } from './3-decide-who-qualifies.js';
import { splitPool } from './4-split-pool.js';
import { checkDay } from './5-check-day.js';

const UNIT = { day: FIRST_DAY, token: 'BNB' };
const REWARD = BNB / 1000n;
const AFTER = '2026-11-20T00:00:05.000Z';

/** Every balance carries a copy of when its user's participation counts from; switches go on while a day is settled. */
describe('switches while a closed day is settled', () => {
  let world: SettlementWorld;
  let participation: ParticipationRepository;

  beforeEach(async () => {
    world = await SettlementWorld.open('switches while settling');
    participation = new ParticipationRepository();
    await tenHolders(world);
    await closeDay(world, FIRST_DAY, REWARD);
  });
  afterEach(() => world.close());

  const off = (user: string) =>
    world.db.transaction((tx) => participation.closePeriod(tx, user, AFTER, 'SWITCHED_OFF'));
  const onAgain = (user: string) =>
    world.db.transaction((tx) =>
      participation.openNewPeriod(tx, {
        user,
        startsAt: '2026-11-21T00:00:00.000Z',
        since: '2026-11-20T00:00:06.000Z',
        termsVersion: 'v1',
      }),
    );
  const settle = async (before: Partial<Record<'measure' | 'qualify' | 'split' | 'check', () => Promise<unknown>>>) => {
    const tools = world.tools();
    await tools.settlements.openDueDays(world.db);
    expect(await waitForFinalData(UNIT, tools)).toBe('final');
    await before.measure?.();
    expect(await measureBalances(UNIT, tools)).toBe('measured');
    await before.qualify?.();
    expect(await decideWhoQualifies(UNIT, tools)).toBe('qualified');
    await before.split?.();
    expect(await splitPool(UNIT, tools)).toBe('split');
    await before.check?.();
    return checkDay(UNIT, tools);
  };

  it.each(['measure', 'qualify', 'split', 'check'] as const)(
    'R2, R5: who leaves after the day, right before step %s, has had it whole; and on again changes nothing',
    async (step) => {
      const state = await settle({
        [step]: async () => {
          await off('u3');
          await off('u9');
          await onAgain('u9');
        },
      });
      expect(state).toBe('checked');
      expect(await world.rewards(UNIT)).toEqual(sharesOf(REWARD));
    },
  );

  it.each([
    ['lost: somebody who takes part would get nothing', null],
    ['made up: somebody who takes part from tomorrow on would be paid today', '2025-01-02T00:00:00.000Z'],
  ])('R22a: a copy that is %s; the check reads the periods themselves and holds the day', async (_what, copy) => {
    if (copy !== null) {
      await world.db.affected(
        `UPDATE participation_period SET starts_at = '2026-11-20T00:00:00Z' WHERE user_id = 'u4'`,
      );
    }
    await world.db.affected(`UPDATE spot_balance SET counts_from = $1 WHERE user_id = 'u4'`, [copy]);
    expect(await settle({})).toBe('held');
    expect(await world.settlement(UNIT)).toMatchObject({ held: { code: 'RECOMPUTATION_DIFFERS' } });
    expect(Object.keys(await world.rewards(UNIT)).includes('u4')).toBe(copy !== null);
  });
});

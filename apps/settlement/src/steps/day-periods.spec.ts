import { DayLogRepository, type Transaction } from '@app/database';
import { SettlementWorld } from '../testing/settlement-world.js';
import { FIRST_DAY } from '../testing/trading-days.js';
import { DayPeriods, NEVER, SharedDayPeriods, WHOLE_DAY } from './day-periods.js';

const at = (time: string): string => `${FIRST_DAY}T${time}.000Z`;
const ms = (time: string): bigint => BigInt(Date.parse(time));
const EARLIER = '2026-11-10T00:00:00.000Z';
const TOMORROW = '2026-11-20T00:00:00.000Z';

describe('who takes part in a day, as the independent check reads it', () => {
  let world: SettlementWorld;
  const log = new DayLogRepository();

  beforeEach(async () => {
    world = await SettlementWorld.open('day periods');
  });
  afterEach(() => world.close());

  const listOf = (periods: DayPeriods, user: string): number => {
    const bytes = Buffer.from(`>${user}<`);
    return periods.listOf(bytes, 1, bytes.length - 1);
  };

  it('R3, R4: all day, until they left, or not at all', async () => {
    for (const user of ['whole', 'from 00:00', 'left later', 'left at noon', 'left too']) {
      await world.user(user, { on: null });
    }
    for (const user of ['never', 'left before', 'left at 00:00', 'tomorrow']) await world.user(user, { on: null });
    await world.period('whole', EARLIER, null);
    await world.period('from 00:00', at('00:00:00'), null);
    await world.period('left later', EARLIER, TOMORROW);
    await world.period('left at noon', EARLIER, at('12:00:00'));
    await world.period('left at noon', TOMORROW, null);
    await world.period('left too', EARLIER, at('12:00:00'));
    await world.period('left before', EARLIER, '2026-11-18T23:59:59.999Z');
    await world.period('left at 00:00', EARLIER, at('00:00:00'));
    await world.period('tomorrow', TOMORROW, null);
    const periods = await world.db.transaction((tx) => DayPeriods.read(tx, FIRST_DAY, log));
    for (const user of ['whole', 'from 00:00', 'left later'])
      expect([user, listOf(periods, user)]).toEqual([user, WHOLE_DAY]);
    for (const user of ['never', 'left before', 'left at 00:00', 'tomorrow', 'nobody']) {
      expect([user, listOf(periods, user)]).toEqual([user, NEVER]);
    }
    const noon = listOf(periods, 'left at noon');
    expect(periods.stretches(noon)).toEqual([{ fromMs: ms(EARLIER), toMs: ms(at('12:00:00')) }]);
    expect(listOf(periods, 'left too')).toBe(noon);
  });

  it('R22a: read once by checks that run at the same time, again by one that is made later; a failure is not kept', async () => {
    await world.user('u1', { on: EARLIER });
    const shared = new SharedDayPeriods(log);
    const read = (): Promise<DayPeriods> => world.db.transaction((tx) => shared.of(tx, FIRST_DAY));
    const broken = { copyRows: () => Promise.reject(new Error('connection lost')) } as unknown as Transaction;
    const first = await shared.during(FIRST_DAY, async () => {
      await expect(shared.of(broken, FIRST_DAY)).rejects.toThrow('connection lost');
      const mine = await shared.during(FIRST_DAY, read);
      await world.db.affected('DELETE FROM participation_period');
      expect(await read()).toBe(mine);
      return mine;
    });
    expect(listOf(first, 'u1')).toBe(WHOLE_DAY);
    expect(listOf(await shared.during(FIRST_DAY, read), 'u1')).toBe(NEVER);
  });
});

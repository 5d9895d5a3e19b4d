import { atoms } from '../money/atoms.js';
import type { Atoms } from '../money/atoms.js';
import { DAY_MS } from '../time/utc-day.js';
import { balanceMs } from './day-integral.js';
import type { BalanceMs } from './day-integral.js';

/** R8: floor(integral / 86,400,000). Always over the whole day, however little of it counted (R5). */
export function dailyAverage(integral: BalanceMs): Atoms {
  return atoms(balanceMs(integral) / DAY_MS);
}

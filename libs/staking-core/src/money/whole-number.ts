/** A count from configuration or a caller: no fraction, no NaN, no infinity, within bounds. For money see `atoms`. */
export function isWholeNumber(value: number, least: number, most: number): boolean {
  return typeof value === 'number' && value % 1 === 0 && value >= least && value <= most;
}

import Table from 'cli-table3';

/** One token's day as `GET /v1/days/{day}` says it. Amounts are decimal strings in whole tokens. */
export interface TokenDay {
  readonly state: string;
  readonly observed: string | null;
  readonly released: string | null;
  readonly stake: string | null;
  readonly qualifying: string | null;
  readonly pool: string | null;
  readonly treasuryPart: string | null;
  readonly paid: string | null;
  readonly leftover: string | null;
  readonly users: number | null;
}

export interface Check {
  readonly name: string;
  /** Absent: of the whole day. */
  readonly token?: string;
  readonly passed: boolean;
  readonly detail: string;
}

/** The same with what only our own commands look at. */
export interface SettledToken extends TokenDay {
  readonly checks?: readonly Check[];
  readonly waitingFor?: string;
  readonly held?: unknown;
}

export interface LivedDay {
  readonly day: string;
  readonly tokens: Readonly<Record<string, TokenDay>>;
  readonly checks: readonly Check[];
}

const COLUMNS = [
  'Day',
  'Token',
  'State',
  'Chain paid',
  'Released',
  'Stake',
  'Qualifying',
  'Pool',
  'Paid to users',
  'Leftover',
  'Users',
  'Checks',
] as const;
const RIGHT_FROM = 3;

/** The days as a table that lines up; shown amounts are cut (never rounded up) to a readable number of decimals. */
export function dayTable(days: readonly LivedDay[]): string {
  const table = new Table({
    head: [...COLUMNS],
    style: { head: [], border: [], compact: true },
    colAligns: COLUMNS.map((_, index) => (index < RIGHT_FROM ? 'left' : 'right')),
  });
  for (const { day, tokens, checks } of days) {
    for (const [token, row] of Object.entries(tokens)) {
      table.push([
        day,
        token,
        row.state,
        cut(row.observed, 8),
        cut(row.released, 8),
        cut(row.stake, 2),
        cut(row.qualifying, 2),
        cut(row.pool, 8),
        cut(row.paid, 8),
        cut(row.leftover, 12),
        row.users ?? '–',
        checksCell(checks.filter((check) => check.token === undefined || check.token === token)),
      ]);
    }
  }
  return table.toString();
}

/** `BNB: pool is covered`. */
export const checkName = ({ token, name }: Check): string => (token === undefined ? name : `${token}: ${name}`);

function checksCell(checks: readonly Check[]): string {
  const failed = checks.filter((check) => !check.passed).length;
  return failed === 0 ? `${checks.length} ok` : `${failed} FAILED`;
}

function cut(amount: string | null, decimals: number): string {
  if (amount === null) return '–';
  const [whole = '0', fraction = ''] = amount.split('.');
  return decimals === 0 ? whole : `${whole}.${fraction.slice(0, decimals).padEnd(decimals, '0')}`;
}

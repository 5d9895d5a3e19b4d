import { atoms, parseAmount } from '@app/staking-core';
import { runCommand } from '../support/command.js';

interface DemoLine {
  readonly ok: boolean;
  readonly days: readonly {
    readonly day: string;
    readonly tokens: Readonly<Record<string, Record<string, unknown>>>;
  }[];
}

const FIELDS = ['state', 'observed', 'released', 'stake', 'qualifying', 'pool', 'paid', 'leftover', 'users'];
const AMOUNTS = ['observed', 'released', 'stake', 'qualifying', 'pool', 'paid', 'leftover'];
const AMOUNT = /^(0|[1-9][0-9]*)(\.[0-9]{1,18})?$/;

/** Exact, and it must have the grammar of an amount. */
function amount(value: unknown): bigint {
  const parsed = parseAmount(value, 18);
  if (!parsed.ok) throw new Error(parsed.detail);
  return parsed.atoms;
}

describe('npm run demo', () => {
  it('R17, R20, R21: lives two days on a real chain, and its last line says what became of every coin', async () => {
    const { code, stdout, stderr } = await runCommand('demo', ['--days', '2', '--users', '60', '--seed', '11']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) as string });
    const lines = stdout.trimEnd().split('\n');
    expect(stdout).toContain('every check held');
    expect(stdout).not.toContain('FAILED');
    const result = JSON.parse(lines.at(-1) ?? '') as DemoLine;
    expect(Object.keys(result)).toEqual(['ok', 'days']);
    expect(result.ok).toBe(true);
    expect(result.days).toHaveLength(2);
    expect(Date.parse(result.days[1]?.day ?? '') - Date.parse(result.days[0]?.day ?? '')).toBe(86_400_000);
    for (const { day, tokens } of result.days) {
      expect(day).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(Object.keys(tokens)).toEqual(['BNB']);
      const bnb = tokens['BNB'] ?? {};
      expect(Object.keys(bnb)).toEqual(FIELDS);
      for (const field of AMOUNTS) expect(bnb[field]).toMatch(AMOUNT);
      expect(bnb['state']).toBe('paid');
      expect(bnb['users']).toBeGreaterThan(40);
      expect(amount(bnb['pool'])).toBe(amount(bnb['paid']) + amount(bnb['leftover']));
      // Real yield went in and came out: no day of zeros passes here.
      expect(amount(bnb['paid'])).toBeGreaterThan(0n);
      expect(amount(bnb['pool'])).toBeLessThan(amount(bnb['released']) + amount('1'));
      expect(amount(bnb['paid']) % 10n ** 10n).toBe(0n);
    }
    // What the users' coins did not carry is the treasury's: pool part = floor(released x Q / S), and yesterday's rest.
    const [first, second] = result.days.map(({ tokens }) => tokens['BNB'] ?? {});
    const poolPart = (day: Record<string, unknown>) =>
      (amount(day['released']) * amount(day['qualifying'])) / amount(day['stake']);
    expect(amount(first?.['pool'])).toBe(atoms(poolPart(first ?? {})));
    expect(amount(second?.['pool'])).toBe(atoms(poolPart(second ?? {}) + amount(first?.['leftover'])));
  });

  it.each([
    [['--days', '0'], '--days is a whole number from 1 to 60'],
    [['--users', '7e1'], '--users is a whole number'],
    [['--dayz', '2'], 'usage: npm run demo'],
  ])('refuses %j with one sentence and exit code 2', async (args, sentence) => {
    const { code, stdout, stderr } = await runCommand('demo', args);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
    expect(stdout).toBe('');
  });
});

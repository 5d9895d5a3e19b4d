import { atoms, parseAmount } from '@app/staking-core';
import { LOCAL_CHAINS } from '../../scripts/local-world/chains/index.js';
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

/** R17: a day without a reward is a paid day like any other. R20: to the atom, in the token's own decimals. */
function expectSoundDay(day: Readonly<Record<string, unknown>>, decimals: number): void {
  expect(Object.keys(day)).toEqual(FIELDS);
  for (const field of AMOUNTS) {
    expect(day[field]).toMatch(AMOUNT);
    expect(parseAmount(day[field], decimals)).toMatchObject({ ok: true });
  }
  expect(day['state']).toBe('paid');
  expect(day['users']).toBeGreaterThan(20);
  expect(amount(day['stake'])).toBeGreaterThan(0n);
  expect(amount(day['pool'])).toBe(amount(day['paid']) + amount(day['leftover']));
}

describe('npm run demo', () => {
  it('R17, R20, R21: lives two days on all local chains side by side, and its last line says what became of every coin', async () => {
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
      expect(Object.keys(tokens).sort()).toEqual(LOCAL_CHAINS.map(({ token }) => token).sort());
      for (const { token, decimals } of LOCAL_CHAINS) expectSoundDay(tokens[token] ?? {}, decimals);
      const bnb = tokens['BNB'] ?? {};
      expect(bnb['users']).toBeGreaterThan(40);
      // Chains that pay every day did: real yield went in and came out, no day of zeros passes here.
      for (const daily of ['BNB', 'ATOM']) expect(amount(tokens[daily]?.['paid'])).toBeGreaterThan(0n);
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
    [['--tokens', 'BNB,XRP'], '--tokens is some of BNB,'],
  ])('refuses %j with one sentence and exit code 2', async (args, sentence) => {
    const { code, stdout, stderr } = await runCommand('demo', args);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
    expect(stdout).toBe('');
  });
});

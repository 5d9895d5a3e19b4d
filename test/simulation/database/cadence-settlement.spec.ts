import { addDays, atoms, dayEndMs, formatInstant, utcDay, type TokenRules, type UtcDay } from '@app/staking-core';
import { SettlementWorld } from '../../../apps/settlement/src/testing/settlement-world.js';
import { cosmosDays, drawsOf, erasStallingAt, solanaEpochs, type Cadence, type ObservedReward } from '../cadences.js';
import { settleQuarter, type SettledDay } from '../settle-quarter.js';

jest.setTimeout(240_000);

const FIRST_DAY = utcDay('2026-10-01');
const DAYS = 12;
const READ_AFTER_MS = 5n * 60_000n;
const USERS = 8;
/** The chain of this token says nothing on these two days: its endpoints are away. */
const SILENT = { token: 'DOT', from: 5, days: 2 };

interface Token {
  readonly symbol: string;
  readonly decimals: number;
  readonly payoutDecimals: number;
  readonly releaseDays: number;
  readonly cadence: Cadence;
}

const TOKENS: readonly Token[] = [
  { symbol: 'SOL', decimals: 9, payoutDecimals: 8, releaseDays: 2, cadence: solanaEpochs },
  { symbol: 'ATOM', decimals: 6, payoutDecimals: 6, releaseDays: 1, cadence: cosmosDays },
  { symbol: 'DOT', decimals: 10, payoutDecimals: 8, releaseDays: 1, cadence: erasStallingAt(3) },
];

const coinOf = ({ decimals }: Token): bigint => 10n ** BigInt(decimals);
const stakeOf = (token: Token): bigint => 40_000n * coinOf(token);
const balanceOf = (token: Token, user: number): bigint => BigInt(user + 1) * 400n * coinOf(token) + BigInt(user);

function rewardsOf(token: Token): ObservedReward[] {
  const quarter = {
    firstDay: FIRST_DAY,
    days: DAYS,
    stakeAtoms: atoms(stakeOf(token)),
    dailyRatePpb: 300_000n,
    draw: drawsOf(BigInt(token.decimals)),
  };
  return token.cadence(quarter);
}

/** What the pure functions make of the same days: the specification (R20). */
function specification(token: Token): SettledDay[] {
  const rules: TokenRules = {
    token: token.symbol,
    decimals: token.decimals,
    payoutDecimals: token.payoutDecimals,
    minAtoms: atoms(coinOf(token)),
    capAtoms: atoms(100_000n * coinOf(token)),
    releaseDays: token.releaseDays,
    feeBps: 0,
    countedBalance: 'free',
    maxDailyRatePpb: 1_000_000_000n,
    trendMultiple: 100,
    rulesVersion: 'test',
  };
  return settleQuarter({
    firstDay: FIRST_DAY,
    days: DAYS,
    rules,
    stakeAtoms: atoms(stakeOf(token)),
    accounts: Array.from({ length: USERS }, (_unused, user) => ({
      user: `u${user}`,
      owner: null,
      averageAtoms: atoms(balanceOf(token, user)),
    })),
    rewards: rewardsOf(token),
    readAfterMs: READ_AFTER_MS,
  });
}

/** A short slice of the simulated quarter through the real settlement, on real PostgreSQL. */
describe('three chains with rhythms of their own, settled by the product', () => {
  let world: SettlementWorld;

  beforeAll(async () => {
    world = await SettlementWorld.open('cadence settlement');
    for (const token of TOKENS) {
      const { symbol, decimals, payoutDecimals, releaseDays } = token;
      const limits = { min: coinOf(token), cap: 100_000n * coinOf(token) };
      await world.token(symbol, { decimals, payoutDecimals, releaseDays, ...limits });
    }
    for (let user = 0; user < USERS; user += 1) await world.user(`u${user}`);
    await world.say(
      TOKENS.flatMap((token) =>
        Array.from({ length: USERS }, (_unused, user) => ({
          user: `u${user}`,
          token: token.symbol,
          at: `${FIRST_DAY}T00:00:00.000Z`,
          free: balanceOf(token, user),
        })),
      ),
    );
  });
  afterAll(() => world.close());

  /** As chain-sync would store it: what was told until the day was read, and nothing twice. */
  async function say(token: Token, day: UtcDay): Promise<void> {
    const readMs = dayEndMs(day) + READ_AFTER_MS;
    const dayBefore = day === FIRST_DAY ? 0n : readMs - 86_400_000n;
    const told = rewardsOf(token).filter(({ observedMs }) => observedMs <= readMs && observedMs > dayBefore);
    const rewards = told.map(({ key, amountAtoms, earned }) => ({
      key,
      amount: amountAtoms,
      earnedTo: formatInstant(earned.endMs),
    }));
    await world.chainSays({ day, token: token.symbol }, stakeOf(token), rewards);
  }

  async function settleAll(): Promise<void> {
    await world.run().tick();
  }

  it('R14, R15, R17, R19: every day of every token comes out as the pure functions say, to the atom', async () => {
    const later: { token: Token; day: UtcDay }[] = [];
    for (let index = 0; index < DAYS; index += 1) {
      const day = addDays(FIRST_DAY, index);
      await world.closeShard(day);
      for (const token of TOKENS) {
        const silent = token.symbol === SILENT.token && index >= SILENT.from && index < SILENT.from + SILENT.days;
        if (silent) later.push({ token, day });
        else if (later.some((one) => one.token === token)) {
          for (const missed of later.splice(0)) await say(missed.token, missed.day);
          await say(token, day);
        } else await say(token, day);
      }
      world.now = `${addDays(day, 1)}T00:06:00.000Z`;
      await settleAll();
      for (const token of TOKENS) {
        const row = await world.settlement({ day, token: token.symbol });
        // The failing chain delays its own token alone.
        const waits = later.some((one) => one.token === token);
        expect([day, token.symbol, row['state'] === 'paid']).toEqual([day, token.symbol, !waits]);
      }
    }
    expect(later).toEqual([]);

    for (const token of TOKENS) {
      let observed = 0n;
      for (const expected of specification(token)) {
        const row = await world.settlement({ day: expected.day, token: token.symbol });
        const figures = Object.fromEntries(
          ['state', 'observed', 'released', 'paid', 'leftover', 'treasury_part'].map((name) => [name, row[name]]),
        );
        expect([expected.day, token.symbol, figures]).toEqual([
          expected.day,
          token.symbol,
          {
            state: 'paid',
            observed: expected.observedAtoms.toString(),
            released: expected.releasedAtoms.toString(),
            paid: expected.paidAtoms.toString(),
            leftover: expected.leftoverAtoms.toString(),
            treasury_part: expected.treasuryAtoms.toString(),
          },
        ]);
        observed += expected.observedAtoms;
      }
      expect(observed).toBeGreaterThan(0n);
      await expectConserved(token, observed);
    }
  });

  /** R25: the journal says where every observed atom is. */
  async function expectConserved(token: Token, observed: bigint): Promise<void> {
    const rows = await world.db.rows<{ account: string; amount: string }>(
      'SELECT account, sum(amount)::text AS amount FROM journal_line WHERE token = $1 GROUP BY account',
      [token.symbol],
    );
    const account = Object.fromEntries(rows.map((row) => [row.account, BigInt(row.amount)]));
    expect(account['chain-rewards']).toBe(-observed);
    const last = specification(token).at(-1)!;
    expect(account['unreleased'] ?? 0n).toBe(last.unreleasedAtoms);
    expect(account['leftover'] ?? 0n).toBe(last.leftoverAtoms);
    const zeroDays = specification(token).filter(({ releasedAtoms }) => releasedAtoms === 0n);
    if (token.symbol === 'DOT') expect(zeroDays.length).toBeGreaterThan(0);
    const [settled] = await world.db.rows<{ n: number }>(
      `SELECT count(*)::int AS n FROM settlement WHERE token = $1 AND state = 'paid'`,
      [token.symbol],
    );
    expect(settled!.n).toBe(DAYS);
    const credited = [...world.core.booked.values()].filter((one) => one.token === token.symbol);
    const paid = specification(token).reduce((sum, { paidAtoms }) => sum + paidAtoms, 0n);
    const inAtoms = (amount: string): bigint => {
      const [whole = '0', fraction = ''] = amount.split('.');
      return BigInt(whole + fraction.padEnd(token.decimals, '0'));
    };
    expect(credited.reduce((sum, { amount }) => sum + inAtoms(amount), 0n)).toBe(paid);
  }
});

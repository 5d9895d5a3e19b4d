import { ApiFixture, line } from '../testing/api-fixture.js';
import { countStatements } from '../testing/count-statements.js';
import { MAX_AGE_MS } from '../tokens/kept-reading.js';

const TODAY = '2026-03-10';
const at = (time: string, day = TODAY) => `${day}T${time}.000Z`;
const TOKENS = ['BNB', ...Array.from({ length: 12 }, (_, n) => `T${n + 10}`)];

/** Asking the database is most of what a read costs, so what a call asks does not grow with what a user holds. */
describe('how many statements a read makes', () => {
  let api: ApiFixture;
  beforeAll(async () => {
    api = await ApiFixture.open('statements of reads', at('13:00:00', '2026-03-08'));
    await api.database.affected(
      `INSERT INTO token (symbol, name, chain, decimals, payout_decimals, listed_from)
       SELECT s, s, 'bnb', 18, 8, '2026-01-01' FROM unnest($1::text[]) AS s`,
      [TOKENS.slice(1)],
    );
    await api.database.affected(
      `INSERT INTO token_rule (token, valid_from, min_atoms, cap_atoms, release_days, fee_bps, counted_balance,
         max_daily_rate_ppb, trend_multiple, rules_version, made_by, approved_by)
       SELECT s, valid_from, min_atoms, cap_atoms, release_days, fee_bps, counted_balance, max_daily_rate_ppb,
         trend_multiple, rules_version, made_by, approved_by
       FROM token_rule CROSS JOIN unnest($1::text[]) AS s WHERE token = 'BNB'`,
      [TOKENS.slice(1)],
    );
    for (const user of ['whole', 'left', 'one']) {
      await api.call('PUT', `/v1/users/${user}`, {
        body: { region: 'DE', status: 'active', at: at('00:00:00', '2026-03-08') },
      });
      await api.call('PUT', `/v1/users/${user}/participation`, {
        body: { active: true, at: at('12:00:00', '2026-03-08'), termsVersion: '2026-01' },
      });
    }
    const feed: object[] = [];
    for (const [n, token] of TOKENS.entries())
      for (const user of ['whole', 'left'])
        feed.push(
          line(feed.length + 1, user, at('12:00:00', '2026-03-08'), null, String(n + 2), { token }),
          line(feed.length + 2, user, at('03:00:00'), '2', String(n + 4), { token }),
        );
    feed.push(line(feed.length + 1, 'one', at('12:00:00', '2026-03-08'), null, '7'));
    await api.feed(feed);
    api.clock.at = new Date(at('06:00:00'));
    await api.call('PUT', '/v1/users/left/participation', { body: { active: false, at: at('06:00:00') } });
  });
  afterAll(() => api.close());

  const get = async (url: string) => {
    const { status, json } = await api.call('GET', url);
    expect(status).toBe(200);
    return json;
  };
  /** Of a call that finds the catalogue read already, however slow the machine is: for it no time passes. */
  const statements = async (url: string): Promise<number> => {
    const clock = jest.spyOn(performance, 'now').mockReturnValue(performance.now());
    try {
      await get('/v1/tokens');
      return await countStatements(() => get(url));
    } finally {
      clock.mockRestore();
    }
  };

  it('R34: pending asks the same of thirteen balances as of one, and reads the log once, for those who need it', async () => {
    const counts = await Promise.all(['one', 'whole', 'left'].map((user) => get(`/v1/users/${user}/pending`)));
    expect(counts.map((one) => one.items.length)).toEqual([1, 13, 13]);
    expect(await statements('/v1/users/one/pending')).toBe(2);
    expect(await statements('/v1/users/whole/pending')).toBe(2);
    expect(await statements('/v1/users/left/pending')).toBe(3);
  });

  it('R34: thirteen days that count in part come out right, each from its own lines', async () => {
    const { items } = await get('/v1/users/left/pending');
    // Three hours of n + 2 and three of n + 4, of twenty-four; nothing after the user has left.
    expect(items.map((one: { token: string }) => one.token)).toEqual(TOKENS);
    expect(items.map((one: { averageSoFar: string }) => Number(one.averageSoFar))).toEqual(
      TOKENS.map((_, n) => (3 * (n + 2) + 3 * (n + 4)) / 24),
    );
    expect(items.every((one: Record<string, string>) => one.averageIfUnchanged === one.averageSoFar)).toBe(true);
    const whole = await get('/v1/users/whole/pending');
    expect(whole.items.map((one: { averageIfUnchanged: string }) => Number(one.averageIfUnchanged))).toEqual(
      TOKENS.map((_, n) => (3 * (n + 2) + 21 * (n + 4)) / 24),
    );
  });

  it('R26: a day of quarantine and a hole in the shard count for nothing, for the balances they speak of', async () => {
    const averages = async () =>
      Object.fromEntries(
        (await get('/v1/users/whole/pending')).items.map((one: { token: string; averageIfUnchanged: string }) => [
          one.token,
          one.averageIfUnchanged,
        ]),
      );
    const reasons = async (token: string): Promise<string[]> =>
      (await get('/v1/users/whole/participation')).tokens
        .find((one: { token: string }) => one.token === token)
        .reasons.map((one: { code: string }) => one.code);
    const before = await averages();
    await api.database.affected(`INSERT INTO quarantine VALUES ('whole', 'BNB', '${TODAY}', 'MISMATCH', 0, 1, 1, 2)`);
    expect(await averages()).toEqual({ ...before, BNB: '0' });
    expect([await reasons('BNB'), await reasons('T10')]).toEqual([expect.arrayContaining(['QUARANTINED']), []]);
    await api.database.affected(
      `INSERT INTO quarantine VALUES ('shard:0', '*', '${TODAY}', 'SHARD_GAP', 0, 1, NULL, NULL)`,
    );
    expect(new Set(Object.values(await averages()))).toEqual(new Set(['0']));
    expect(await reasons('T10')).toContain('QUARANTINED');
    await api.database.affected(`UPDATE quarantine SET shard = 9 WHERE token = '*'`);
    expect(await averages()).toEqual({ ...before, BNB: '0' });
    await api.database.affected('DELETE FROM quarantine');
    expect(await averages()).toEqual(before);
  });

  it('a catalogue of thirteen tokens is read once for all who ask within its age', async () => {
    expect(await statements('/v1/tokens')).toBe(0);
    expect(await statements('/v1/users/whole/participation')).toBe(3);
    expect(await statements('/v1/users/whole/rewards')).toBeLessThanOrEqual(3);
    await new Promise((done) => setTimeout(done, MAX_AGE_MS));
    const many = await countStatements(() => Promise.all(Array.from({ length: 20 }, () => get('/v1/tokens'))));
    // Tokens, rules, pauses and what was paid; once more should the twenty take longer than its age.
    expect(many).toBeLessThanOrEqual(8);
  });
});

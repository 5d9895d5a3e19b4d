import { ApiFixture, line } from '../testing/api-fixture.js';

const DAY = '2026-03-10';

/** With the age that the real API has: another process writes, and this one is asked. */
describe('the catalogue in the process', () => {
  let api: ApiFixture;
  beforeEach(async () => {
    api = await ApiFixture.open('token catalogue', `${DAY}T12:00:00.000Z`);
  });
  afterEach(() => api.close());

  const statusOf = async (token: string): Promise<string | undefined> => {
    const { json } = await api.call('GET', '/v1/tokens');
    return json.items.find((one: { token: string }) => one.token === token)?.status;
  };
  const list = async (token: string) => {
    await api.database.affected(
      `INSERT INTO token (symbol, name, chain, decimals, payout_decimals, aliases, listed_from)
       SELECT $1::text, $1::text, 'bnb', 18, 8, ARRAY[$1::text || 'OLD'], '2026-01-01'`,
      [token],
    );
    await api.database.affected(
      `INSERT INTO token_rule (token, valid_from, min_atoms, cap_atoms, release_days, fee_bps, counted_balance,
         max_daily_rate_ppb, trend_multiple, rules_version, made_by, approved_by)
       SELECT $1, valid_from, min_atoms, cap_atoms, release_days, fee_bps, counted_balance, max_daily_rate_ppb,
         trend_multiple, rules_version, made_by, approved_by FROM token_rule WHERE token = 'BNB'`,
      [token],
    );
  };

  it('R43: a pause that another process sets, and its end, show within a second', async () => {
    const showsWithinASecond = async (status: string) => {
      const end = Date.now() + 1_000;
      for (;;) {
        const asked = Date.now();
        const shown = await statusOf('BNB');
        if (shown === status) return;
        if (asked > end) throw new Error(`still ${shown}`);
        await new Promise((done) => setTimeout(done, 20));
      }
    };
    expect(await statusOf('BNB')).toBe('listed');
    await api.database.affected(`INSERT INTO token_pause VALUES ('BNB', '${DAY}T11:00:00Z', NULL, 'drill')`);
    await showsWithinASecond('paused');
    await api.database.affected(`DELETE FROM token_pause`);
    await showsWithinASecond('listed');
  });

  it('R26: the feed takes a token that was listed a moment ago', async () => {
    expect(await statusOf('NEW')).toBeUndefined();
    await list('NEW');
    const { status, json } = await api.feed([line(1, 'u1', `${DAY}T01:00:00.000Z`, null, '10', { token: 'NEW' })]);
    expect({ status, accepted: json.accepted }).toEqual({ status: 200, accepted: 1 });
  });

  it('R29: a token that was listed a moment ago is found by each of its names, and one that is not is named', async () => {
    const urls = (name: string) => [
      `/v1/tokens/${name}/apr`,
      `/v1/credits?day=${DAY}&token=${name}`,
      `/v1/users/u1/rewards?token=${name}`,
    ];
    await api.call('PUT', '/v1/users/u1', { body: { region: 'DE', status: 'active', at: `${DAY}T00:00:00.000Z` } });
    for (const [index, spelt] of ['', 'OLD', ''].entries()) {
      expect(await statusOf('BNB')).toBe('listed');
      const token = `NEW${index}`;
      expect((await api.call('GET', urls(token)[index]!)).json.detail).not.toContain(`${token},`);
      await list(token);
      expect((await api.call('GET', urls(`${token}${spelt}`)[index]!)).status).toBe(200);
    }
    const { status, json } = await api.call('GET', '/v1/users/u1/rewards?token=NONE');
    expect(status).toBe(422);
    expect(json.detail).toContain('NEW2');
  });

  it('R19: while the catalogue cannot be read calls fail, however shortly before it could; then they answer again', async () => {
    expect(await statusOf('BNB')).toBe('listed');
    await api.database.affected('ALTER TABLE token_rule RENAME TO token_rule_away');
    await new Promise((done) => setTimeout(done, 300));
    expect((await api.call('GET', '/v1/tokens')).status).toBe(500);
    await api.database.affected('ALTER TABLE token_rule_away RENAME TO token_rule');
    expect(await statusOf('BNB')).toBe('listed');
  });
});

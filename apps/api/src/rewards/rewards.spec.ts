import { ApiFixture, endOfDay, line } from '../testing/api-fixture.js';
import { countStatements } from '../testing/count-statements.js';

const DAY = '2026-03-09';
const UNIT = 10n ** 18n;
const at = (time: string, day = DAY) => `${day}T${time}.000Z`;

/** One settled day as the settlement leaves it, in small numbers: u1 has 8 of 10, u2 has 2. */
describe('what users are shown of their rewards', () => {
  let api: ApiFixture;
  beforeAll(async () => {
    api = await ApiFixture.open('rewards', '2026-03-10T06:00:00.000Z');
    api.clock.at = new Date('2026-03-08T13:00:00.000Z');
    for (const user of ['u1', 'u2', 'u3']) {
      await api.call('PUT', `/v1/users/${user}`, {
        body: { region: 'DE', status: 'active', at: at('00:00:00', '2026-03-08') },
      });
      await api.call('PUT', `/v1/users/${user}/participation`, {
        body: { active: true, at: at('12:00:00', '2026-03-08'), termsVersion: '2026-01' },
      });
    }
    api.clock.at = new Date('2026-03-10T06:00:00.000Z');
    await api.call('PUT', '/v1/users/u3/participation', { body: { active: false, at: at('06:00:00') } });
    await api.feed([
      line(1, 'u1', at('12:00:00', '2026-03-08'), null, '10'),
      line(2, 'u2', at('12:00:00', '2026-03-08'), null, '2'),
      line(3, 'u3', at('12:00:00', '2026-03-08'), null, '1'),
      endOfDay(4, '2026-03-08'),
      line(5, 'u1', at('12:00:00'), '-4', '6'),
      endOfDay(6, DAY),
      line(7, 'u1', at('03:00:00', '2026-03-10'), '2', '8'),
    ]);
    await settle();
  });
  afterAll(() => api.close());

  async function settle() {
    const q = (text: string, values: unknown[] = []) => api.database.affected(text, values);
    await q("INSERT INTO chain_cut VALUES ('bnb', 7, '0xcut', now(), 0)");
    await q(
      `INSERT INTO chain_reward (token, key, kind, position_key, validator, period, amount, earned_from, earned_to, chain, height, hash)
       VALUES ('BNB', 'k1', 'staking', 'p1', '0xval', '20521', $1, '2026-03-09', '2026-03-10', 'bnb', 7, '0xblock')`,
      [(UNIT / 100n).toString()],
    );
    // Released 0.01; Q = 10, S = 20: half of it is the users'.
    const pool = UNIT / 200n;
    const u1 = (pool * 8n) / 10n;
    const u2 = (pool * 2n) / 10n;
    await q(
      `INSERT INTO settlement (day, token, state, rules_version, observed, released, stake, qualifying, fee, pool_part,
         treasury_part, leftover_before, boosts, pool, paid, leftover, users, paid_at)
       VALUES ($1, 'BNB', 'paid', '2026-01', $2, $2, $3, $4, 0, $5, $5, 0, 0, $5, $5, 0, 2, '2026-03-10T00:05:00Z')`,
      [DAY, (UNIT / 100n).toString(), (20n * UNIT).toString(), (10n * UNIT).toString(), pool.toString()],
    );
    await q("INSERT INTO reward_release VALUES ('BNB', 'k1', 1, $1, $2)", [DAY, (UNIT / 100n).toString()]);
    await q(
      `CREATE TABLE reward_20260309_bnb PARTITION OF reward FOR VALUES FROM ('${DAY}', 'BNB') TO ('${DAY}', 'BNB!')`,
    );
    for (const [user, average, amount] of [
      ['u1', 8n * UNIT, u1],
      ['u2', 2n * UNIT, u2],
    ] as const) {
      await q('INSERT INTO reward VALUES ($1, $2, $3, 0, $4, $4, $5)', [
        user,
        DAY,
        'BNB',
        average.toString(),
        amount.toString(),
      ]);
    }
    await q(
      `INSERT INTO credit_batch (day, token, kind, batch, first_user, last_user, count, total, state, done_at)
       VALUES ($1, 'BNB', 'reward', 1, 'u1', 'u1', 1, $2, 'done', '2026-03-10T00:04:00Z'),
              ($1, 'BNB', 'reward', 2, 'u2', 'u2', 1, $3, 'sent', NULL)`,
      [DAY, u1.toString(), u2.toString()],
    );
  }

  it('R33: explains a reward so that it can be recomputed by hand, and it agrees with what was stored', async () => {
    const { status, json } = await api.call('GET', `/v1/users/u1/rewards/BNB/${DAY}/explain`);
    expect(status).toBe(200);
    expect(json).toMatchObject({ agrees: true, reward: '0.004', settlement: 'paid', rulesVersion: '2026-01' });
    expect(json.receipt).toEqual({
      creditId: `${DAY}.BNB.reward.u1`,
      state: 'credited',
      creditedAt: '2026-03-10T00:04:00.000Z',
    });
    expect(json.chainRewards).toEqual([
      {
        key: 'k1',
        validator: '0xval',
        period: '20521',
        amount: '0.01',
        released: '0.01',
        part: '1 of 1',
        block: { height: '7', hash: '0xblock' },
      },
    ]);
    // By hand, from the numbers shown alone.
    const intervals: { milliseconds: string; balanceAtoms: string }[] = json.balance.intervals;
    const integral = intervals.reduce((sum, one) => sum + BigInt(one.milliseconds) * BigInt(one.balanceAtoms), 0n);
    expect(intervals.map((one) => one.balanceAtoms)).toEqual([(10n * UNIT).toString(), (6n * UNIT).toString()]);
    const average = integral / 86_400_000n;
    expect(average).toBe(8n * UNIT);
    const released = UNIT / 100n;
    const pool = (released * BigInt(json.pool.qualifyingAtoms)) / (20n * UNIT);
    const unit = BigInt(json.split.unitAtoms);
    const reward = ((pool * average) / (BigInt(json.pool.qualifyingAtoms) * unit)) * unit;
    expect(reward.toString()).toBe(json.split.rewardAtoms);
    expect(json.pool).toMatchObject({
      released: '0.01',
      stake: '20',
      qualifying: '10',
      treasuryPart: '0.005',
      pool: '0.005',
    });
  });

  it('R33: explains why there is nothing, with the stretches that did not count', async () => {
    const { json } = await api.call('GET', `/v1/users/u3/rewards/BNB/${DAY}/explain`);
    expect(json).toMatchObject({ agrees: true, stored: null, reward: '0', receipt: null });
    expect(json.balance.average).toBe('0.25');
    expect(json.balance.excluded).toEqual([
      { from: at('06:00:00'), to: '2026-03-10T00:00:00.000Z', reasons: ['NOT_ACTIVE'] },
    ]);
    expect(json.weight.formula).toContain('minimum');
  });

  it('R33: an explanation reads each thing once', async () => {
    const clock = jest.spyOn(performance, 'now').mockReturnValue(performance.now());
    const explain = () => api.call('GET', `/v1/users/u1/rewards/BNB/${DAY}/explain`);
    await explain();
    // What counts, the token's day, reward, its credit in two, the log, and last the archives.
    expect(await countStatements(explain)).toBe(7);
    clock.mockRestore();
  });

  it('R33: says so when the stored reward is another one', async () => {
    await api.database.transaction(async (tx) => {
      await tx.affected("SET LOCAL session_replication_role = 'replica'");
      await tx.affected("UPDATE reward SET amount = amount + 10000000000 WHERE user_id = 'u2'");
    });
    expect((await api.call('GET', `/v1/users/u2/rewards/BNB/${DAY}/explain`)).json.agrees).toBe(false);
    await api.database.transaction(async (tx) => {
      await tx.affected("SET LOCAL session_replication_role = 'replica'");
      await tx.affected("UPDATE reward SET amount = amount - 10000000000 WHERE user_id = 'u2'");
    });
  });

  it('lists rewards with state and credit time', async () => {
    const { json } = await api.call('GET', '/v1/users/u1/rewards?token=BNB&from=2026-03-01&to=2026-03-10');
    expect(json).toEqual({
      items: [
        {
          token: 'BNB',
          day: DAY,
          rewards: '0.004',
          averageBalance: '8',
          weight: '8',
          state: 'credited',
          creditedAt: '2026-03-10T00:04:00.000Z',
        },
      ],
      next: null,
    });
    expect((await api.call('GET', '/v1/users/u2/rewards')).json.items[0]).toMatchObject({
      state: 'sent',
      creditedAt: null,
    });
    expect((await api.call('GET', '/v1/users/u1/rewards?to=2026-03-08')).json.items).toEqual([]);
  });

  it('pages through many days and partitions without losing or repeating any', async () => {
    const days: string[] = [];
    for (let n = 1; n <= 70; n += 1) {
      const day = new Date(Date.parse(DAY) - n * 86_400_000).toISOString().slice(0, 10);
      days.push(day);
      const leaf = `reward_${day.replaceAll('-', '')}_bnb`;
      await api.database.affected(
        `CREATE TABLE ${leaf} PARTITION OF reward FOR VALUES FROM ('${day}', 'BNB') TO ('${day}', 'BNB!')`,
      );
      await api.database.affected("INSERT INTO reward VALUES ('u3', $1, 'BNB', 0, 1, 1, 0)", [day]);
      await api.database.affected("INSERT INTO settlement (day, token, state) VALUES ($1, 'BNB', 'paid')", [day]);
    }
    await api.database.affected('UPDATE reward_catalogue SET version = version + 1');
    const seen: string[] = [];
    let query = '?limit=17';
    for (let page = 0; page < 10; page += 1) {
      const { json } = await api.call('GET', `/v1/users/u3/rewards${query}`);
      seen.push(...json.items.map((one: { day: string }) => one.day));
      if (json.next === null) break;
      query = `?limit=17&cursor=${json.next}`;
    }
    expect(seen).toEqual(days);
  });

  it('R34: shows today so far and an estimate at the last paid rate', async () => {
    const { json } = await api.call('GET', '/v1/users/u1/pending');
    // Three hours of 6 and three of 8 are certain; 8 to the end makes 7.75.
    expect(json.items).toEqual([
      {
        token: 'BNB',
        day: '2026-03-10',
        averageSoFar: '1.75',
        averageIfUnchanged: '7.75',
        estimate: '0.003875',
        rateOf: DAY,
      },
    ]);
    const off = await api.call('GET', '/v1/users/u3/pending');
    expect(off.json.items[0]).toMatchObject({ averageSoFar: '0', averageIfUnchanged: '0', estimate: '0' });
  });

  it('R30: shows as rate what was paid', async () => {
    // 0.005 x 365 / 10
    const { json } = await api.call('GET', `/v1/tokens/BNB/apr?from=${DAY}&to=${DAY}`);
    expect(json.items).toEqual([{ day: DAY, apr: '0.18250000', apr7d: '0.18250000', paid: '0.005', qualifying: '10' }]);
    const tokens = await api.call('GET', '/v1/tokens');
    expect(tokens.json.items.find((one: { token: string }) => one.token === 'BNB')).toMatchObject({
      minimum: '0.5',
      cap: '1000',
      status: 'listed',
      apr: '0.18250000',
    });
  });

  it('shows the day per token, and unknown as null, not zero (R19)', async () => {
    const { json } = await api.call('GET', `/v1/days/${DAY}`);
    expect(json.tokens.BNB).toMatchObject({
      state: 'paid',
      observed: '0.01',
      released: '0.01',
      stake: '20',
      qualifying: '10',
      pool: '0.005',
      treasuryPart: '0.005',
      paid: '0.005',
      leftover: '0',
      users: 2,
      root: null,
    });
    const open = await api.call('GET', '/v1/days/2026-03-10');
    expect(open.json.tokens.BNB).toMatchObject({ state: 'open', pool: null, users: null });
  });

  it('R23: lists the credits of a day by their permanent ids', async () => {
    const first = await api.call('GET', `/v1/credits?day=${DAY}&limit=1`);
    expect(first.json.items).toEqual([
      {
        id: `${DAY}.BNB.reward.u1`,
        user: 'u1',
        token: 'BNB',
        amount: '0.004',
        kind: 'reward',
        state: 'credited',
        batch: 1,
        creditedAt: '2026-03-10T00:04:00.000Z',
      },
    ]);
    const second = await api.call('GET', `/v1/credits?day=${DAY}&limit=1&cursor=${first.json.next}`);
    expect(second.json).toMatchObject({ items: [{ id: `${DAY}.BNB.reward.u2`, state: 'sent' }], next: null });
    expect((await api.call('GET', `/v1/credits?day=${DAY}&state=sent`)).json.items).toHaveLength(1);
  });

  it('R28: a credit that is kept back is listed although no batch has room for it', async () => {
    await api.database.affected("INSERT INTO reward VALUES ('u9', $1, 'BNB', 0, 1, 1, 7)", [DAY]);
    await api.database.affected(
      "INSERT INTO credit_exception (user_id, day, token, kind, amount, state, reason) VALUES ('u9', $1, 'BNB', 'reward', 7, 'held', 'BANNED')",
      [DAY],
    );
    const { json } = await api.call('GET', `/v1/credits?day=${DAY}&state=held`);
    expect(json.items).toEqual([expect.objectContaining({ user: 'u9', state: 'held', batch: null, reason: 'BANNED' })]);
  });

  it('R22: shows what was checked before anything was paid', async () => {
    await api.database.affected(
      "INSERT INTO settlement_check VALUES ($1, 'BNB', 'pool-is-covered', true, 'pool 5 of 10 observed')",
      [DAY],
    );
    const { json } = await api.call('GET', `/v1/days/${DAY}`);
    expect(json.tokens.BNB.checks).toEqual([
      { name: 'pool-is-covered', passed: true, detail: 'pool 5 of 10 observed' },
    ]);
  });

  it('answers health and figures without a credential', async () => {
    const anonymous = { headers: { authorization: undefined } };
    expect((await api.call('GET', '/health/live', anonymous)).json).toEqual({ status: 'ok' });
    expect((await api.call('GET', '/health/ready', anonymous)).json).toMatchObject({ status: 'ok' });
    expect((await api.call('GET', '/metrics', anonymous)).text).toContain(
      'spot_lines_total{outcome="accepted",app="api"} 7',
    );
  });

  it('R33: says that the log of a day is archived, and computes nothing from what is left', async () => {
    const explain = () => api.call('GET', `/v1/users/u1/rewards/BNB/${DAY}/explain`);
    // The next day's log is needed too: the line that tells a balance may lie there.
    for (const [subject, day, code] of [
      ['log', DAY, 'LOG_ARCHIVED'],
      ['log', '2026-03-10', 'LOG_ARCHIVED'],
      ['rewards', DAY, 'REWARDS_ARCHIVED'],
    ] as const) {
      await api.database.affected(`INSERT INTO archived_day VALUES ($1, $2, 'dropped', repeat('0', 64), 1)`, [
        subject,
        day,
      ]);
      const { status, json } = await explain();
      expect({ status, code: json.code }).toEqual({ status: 410, code });
      expect(json.detail).toContain(day);
      await api.database.affected('DELETE FROM archived_day');
    }
    await api.database.affected(`INSERT INTO archived_day VALUES ('log', '2026-03-08', 'dropped', repeat('0', 64), 1)`);
    expect(await explain()).toMatchObject({ status: 200, json: { agrees: true } });
  });

  it('R26: a resent line of an archived day is one that was stored, not a contradiction', async () => {
    const again = (free: string) => api.feed([line(1, 'u1', at('12:00:00', '2026-03-08'), null, free)]);
    expect((await again('10')).json).toMatchObject({ duplicates: 1 });
    await api.database.transaction(async (tx) => {
      await tx.affected("SET LOCAL session_replication_role = 'replica'");
      await tx.affected(`DELETE FROM balance_event WHERE day = '2026-03-08'`);
    });
    expect((await again('10')).json).toMatchObject({ accepted: 0, duplicates: 1 });
    await api.database.affected('DELETE FROM archived_day');
    expect((await again('10')).status).toBe(409);
  });
});

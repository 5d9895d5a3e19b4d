import { ApiFixture, line } from '../testing/api-fixture.js';

const DAY = '2026-03-10';

describe('taking part', () => {
  let api: ApiFixture;
  beforeEach(async () => {
    api = await ApiFixture.open('participation', `${DAY}T12:00:00.000Z`);
    await tell({});
  });
  afterEach(() => api.close());

  const tell = (fields: object, user = 'u1') =>
    api.call('PUT', `/v1/users/${user}`, {
      body: { region: 'DE', status: 'active', at: `${DAY}T00:00:00.000Z`, ...fields },
    });
  const turn = (active: boolean, at: string, fields: object = {}) =>
    api.call('PUT', '/v1/users/u1/participation', {
      body: { active, at, ...(active ? { termsVersion: '2026-01' } : {}), ...fields },
    });
  const periods = () =>
    api.rows<{ starts_at: Date; ends_at: Date | null; since: Date; end_reason: string | null }>(
      'SELECT starts_at, ends_at, since, end_reason FROM participation_period ORDER BY since',
    );
  const consents = async () => (await api.rows<{ n: number }>('SELECT count(*)::int AS n FROM consent'))[0]?.n;
  const cuts = () =>
    api.rows<{ token: string; reason: string; starts_at: Date; ends_at: Date | null }>(
      'SELECT token, reason, starts_at, ends_at FROM participation_cut ORDER BY starts_at, reason',
    );

  it.each([
    ['during a day', `${DAY}T10:15:00.000Z`, '2026-03-11T00:00:00.000Z'],
    ['in its last millisecond', '2026-03-09T23:59:59.999Z', '2026-03-10T00:00:00.000Z'],
    ['at 00:00:00.000 exactly, which belongs to the new day', `${DAY}T00:00:00.000Z`, '2026-03-11T00:00:00.000Z'],
  ])('R4: switching on %s counts from the next 00:00', async (_when, at, countsFrom) => {
    const answer = await turn(true, at);
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ active: true, since: at, countsFrom, termsVersion: '2026-01' });
  });

  it('R5: switching off counts at that millisecond; off and on again starts anew at the next 00:00', async () => {
    await turn(true, '2026-03-09T13:00:00.000Z');
    const off = await turn(false, `${DAY}T11:30:00.123Z`);
    expect(off.json).toMatchObject({ active: false, since: null, countsFrom: null });
    const on = await turn(true, `${DAY}T11:31:00.000Z`);
    expect(on.json.countsFrom).toBe('2026-03-11T00:00:00.000Z');
    expect(await periods()).toEqual([
      expect.objectContaining({
        starts_at: new Date(`${DAY}T00:00:00.000Z`),
        ends_at: new Date(`${DAY}T11:30:00.123Z`),
        end_reason: 'SWITCHED_OFF',
      }),
      expect.objectContaining({ starts_at: new Date('2026-03-11T00:00:00.000Z'), ends_at: null }),
    ]);
    expect(await consents()).toBe(3);
  });

  it('R5: repeating the same switch changes nothing, whenever it is said', async () => {
    expect((await turn(false, `${DAY}T08:00:00.000Z`)).json.active).toBe(false);
    await turn(true, `${DAY}T09:00:00.000Z`);
    const before = await api.contents();
    expect((await turn(true, `${DAY}T09:00:00.000Z`)).json.since).toBe(`${DAY}T09:00:00.000Z`);
    expect((await turn(true, `${DAY}T10:00:00.000Z`)).json.since).toBe(`${DAY}T09:00:00.000Z`);
    expect(await api.contents()).toBe(before);
    await turn(false, `${DAY}T11:00:00.000Z`);
    expect((await turn(false, `${DAY}T11:30:00.000Z`)).json.active).toBe(false);
    expect(await consents()).toBe(2);
    // A resent first statement is the old one, not a new will.
    expect((await turn(true, `${DAY}T09:00:00.000Z`)).json.active).toBe(false);
  });

  it('R5: a switch older than the last one is refused', async () => {
    await turn(true, `${DAY}T09:00:00.000Z`);
    expect((await turn(false, `${DAY}T08:00:00.000Z`)).json.code).toBe('SWITCH_OUT_OF_ORDER');
    expect((await turn(false, `${DAY}T09:00:00.000Z`)).json.code).toBe('SWITCH_CONFLICT');
  });

  it('R14: a switch told after its day was closed takes effect at 00:00 of the first open day; both times are kept', async () => {
    await turn(true, '2026-03-09T13:00:00.000Z');
    await api.database.affected("UPDATE day_gate SET closed_through = '2026-03-10'");
    await turn(false, `${DAY}T11:00:00.000Z`);
    expect(await periods()).toEqual([expect.objectContaining({ ends_at: new Date('2026-03-11T00:00:00.000Z') })]);
    expect(await api.rows('SELECT at FROM consent WHERE NOT active')).toEqual([
      { at: new Date(`${DAY}T11:00:00.000Z`) },
    ]);
    await turn(true, `${DAY}T11:30:00.000Z`);
    expect((await periods())[1]).toMatchObject({
      starts_at: new Date('2026-03-11T00:00:00.000Z'),
      since: new Date(`${DAY}T11:30:00.000Z`),
    });
  });

  it('R6: banning cuts for as long as it lasts, leaving the region ends the consent (R28)', async () => {
    await turn(true, `${DAY}T08:00:00.000Z`);
    await tell({ status: 'banned', at: `${DAY}T09:00:00.000Z` });
    await tell({ at: `${DAY}T10:00:00.000Z` });
    await tell({ region: 'US', at: `${DAY}T11:00:00.000Z` });
    expect(await cuts()).toEqual([
      {
        token: '*',
        reason: 'BANNED',
        starts_at: new Date(`${DAY}T09:00:00.000Z`),
        ends_at: new Date(`${DAY}T10:00:00.000Z`),
      },
      { token: '*', reason: 'REGION', starts_at: new Date(`${DAY}T11:00:00.000Z`), ends_at: null },
    ]);
    expect((await periods())[0]).toMatchObject({ end_reason: 'REGION' });
    await tell({ region: 'FR', at: `${DAY}T11:30:00.000Z` });
    expect((await api.call('GET', '/v1/users/u1/participation')).json.active).toBe(false);
    expect((await turn(true, `${DAY}T11:40:00.000Z`)).json.active).toBe(true);
    expect((await cuts())[1]?.ends_at).toEqual(new Date(`${DAY}T11:30:00.000Z`));
  });

  it('R3: a token switched off singly counts off at once and on again from the next 00:00', async () => {
    const set = (enabled: boolean) => api.call('PUT', '/v1/users/u1/tokens/BNB', { body: { enabled } });
    expect((await set(false)).json).toEqual({ user: 'u1', token: 'BNB', enabled: false });
    await set(false);
    expect(await cuts()).toEqual([
      { token: 'BNB', reason: 'TOKEN_OFF', starts_at: new Date(`${DAY}T12:00:00.000Z`), ends_at: null },
    ]);
    await set(true);
    expect((await cuts())[0]?.ends_at).toEqual(new Date('2026-03-11T00:00:00.000Z'));
    const { json } = await api.call('GET', '/v1/users/u1/participation');
    expect(json.tokens[0].reasons.map((one: { code: string }) => one.code)).toContain('TOKEN_OFF');
  });

  it('R32: says per token why it does not earn, with the amount that is missing', async () => {
    await api.feed([
      line(1, 'u1', `${DAY}T01:00:00.000Z`, null, '1'),
      line(2, 'u1', `${DAY}T02:00:00.000Z`, '-0.7', '0.3', { cause: 'auto-subscribe' }),
    ]);
    const { json } = await turn(true, `${DAY}T09:00:00.000Z`);
    expect(json.tokens).toEqual([
      {
        token: 'BNB',
        balance: '0.3',
        counted: '0.3',
        status: 'not-counting',
        reasons: [
          { code: 'BELOW_MINIMUM', detail: '0.2 BNB short of the minimum.', amount: '0.2' },
          { code: 'AUTO_SUBSCRIBE', detail: expect.any(String) },
          { code: 'STARTS_LATER', detail: expect.stringContaining('2026-03-11T00:00:00.000Z') },
        ],
      },
    ]);
  });

  it('R12: the tag is grey while switched off and yellow while on', async () => {
    await api.feed([line(1, 'u1', `${DAY}T01:00:00.000Z`, null, '2000')]);
    await api.call('POST', '/v1/prices', { body: { at: `${DAY}T00:00:00.000Z`, prices: { BNB: '600.1' } } });
    expect((await api.call('GET', '/v1/users/u1/participation')).json.tag).toEqual({ token: 'BNB', colour: 'grey' });
    const { json } = await turn(true, `${DAY}T09:00:00.000Z`);
    expect(json.tag).toEqual({ token: 'BNB', colour: 'yellow' });
    expect(json.tokens[0].reasons[0]).toMatchObject({ code: 'CAPPED', amount: '1000' });
  });

  it('R5: of two switches at the same moment on two instances one follows the other', async () => {
    await api.addInstance();
    const body = (minute: number) => ({ active: true, at: `${DAY}T09:0${minute}:00.000Z`, termsVersion: '2026-01' });
    const answers = await Promise.all(
      [0, 1, 2, 3, 4, 5].map((n) => api.call('PUT', '/v1/users/u1/participation', { body: body(n) }, n % 2)),
    );
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect([await consents(), (await periods()).length]).toEqual([1, 1]);
  });
});

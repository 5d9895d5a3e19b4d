import { openTestDatabase, type TestDatabase } from '@app/platform';
import { createHash } from 'node:crypto';
import { startSampleCore, type RunningCore } from './index.js';
import { RecordingService } from './testing/recording-service.js';
import { dev, postCredits, reward, SECRET } from './testing/signed.js';

jest.setTimeout(60_000);

const DAY = '2026-11-10';

describe('credits', () => {
  let database: TestDatabase;
  let service: RecordingService;
  let apiUrl: string;
  let core: RunningCore;

  const start = (): Promise<RunningCore> =>
    startSampleCore({
      databaseUrl: database.url,
      apiUrl,
      apiKey: 'dev-core-key',
      devKey: 'dev-core-key',
      webhookSecret: SECRET,
      port: 0,
    });

  beforeEach(async () => {
    database = await openTestDatabase('core-credits');
    service = new RecordingService();
    apiUrl = await service.start();
    core = await start();
    await core.core.open({ users: 30, seed: 7, firstDay: DAY });
    await core.core.runTradingDay(DAY);
  });

  afterEach(async () => {
    await core.stop();
    await service.stop();
    await database.drop();
  });

  const credits = [reward(DAY, 'u1', '0.00000001'), reward(DAY, 'u4', '1.5'), reward(DAY, 'u3', '0.25')];
  const batch = { day: DAY, total: '1.75000001', credits };
  const free = async (user: string): Promise<string> =>
    (await dev(core.url, 'GET', `/dev/accounts/${user}`)).json['balances'].find(
      ({ token }: { token: string }) => token === 'BNB',
    ).free;
  const sums = async () => (await dev(core.url, 'GET', `/dev/books?day=${DAY}`)).json;

  it('R23: answers item by item, echoes count and total, and posts to Spot', async () => {
    const before = await free('u1');
    const { status, json } = await postCredits(core.url, batch);
    expect(status).toBe(200);
    expect(json).toEqual({
      results: credits.map(({ id }) => ({ id, status: 'credited' })),
      count: 3,
      total: '1.75000001',
    });
    expect([before, await free('u1')]).toEqual(['12.5', '12.50000001']);
    const found = await fetch(`${core.url}/credits/${credits[0]!.id}`);
    expect(await found.json()).toEqual({
      id: `${DAY}.BNB.reward.u1`,
      user: 'u1',
      token: 'BNB',
      amount: '0.00000001',
      kind: 'reward',
      day: DAY,
      creditedAt: '2026-11-11T00:05:00.000Z',
    });
    const missing = await fetch(`${core.url}/credits/none`);
    expect([missing.status, missing.headers.get('content-type')]).toEqual([
      404,
      'application/problem+json; charset=utf-8',
    ]);
  });

  it('R23: an id is remembered for ever: after a restart, another day and 200 other credits it is still a duplicate', async () => {
    await postCredits(core.url, batch);
    await core.stop();
    core = await start();
    await core.core.runTradingDay('2026-11-11');
    const spot = await free('u4');
    const { json } = await postCredits(core.url, batch, { 'x-world-time': '2026-12-31T00:00:00.000Z' });
    expect(json['results']).toEqual(credits.map(({ id }) => ({ id, status: 'duplicate' })));
    expect(await free('u4')).toBe(spot);
    expect((await sums())['token'].BNB).toMatchObject({ count: 3, users: 3, total: '1.75000001' });
  });

  it('R23: the same id with anything else in it is refused, and the rest of its batch is not held up', async () => {
    await postCredits(core.url, batch);
    const [first, second] = credits as [(typeof credits)[0], (typeof credits)[0]];
    const changed = [
      { ...first, amount: '0.00000002' },
      { ...second, user: 'u2' },
      { ...credits[2]!, kind: 'boost' },
      reward(DAY, 'u2', '1'),
    ];
    const { json } = await postCredits(core.url, { day: DAY, total: '2.75000002', credits: changed });
    expect(json['results']).toEqual([
      ...credits.map(({ id }) => ({ id, status: 'rejected', reason: 'ID_CONFLICT' })),
      { id: `${DAY}.BNB.reward.u2`, status: 'credited' },
    ]);
    const otherDay = await postCredits(core.url, { ...batch, day: '2026-11-09' });
    expect(otherDay.json['results']).toEqual(
      credits.map(({ id }) => ({ id, status: 'rejected', reason: 'ID_CONFLICT' })),
    );
    expect((await sums())['token'].BNB).toMatchObject({ count: 4, total: '2.75000001' });
  });

  it('R23: a batch whose count or sum is wrong credits nobody', async () => {
    const before = (await sums())['balancesHash'];
    const wrong = [
      await postCredits(core.url, { ...batch, total: '1.75' }),
      await postCredits(core.url, { ...batch, count: 4 }),
      await postCredits(core.url, { day: DAY, total: '0.00000002', credits: [credits[0]!, credits[0]!] }),
      await postCredits(core.url, { ...batch, token: 'SOLL' }),
    ];
    expect(wrong.map(({ status, json }) => `${status} ${json['code']}`)).toEqual([
      '422 BATCH_TOTAL',
      '422 BATCH_TOTAL',
      '422 BATCH_DUPLICATE',
      '422 TOKEN_UNKNOWN',
    ]);
    for (const amount of ['1e3', '-1', '0', '1.0000000000000000001', ' 1', '']) {
      const bad = await postCredits(core.url, { day: DAY, total: '1', credits: [reward(DAY, 'u1', amount)] });
      expect([amount, bad.status, bad.json['code']]).toEqual([amount, 400, 'AMOUNT_FORMAT']);
    }
    expect((await sums())['balancesHash']).toBe(before);
  });

  it('rejects unknown accounts and house accounts as items', async () => {
    const strangers = [reward(DAY, 'nobody', '1'), reward(DAY, 'house:market', '1')];
    const { json } = await postCredits(core.url, { day: DAY, total: '2', credits: strangers });
    expect(json['results']).toEqual(strangers.map(({ id }) => ({ id, status: 'rejected', reason: 'ACCOUNT_UNKNOWN' })));
  });

  it('takes only what is signed with the secret over exactly these bytes', async () => {
    const bad = [
      await postCredits(core.url, batch, { 'webhook-signature': 'v1,AAAA' }),
      await postCredits(core.url, batch, { 'webhook-id': 'm2' }),
      await postCredits(core.url, batch, { 'webhook-timestamp': String(Math.floor(Date.now() / 1000) - 900) }),
    ];
    expect(bad.map(({ status, json }) => `${status} ${json['code']}`)).toEqual(Array(3).fill('401 SIGNATURE'));
    expect((await sums())['token'].BNB.count).toBe(0);
  });

  it('R23: the same batch at the same time from two senders is credited once', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => postCredits(core.url, batch)));
    const statuses = answers
      .flatMap(({ json }) => (json['results'] as { status: string }[]).map(({ status }) => status))
      .sort();
    expect(statuses).toEqual([...Array(3).fill('credited'), ...Array(9).fill('duplicate')]);
    expect((await sums())['token'].BNB).toMatchObject({ count: 3, total: '1.75000001' });
  });

  it('gives its books for the day: count, total and a digest anybody can recompute; pages of 500 by id', async () => {
    const many = Array.from({ length: 501 }, (_unused, n) => ({
      id: `${DAY}.BNB.boost.${String(n).padStart(4, '0')}`,
      user: `u${(n % 30) + 1}`,
      amount: '0.1',
      kind: 'boost',
    }));
    await postCredits(core.url, { day: DAY, total: '50.1', credits: many });
    const lines = many.map(({ id, amount }) => `${id}:${amount}\n`).join('');
    const digest = createHash('sha256').update(lines).digest('hex');
    expect((await sums())['token'].BNB).toEqual({ count: 501, users: 30, total: '50.1', credited: '50.1', digest });
    const page = async (cursor = '') =>
      (await (await fetch(`${core.url}/credits?day=${DAY}&token=BNB${cursor}`)).json()) as {
        items: { id: string }[];
        next: string | null;
      };
    const first = await page();
    const second = await page(`&cursor=${first.next}`);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(many.map(({ id }) => id));
    expect([first.items.length, second.next]).toEqual([500, null]);
  });

  it.each([
    ['drop-after-credit', 3, 'broken'],
    ['status-500', 0, 500],
    ['reset', 0, 'broken'],
    ['half', 1, 'broken'],
  ])('R23: fault %s leaves %i credits, and sending again ends with each exactly once', async (kind, credited, seen) => {
    await dev(core.url, 'POST', '/dev/fault', { kind, times: 1 });
    const outcome = await postCredits(core.url, batch).then(
      ({ status }) => status,
      () => 'broken',
    );
    expect(outcome).toBe(seen);
    expect((await sums())['token'].BNB.count).toBe(credited);
    const { json } = await postCredits(core.url, batch);
    const again = (json['results'] as { status: string }[]).map(({ status }) => status).sort();
    expect(again).toEqual([...Array(3 - Number(credited)).fill('credited'), ...Array(credited).fill('duplicate')]);
    expect((await sums())['token'].BNB).toMatchObject({ count: 3, total: '1.75000001' });
    expect((await sums())['invariants']).toMatchObject({ ok: true });
  });

  it('faults hang and wrong-total: credited, but the answer is missing or wrong', async () => {
    await dev(core.url, 'POST', '/dev/fault', { kind: 'wrong-total' });
    expect((await postCredits(core.url, batch)).json['total']).toBe('1.750000010000000001');
    await dev(core.url, 'POST', '/dev/fault', { kind: 'hang' });
    const other = [reward(DAY, 'u7', '2')];
    const hanging = postCredits(core.url, { day: DAY, total: '2', credits: other }).then(
      () => 'answered',
      () => 'broken',
    );
    const early = await Promise.race([hanging, new Promise((done) => setTimeout(() => done('nothing yet'), 400))]);
    expect(early).toBe('nothing yet');
    expect((await sums())['token'].BNB.count).toBe(4);
    await core.stop();
    expect(await hanging).toBe('broken');
    core = await start();
  });
});

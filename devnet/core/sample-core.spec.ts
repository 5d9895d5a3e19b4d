import { openTestDatabase, type TestDatabase } from '@app/platform';
import { startSampleCore, type RunningCore } from './index.js';
import { amountOf, formatAmount } from './amounts.js';
import { castOf } from './people.js';
import { RecordingService } from './testing/recording-service.js';
import { dev, postCredits, reward, SECRET } from './testing/signed.js';
import { LISTED, listedToken } from './tokens.js';

jest.setTimeout(60_000);

const FIRST_DAY = '2026-11-10';
const OPENING = { users: 60, seed: 7, firstDay: FIRST_DAY };

/** A core with books and a stub service of its own, so that no test depends on another. */
async function world(): Promise<{
  core: RunningCore;
  service: RecordingService;
  database: TestDatabase;
  close(): Promise<void>;
}> {
  const database = await openTestDatabase('sample-core');
  const service = new RecordingService();
  const apiUrl = await service.start();
  const core = await start(database, apiUrl);
  const close = async (): Promise<void> => {
    await core.stop();
    await service.stop();
    await database.drop();
  };
  return { core, service, database, close };
}

const start = (database: TestDatabase, apiUrl: string): Promise<RunningCore> =>
  startSampleCore({
    databaseUrl: database.url,
    apiUrl,
    apiKey: 'dev-core-key',
    devKey: 'dev-core-key',
    webhookSecret: SECRET,
    port: 0,
    patienceMs: 2_000,
  });

/** Every account's lines in order: what a line says must follow from the line before. */
function expectSoundFeed(service: RecordingService): void {
  const free = new Map<string, bigint>();
  const unsound: unknown[] = [];
  for (const shard of service.lines.keys()) {
    let lastAt = '';
    for (const [index, line] of service.parsed(shard).entries()) {
      const at = line.at ?? `${line.endOfDay}T23:59:59.999Z`;
      if (line.seq !== index + 1 || at < lastAt) unsound.push(line);
      lastAt = at;
      if (line.endOfDay !== undefined) continue;
      const { decimals } = listedToken(line.token!);
      const account = `${line.user} ${line.token}`;
      const now = amountOf(line.free!, decimals);
      const size = amountOf((line.delta ?? '0').replace('-', ''), decimals);
      const delta = line.delta?.startsWith('-') ? -size : size;
      const before = line.cause === 'snapshot' ? now : free.get(account);
      if (before === undefined || before + delta !== now) unsound.push(line);
      free.set(account, now);
    }
  }
  expect(unsound).toEqual([]);
}

describe('the opening', () => {
  it('R26: sends everybody, opt-ins of the eve, a snapshot line each, and repeats nothing', async () => {
    const { core, service, close } = await world();
    const first = await dev(core.url, 'POST', '/dev/open', OPENING);
    expect(first.status).toBe(200);
    expect(first.json).toMatchObject({
      fresh: true,
      calls: { refusedAsExpected: [{ path: '/v1/users/u12/participation', status: 403, code: 'REGION' }] },
    });
    const calls = service.calls.length;
    expect(service.calls.filter(({ path }) => /^\/v1\/users\/[^/]+$/.test(path))).toHaveLength(60);
    const optIns = service.calls.filter(({ path }) => path.endsWith('/participation'));
    expect(optIns).toHaveLength(58);
    expect(
      optIns.every(({ body }) => String(body['at']).startsWith('2026-11-09T') && body['termsVersion'] === '2026-01'),
    ).toBe(true);
    expect(service.calls.find(({ path }) => path === '/v1/prices')!.body).toEqual({
      at: '2026-11-10T00:00:00.000Z',
      prices: { BNB: '600', SOL: '150', ATOM: '4.5', DOT: '4' },
    });
    const accounts = castOf(7, 60).flatMap(({ holdings }) => holdings);
    expect(accounts.length).toBeGreaterThan(150);
    expect(service.allLines()).toHaveLength(accounts.length);
    expect(
      service
        .allLines()
        .every(
          (line) => line.cause === 'snapshot' && line.at === '2026-11-10T00:00:00.000Z' && line.delta === undefined,
        ),
    ).toBe(true);
    expectSoundFeed(service);

    // Custody has to hold what users own and a fifth of it on top, the exchange's own.
    const { holdings } = (await dev(core.url, 'GET', '/dev/state')).json;
    expect(Object.keys(holdings as object).sort()).toEqual([...LISTED.keys()].sort());
    for (const { symbol, decimals } of LISTED.values()) {
      const owned = service
        .allLines()
        .filter(({ token }) => token === symbol)
        .reduce((sum, { free, locked }) => sum + amountOf(free!, decimals) + amountOf(locked!, decimals), 0n);
      expect((holdings as Record<string, string>)[symbol]).toBe(formatAmount(owned + owned / 5n, decimals));
    }

    expect((await dev(core.url, 'POST', '/dev/open', OPENING)).json).toMatchObject({
      fresh: false,
      calls: { sent: 0 },
    });
    expect(service.calls).toHaveLength(calls);
    const other = await dev(core.url, 'POST', '/dev/open', { ...OPENING, seed: 8 });
    expect([other.status, other.json['code']]).toEqual([409, 'BOOKS_OPEN']);
    await close();
  });

  it('lists only what it is told to, and says so; the people stay who they are', async () => {
    const { core, service, close } = await world();
    await dev(core.url, 'POST', '/dev/open', { ...OPENING, tokens: ['BNB', 'DOT'] });
    expect(new Set(service.allLines().map(({ token }) => token))).toEqual(new Set(['BNB', 'DOT']));
    expect((await dev(core.url, 'GET', '/dev/state')).json).toMatchObject({ tokens: ['BNB', 'DOT'] });
    const books = (await dev(core.url, 'GET', `/dev/books?day=${FIRST_DAY}`)).json;
    expect(Object.keys(books['token'] as object)).toEqual(['BNB', 'DOT']);
    const other = await dev(core.url, 'POST', '/dev/open', OPENING);
    expect([other.status, other.json['code'], other.json['detail']]).toEqual([
      409,
      'BOOKS_OPEN',
      expect.stringContaining('BNB, DOT'),
    ]);
    expect((await dev(core.url, 'POST', '/dev/open', { ...OPENING, tokens: ['XRP'] })).status).toBe(400);
    await close();
  });

  it('refuses the development verbs without the key, and days out of order', async () => {
    const { core, close } = await world();
    expect((await fetch(`${core.url}/dev/state`)).status).toBe(401);
    expect((await dev(core.url, 'POST', '/dev/day', { day: FIRST_DAY })).json['code']).toBe('BOOKS_CLOSED');
    await dev(core.url, 'POST', '/dev/open', OPENING);
    expect((await dev(core.url, 'POST', '/dev/day', { day: '2026-11-11' })).json['code']).toBe('DAY_ORDER');
    expect((await dev(core.url, 'POST', '/dev/day', { day: '2026-02-30' })).json['code']).toBe('DATE_INVALID');
    expect((await dev(core.url, 'POST', '/dev/time', { now: '2026-11-09T00:00:00.000Z' })).json['code']).toBe(
      'CLOCK_BACKWARDS',
    );
    await close();
  });
});

describe('days', () => {
  it('R26: the feed is gapless, its balances follow from its deltas, switches go before the mark, the ledger adds up', async () => {
    const { core, service, close } = await world();
    await dev(core.url, 'POST', '/dev/open', OPENING);
    for (const day of [FIRST_DAY, '2026-11-11', '2026-11-12']) {
      expect((await dev(core.url, 'POST', '/dev/day', { day })).status).toBe(200);
    }
    expectSoundFeed(service);
    const marks = service.allLines().filter((line) => line.endOfDay !== undefined);
    expect(marks.map(({ shard, endOfDay }) => `${shard} ${endOfDay}`)).toEqual(
      [0, 1].flatMap((shard) => [FIRST_DAY, '2026-11-11', '2026-11-12'].map((day) => `${shard} ${day}`)),
    );
    const off = service.calls.find(({ body }) => body['active'] === false)!;
    expect(off.body['at']).toBe('2026-11-10T12:00:00.000Z');
    expect(service.order.indexOf(`${off.path} ${String(off.body['at'])}`)).toBeLessThan(
      service.order.indexOf(`end of ${FIRST_DAY}`),
    );
    expect(service.calls.find(({ body }) => body['status'] === 'banned')!.body['at']).toBe('2026-11-11T13:37:00.000Z');
    const books = await dev(core.url, 'GET', `/dev/books?day=${FIRST_DAY}`);
    expect(books.json['invariants']).toMatchObject({ ok: true });
    expect(Object.values(books.json['invariants'].checks).every((state) => state === 'held')).toBe(true);
    expect((await dev(core.url, 'GET', '/dev/state')).json).toMatchObject({
      openDay: '2026-11-13',
      now: '2026-11-13T00:00:00.000Z',
      untoldCalls: 0,
    });
    await close();
  });

  it('R2: the same seed and days give the same feed on other books, and a day asked twice is not lived twice', async () => {
    const [one, two] = await Promise.all([world(), world()]);
    for (const { core } of [one, two]) {
      await dev(core.url, 'POST', '/dev/open', OPENING);
      await dev(core.url, 'POST', '/dev/day', { day: FIRST_DAY });
    }
    const again = await dev(two.core.url, 'POST', '/dev/day', { day: FIRST_DAY });
    expect(again.json).toMatchObject({ fresh: false, calls: { sent: 0 }, feed: [{ requests: 0 }, { requests: 0 }] });
    expect([...two.service.lines].sort()).toEqual([...one.service.lines].sort());
    const hash = async ({ core }: typeof one) =>
      (await dev(core.url, 'GET', `/dev/books?day=${FIRST_DAY}`)).json['balancesHash'];
    expect(await hash(two)).toBe(await hash(one));
    await one.close();
    await two.close();
  });

  it('R26: goes on from the watermark after lost answers, refusals for now, half-taken requests and a gap', async () => {
    const { core, service, close } = await world();
    await dev(core.url, 'POST', '/dev/open', OPENING);
    service.tricks.push('lose-answer', 'take-half-and-lose-answer', 'status-503', 'gap', 'lose-answer');
    const answer = await dev(core.url, 'POST', '/dev/day', { day: FIRST_DAY });
    expect(answer.status).toBe(200);
    expect(service.tricks).toEqual([]);
    expect(service.duplicates).toBeGreaterThan(10);
    expect(service.changedLines).toEqual([]);
    expectSoundFeed(service);
    expect(service.allLines().filter((line) => line.endOfDay !== undefined)).toHaveLength(2);
    await close();
  });

  it('tells again what a receiver restored from a backup has lost', async () => {
    const { core, service, close } = await world();
    await dev(core.url, 'POST', '/dev/open', OPENING);
    await dev(core.url, 'POST', '/dev/day', { day: FIRST_DAY });
    const complete = [...service.lines.get(0)!];
    service.forgetAfter(0, 5);
    // The next day's first request meets the hole; the answer names what is expected.
    expect((await dev(core.url, 'POST', '/dev/day', { day: '2026-11-11' })).status).toBe(200);
    expect(service.lines.get(0)!.slice(0, complete.length)).toEqual(complete);
    expectSoundFeed(service);
    await close();
  });

  it('R26: a conflict is for people: it stops, says so, and the same day goes on later', async () => {
    const { core, service, close } = await world();
    await dev(core.url, 'POST', '/dev/open', OPENING);
    service.tricks.push('conflict');
    const refused = await dev(core.url, 'POST', '/dev/day', { day: FIRST_DAY });
    expect([refused.status, refused.json['code']]).toEqual([502, 'FEED_REFUSED']);
    expect(refused.json['detail']).toContain('SEQ_CONFLICT');
    expect((await dev(core.url, 'POST', '/dev/day', { day: FIRST_DAY })).json).toMatchObject({ fresh: false });
    expectSoundFeed(service);
    await close();
  });

  it('R9: credits enter the feed of the day of their credit time, once, and late ones never a closed day', async () => {
    const { core, service, close } = await world();
    await dev(core.url, 'POST', '/dev/open', OPENING);
    await dev(core.url, 'POST', '/dev/day', { day: FIRST_DAY });
    const credits = [reward(FIRST_DAY, 'u1', '0.00000007'), reward(FIRST_DAY, 'u3', '0.5')];
    await postCredits(core.url, { day: FIRST_DAY, total: '0.50000007', credits });
    const later = [reward(FIRST_DAY, 'u4', '0.25')];
    await postCredits(
      core.url,
      { day: FIRST_DAY, total: '0.25', credits: later },
      { 'x-world-time': '2026-11-12T03:00:00.000Z' },
    );
    await dev(core.url, 'POST', '/dev/day', { day: '2026-11-11' });
    const late = [reward(FIRST_DAY, 'u5', '0.125')];
    await postCredits(
      core.url,
      { day: FIRST_DAY, total: '0.125', credits: late },
      { 'x-world-time': '2026-11-11T03:00:00.000Z' },
    );
    await dev(core.url, 'POST', '/dev/day', { day: '2026-11-12' });
    expectSoundFeed(service);
    const told = service.allLines().filter(({ cause }) => cause === 'soft-staking-reward');
    expect(Object.fromEntries(told.map(({ user, at, delta }) => [user, `${at} ${delta}`]))).toEqual({
      u1: '2026-11-11T00:05:00.000Z 0.00000007',
      u3: '2026-11-11T00:05:00.000Z 0.5',
      u4: '2026-11-12T03:00:00.000Z 0.25',
      u5: '2026-11-12T00:00:00.000Z 0.125',
    });
    expect(told).toHaveLength(4);
    expect((await dev(core.url, 'GET', `/dev/books?day=${FIRST_DAY}`)).json['invariants']).toMatchObject({ ok: true });
    await close();
  });

  it('lives through a week of 200 users in well under ten seconds', async () => {
    const { core, service, close } = await world();
    await core.core.open({ users: 200, seed: 7, firstDay: FIRST_DAY });
    for (let day = 10; day < 17; day += 1) await core.core.runTradingDay(`2026-11-${day}`);
    expectSoundFeed(service);
    expect(service.allLines().filter((line) => line.endOfDay !== undefined)).toHaveLength(14);
    await close();
  });
});

describe('the ledger', () => {
  it('R25: the database itself refuses a movement that does not add up, a change of a posting, and an overdraft', async () => {
    const { core, close } = await world();
    await dev(core.url, 'POST', '/dev/open', OPENING);
    const { pool } = core.core;
    await pool.query(`INSERT INTO sample_core.movement VALUES (1000000, 0, 'trade')`);
    await expect(
      pool.query(`INSERT INTO sample_core.posting VALUES (1000000, 'u1', 'BNB', 'free', 1)`),
    ).rejects.toThrow('does not add up to zero');
    await expect(pool.query('UPDATE sample_core.posting SET atoms = atoms + 1')).rejects.toThrow('append-only');
    await expect(pool.query('DELETE FROM sample_core.movement')).rejects.toThrow('append-only');
    await expect(pool.query(`UPDATE sample_core.balance SET free = -1 WHERE account = 'u1'`)).rejects.toThrow(
      'balance_check',
    );
    await close();
  });

  it('R25: a balance that was moved behind the postings is found', async () => {
    const { core, close } = await world();
    await dev(core.url, 'POST', '/dev/open', OPENING);
    await core.core.pool.query(`UPDATE sample_core.balance SET free = free + 1 WHERE account = 'u2' AND token = 'SOL'`);
    const { invariants } = (await dev(core.url, 'GET', `/dev/books?day=${FIRST_DAY}`)).json;
    expect(invariants).toMatchObject({
      ok: false,
      checks: { 'every balance is the sum of its postings': 'broken: u2 SOL' },
    });
    await close();
  });
});

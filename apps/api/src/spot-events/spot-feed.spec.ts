import { Readable } from 'node:stream';
import { ApiFixture, endOfDay, line } from '../testing/api-fixture.js';
import { SpotFeedService } from './spot-feed.service.js';
import { SpotStreamService } from './spot-stream.service.js';

const DAY = '2026-03-10';
const NEXT = '2026-03-11';
const at = (time: string, day = DAY) => `${day}T${time}.000Z`;

describe('POST /v1/spot-events', () => {
  let api: ApiFixture;
  beforeEach(async () => {
    api = await ApiFixture.open('spot feed');
  });
  afterEach(() => api.close());

  const balance = async (user: string) =>
    (await api.rows<Record<string, unknown>>('SELECT * FROM spot_balance WHERE user_id = $1', [user]))[0];
  const bnb = (whole: number) => (BigInt(Math.round(whole * 1000)) * 10n ** 15n).toString();
  const unit = 10n ** 18n;

  it('R26: takes a snapshot, events and the end of the day, and says how far each shard is', async () => {
    const answer = await api.feed([
      line(1, 'u1', at('00:00:00'), null, '10'),
      line(2, 'u1', at('12:00:00'), '-4', '6', { locked: '1' }),
      endOfDay(3, DAY),
      { ...line(1, 'u2', at('06:00:00'), null, '1'), shard: 1 },
    ]);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      accepted: 4,
      duplicates: 0,
      late: 0,
      quarantined: 0,
      shards: [
        { shard: 0, seq: 3, closedDay: DAY },
        { shard: 1, seq: 1, closedDay: null },
      ],
    });
    // R8: 10 for twelve hours, 6 for the other twelve.
    expect((await balance('u1'))?.['integral']).toBe((8n * unit * 86_400_000n).toString());
    expect(await balance('u1')).toMatchObject({ free: bnb(6), locked: bnb(1), day: DAY, prev_day: null });
    expect((await balance('u2'))?.['integral']).toBe(((unit * 86_400_000n * 3n) / 4n).toString());
  });

  it('R26: a replay with the same content is counted and changes nothing', async () => {
    const lines = [
      line(1, 'u1', at('00:00:00'), null, '10'),
      line(2, 'u1', at('12:00:00'), '-4', '6'),
      line(3, 'u1', at('13:00:00'), '1', '9'),
      endOfDay(4, DAY),
      line(5, 'u1', at('14:00:00'), '1', '10'),
    ];
    await api.feed(lines);
    const before = await api.contents();
    const again = await api.feed(lines);
    expect(again.json).toMatchObject({ accepted: 0, duplicates: 5, shards: [{ shard: 0, seq: 5, closedDay: DAY }] });
    expect((await api.contents()).replace(/^feed_shard.*$/m, '')).toBe(before.replace(/^feed_shard.*$/m, ''));
  });

  it.each([
    ['delta', { ...line(2, 'u1', at('12:00:00'), '-4', '6'), delta: '-5' }],
    ['free', { ...line(2, 'u1', at('12:00:00'), '-4', '6'), free: '7' }],
    ['locked', { ...line(2, 'u1', at('12:00:00'), '-4', '6'), locked: '7' }],
    ['time', line(2, 'u1', at('12:00:01'), '-4', '6')],
    ['day', line(2, 'u1', at('12:00:00', NEXT), '-4', '6')],
    ['user', line(2, 'u2', at('12:00:00'), '-4', '6')],
    ['cause', { ...line(2, 'u1', at('12:00:00'), '-4', '6'), cause: 'deposit' }],
    ['kind', endOfDay(2, DAY)],
    ['day of a mark', endOfDay(5, '2026-03-12')],
    ['stated delta of a mismatch', line(3, 'u1', at('13:00:00'), '3', '9')],
    ['late day', line(6, 'u1', at('14:00:01'), '1', '10')],
    ['late delta', line(6, 'u1', at('14:00:00'), '2', '10')],
  ])('R26: a replay with another %s is refused as a whole', async (_what, other) => {
    await api.feed([
      line(1, 'u1', at('00:00:00'), null, '10'),
      line(2, 'u1', at('12:00:00'), '-4', '6'),
      line(3, 'u1', at('13:00:00'), '1', '9'),
      line(4, 'u9', at('13:00:00'), null, '1'),
      endOfDay(5, DAY),
      line(6, 'u1', at('14:00:00'), '1', '10'),
    ]);
    const before = await api.contents();
    const answer = await api.feed([other, line(7, 'u1', at('15:00:00', NEXT), '1', '11')]);
    expect([answer.status, answer.json.code]).toEqual([409, 'SEQ_CONFLICT']);
    expect(answer.json.errors[0].pointer).toBe('/1/seq');
    expect(await api.contents()).toBe(before);
  });

  it('R26: one number with two contents within a request is refused, with the same content it is a duplicate', async () => {
    const first = line(1, 'u1', at('00:00:00'), null, '10');
    expect((await api.feed([first, { ...first, free: '11' }])).json.code).toBe('SEQ_CONFLICT');
    expect((await api.feed([first, first])).json).toMatchObject({ accepted: 1, duplicates: 1 });
  });

  it('R26: stores up to a hole, remembers it, and clears it when the hole is filled', async () => {
    const gap = await api.feed([
      line(1, 'u1', at('00:00:00'), null, '10'),
      line(2, 'u1', at('01:00:00'), '1', '11'),
      line(5, 'u1', at('02:00:00'), '1', '14'),
      { ...line(1, 'u2', at('01:00:00'), null, '1'), shard: 1 },
    ]);
    expect(gap.status).toBe(202);
    expect(gap.json).toMatchObject({ accepted: 3, gaps: [{ shard: 0, expected: 3, got: 5 }] });
    expect(await api.rows('SELECT shard, gap_expected, gap_got FROM feed_shard ORDER BY shard')).toEqual([
      { shard: 0, gap_expected: '3', gap_got: '5' },
      { shard: 1, gap_expected: null, gap_got: null },
    ]);
    const part = await api.feed([line(3, 'u1', at('01:30:00'), '1', '12')]);
    expect(part.status).toBe(202);
    const filled = await api.feed([line(4, 'u1', at('01:40:00'), '1', '13'), line(5, 'u1', at('02:00:00'), '1', '14')]);
    expect([filled.status, filled.json.gaps]).toEqual([200, undefined]);
    expect(await api.rows('SELECT gap_expected FROM feed_shard WHERE shard = 0')).toEqual([{ gap_expected: null }]);
    expect((await balance('u1'))?.['free']).toBe(bnb(14));
  });

  it('R26: a mismatch quarantines the account for the day and adopts what was stated', async () => {
    const answer = await api.feed([
      line(1, 'u1', at('00:00:00'), null, '10'),
      line(2, 'u1', at('12:00:00'), '1', '20'),
      line(3, 'u2', at('12:00:00'), null, '1'),
    ]);
    expect(answer.json).toMatchObject({ accepted: 3, quarantined: 1 });
    expect(await api.rows('SELECT user_id, day, reason, seq, expected, got FROM quarantine')).toEqual([
      { user_id: 'u1', day: DAY, reason: 'MISMATCH', seq: '2', expected: bnb(11), got: bnb(20) },
    ]);
    expect(await api.rows('SELECT free_delta, stated_delta FROM balance_event WHERE seq = 2')).toEqual([
      { free_delta: bnb(10), stated_delta: bnb(1) },
    ]);
    expect((await balance('u1'))?.['free']).toBe(bnb(20));
  });

  it('R26: an event before any snapshot is kept, known from then on, and quarantined', async () => {
    await api.feed([line(1, 'u1', at('06:00:00'), '1', '4')]);
    expect(await api.rows('SELECT reason, expected FROM quarantine')).toEqual([
      { reason: 'NO_SNAPSHOT', expected: null },
    ]);
    const row = await balance('u1');
    expect(row?.['known_from']).toEqual(new Date(at('06:00:00')));
    expect(row?.['integral']).toBe((3n * unit * 86_400_000n).toString());
  });

  it('R27: a line about a closed day moves the balance at 00:00 of the open day and is kept as late', async () => {
    await api.feed([line(1, 'u1', at('00:00:00'), null, '10'), endOfDay(2, DAY)]);
    const answer = await api.feed([line(3, 'u1', at('18:00:00'), '-4', '6')]);
    expect(answer.json).toMatchObject({ accepted: 1, late: 1, quarantined: 0 });
    expect(await balance('u1')).toMatchObject({
      day: NEXT,
      integral: (6n * unit * 86_400_000n).toString(),
      prev_day: DAY,
      prev_integral: (10n * unit * 86_400_000n).toString(),
    });
    expect(await api.rows('SELECT day, ms_of_day, free_delta, state FROM late_event')).toEqual([
      { day: DAY, ms_of_day: 64_800_000, free_delta: (-4n * unit).toString(), state: 'open' },
    ]);
    expect(await api.rows('SELECT day, ms_of_day FROM balance_event WHERE seq = 3')).toEqual([
      { day: NEXT, ms_of_day: 0 },
    ]);
  });

  it('R9: the core’s sequence is the order: a line that names an earlier time takes effect with the line before it', async () => {
    await api.feed([line(1, 'u1', at('00:00:00'), null, '5'), line(2, 'u1', at('12:00:00'), '10', '15')]);
    // Taken at its own word the balance would have been -7 from 06:00 to 12:00.
    const answer = await api.feed([line(3, 'u1', at('06:00:00'), '-12', '3')]);
    expect(answer.status).toBe(200);
    expect((await balance('u1'))?.['integral']).toBe((4n * unit * 86_400_000n).toString());
    expect(await api.rows('SELECT ms_of_day FROM balance_event WHERE seq = 3')).toEqual([{ ms_of_day: 43_200_000 }]);
    expect(await api.rows('SELECT ms_of_day, state FROM late_event')).toEqual([
      { ms_of_day: 21_600_000, state: 'written-off' },
    ]);
    expect((await api.feed([line(3, 'u1', at('06:00:00'), '-12', '3')])).json).toMatchObject({ duplicates: 1 });
  });

  it('R2: days close in order, and no line runs far ahead of them', async () => {
    await api.feed([line(1, 'u1', at('00:00:00'), null, '10'), endOfDay(2, DAY)]);
    const before = await api.contents();
    for (const [bad, code] of [
      [endOfDay(3, DAY), 'MARK_ORDER'],
      [endOfDay(3, '2026-03-12'), 'MARK_ORDER'],
      [line(3, 'u1', at('00:00:00', '2026-03-13'), '1', '11'), 'DAY_AHEAD'],
    ] as const) {
      const answer = await api.feed([line(3, 'u1', at('00:00:01', NEXT), '1', '11'), { ...bad, seq: 4 }]);
      expect([answer.status, answer.json.code, answer.json.progress.accepted]).toEqual([422, code, 0]);
    }
    expect(await api.contents()).toBe(before);
  });

  it('R26: an account is fed by one shard only', async () => {
    await api.feed([line(1, 'u1', at('00:00:00'), null, '10')]);
    const answer = await api.feed([{ ...line(1, 'u1', at('00:00:01'), '1', '11'), shard: 1 }]);
    expect([answer.status, answer.json.code]).toEqual([422, 'ACCOUNT_SHARD']);
    expect(await api.rows('SELECT shard FROM feed_shard')).toEqual([{ shard: 0 }]);
  });

  it('keeps events of users it was never told of: they count from when the user is known', async () => {
    await api.feed([line(1, 'stranger', at('00:00:00'), null, '10')]);
    expect((await api.call('GET', '/v1/users/stranger/participation')).status).toBe(404);
    await api.call('PUT', '/v1/users/stranger', { body: { region: 'DE', status: 'active', at: at('01:00:00') } });
    const { json } = await api.call('GET', '/v1/users/stranger/participation');
    expect(json.tokens).toEqual([
      {
        token: 'BNB',
        balance: '10',
        counted: '10',
        status: 'not-counting',
        reasons: [expect.objectContaining({ code: 'NOT_ACTIVE' })],
      },
    ]);
  });

  it('a refused line undoes its batch, keeps the batches before it, and says so', async () => {
    const stream = api.app().get(SpotStreamService);
    const lines = [1, 2, 3, 4, 5].map((seq) => JSON.stringify(line(seq, 'u1', at(`00:00:0${seq}`), null, '1')));
    lines.splice(4, 0, '{"shard":0,"seq":5,"user":"u1","token":"BNB","at":"x"}');
    const refusal = await stream
      .ingest(Readable.from([Buffer.from(lines.join('\n'))]), { batchLines: 2, idleMs: 1000 })
      .then(
        () => undefined,
        (error: unknown) => error as { toDetails(id: string): Record<string, unknown> },
      );
    expect(refusal?.toDetails('x')).toMatchObject({
      status: 400,
      code: 'TIME_FORMAT',
      errors: [{ pointer: '/5/at' }],
      progress: { accepted: 4, shards: [{ shard: 0, seq: 4 }] },
    });
    expect(await api.rows('SELECT seq FROM feed_shard')).toEqual([{ seq: '4' }]);
  });

  it('reads one batch ahead while a batch is being stored, and no further', async () => {
    const stream = api.app().get(SpotStreamService);
    let made = 0;
    let readMeanwhile = 0;
    const feed = api.app().get(SpotFeedService);
    const store = feed.store.bind(feed);
    jest.spyOn(feed, 'store').mockImplementation(async (lines) => {
      const before = made;
      const stored = await store(lines);
      readMeanwhile = Math.max(readMeanwhile, made - before);
      return stored;
    });
    function* endless() {
      for (let seq = 1; seq <= 4000; seq += 1) {
        made = seq;
        yield Buffer.from(JSON.stringify(line(seq, `u${seq % 7}`, at('00:00:01'), null, '1')) + '\n');
      }
    }
    const source = Readable.from(endless(), { objectMode: true, highWaterMark: 4 });
    const answer = await stream.ingest(source, { batchLines: 100, idleMs: 5000 });
    expect(answer.accepted).toBe(4000);
    // The next batch, and what fits the stream's own buffer.
    expect(readMeanwhile).toBeLessThanOrEqual(108);
  });

  it('answers 408 when the sender falls silent, and keeps what was complete', async () => {
    const stream = api.app().get(SpotStreamService);
    const source = new Readable({ read: () => undefined });
    source.push(JSON.stringify(line(1, 'u1', at('00:00:00'), null, '1')) + '\n{"shard":0,');
    await expect(stream.ingest(source, { batchLines: 1, idleMs: 50 })).rejects.toMatchObject({ status: 408 });
    expect(await api.rows('SELECT seq FROM feed_shard')).toEqual([{ seq: '1' }]);
  });

  it('two instances take the same lines of one shard at once: each line counts once', async () => {
    await api.addInstance();
    const all = Array.from({ length: 301 }, (_, index) =>
      index === 0
        ? line(1, 'u1', at('00:00:00'), null, '0')
        : line(index + 1, 'u1', at('00:00:01'), '1', String(index)),
    );
    await api.feed(all.slice(0, 1));
    // The first rounds open connections; from then on the requests really meet at the shard's row.
    for (let round = 0; round < 5; round += 1) {
      const lines = all.slice(1 + round * 60, 61 + round * 60);
      const answers = await Promise.all([0, 1, 0, 1, 1, 0].map((instance) => api.feed(lines, instance)));
      expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200, 200]);
      expect(answers.reduce((sum, answer) => sum + answer.json.accepted, 0)).toBe(60);
      expect(answers.reduce((sum, answer) => sum + answer.json.duplicates, 0)).toBe(300);
    }
    expect((await balance('u1'))?.['free']).toBe(bnb(300));
    expect(await api.rows('SELECT count(*)::int AS n FROM balance_event')).toEqual([{ n: 301 }]);
  });
});

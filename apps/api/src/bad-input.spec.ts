import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { ApiFixture, CORE_KEY, endOfDay, line, type Call } from './testing/api-fixture.js';

/*
 * Every bad input that this API's surfaces can get, one row each: what is sent, what is answered, and that nothing was
 * stored. Not here, because what they would break does not exist yet or lives elsewhere:
 *  - the same user twice in one batch: the feed may name an account many times; prices have BATCH_DUPLICATE
 *  - missing, repeated, clashing Idempotency-Key: every write is idempotent by its content (at, shard and seq)
 *  - signatures, clock skew, nonces, tenants, JWT, approvals: come with request signatures and the treasury
 *  - sort parameters: no list takes one (it is an unknown field, below)
 *  - balances above custody, delegating, validators, paused operations, settling by call: other processes
 */
const NOW = '2026-03-10T12:00:00.000Z';
const json = (body: unknown): Call => ({ body });
const ndjson = (body: string | Buffer): Call => ({ body, headers: { 'content-type': 'application/x-ndjson' } });
const feed = (...lines: object[]): Call => ndjson(lines.map((one) => JSON.stringify(one) + '\n').join(''));
const event = (fields: Readonly<Record<string, unknown>>): Call =>
  feed({ ...line(3, 'u1', NOW, '1', '11'), ...fields });
const price = (text: unknown): Call => json({ at: NOW, prices: { BNB: text } });
const user = (fields: object): Call => json({ region: 'DE', status: 'active', at: NOW, ...fields });
const optIn = (fields: object): Call => json({ active: true, at: NOW, termsVersion: '2026-01', ...fields });

type Row = readonly [name: string, method: string, url: string, call: Call, status: number, code: string];

const FEED = '/v1/spot-events';
const AMOUNTS: readonly (readonly [unknown, number, string])[] = [
  [1.5, 400, 'AMOUNT_NOT_STRING'],
  [9007199254740993, 400, 'AMOUNT_NOT_STRING'],
  [null, 400, 'AMOUNT_NOT_STRING'],
  [['1'], 400, 'AMOUNT_NOT_STRING'],
  ['1e18', 400, 'AMOUNT_FORMAT'],
  ['0x10', 400, 'AMOUNT_FORMAT'],
  ['+1', 400, 'AMOUNT_FORMAT'],
  ['.5', 400, 'AMOUNT_FORMAT'],
  ['5.', 400, 'AMOUNT_FORMAT'],
  ['1_000', 400, 'AMOUNT_FORMAT'],
  [' 12 ', 400, 'AMOUNT_FORMAT'],
  ['', 400, 'AMOUNT_FORMAT'],
  ['NaN', 400, 'AMOUNT_FORMAT'],
  ['Infinity', 400, 'AMOUNT_FORMAT'],
  ['1,000', 400, 'AMOUNT_FORMAT'],
  ['١٢', 400, 'AMOUNT_FORMAT'],
  ['１２', 400, 'AMOUNT_FORMAT'],
  ['007', 400, 'AMOUNT_FORMAT'],
  ['1.0000000000000000001', 400, 'AMOUNT_PRECISION'],
  ['9'.repeat(400), 400, 'AMOUNT_RANGE'],
];

const USER_IDS: readonly (readonly [string, string])[] = [
  ['longer than 64', 'x'.repeat(65)],
  ['very long', 'x'.repeat(2000)],
  ['with a NUL', 'u%00'],
  ['climbing up', '..%2F..%2Fetc'],
  ['a backslash', 'a%5Cb'],
  ['right-to-left override', '%E2%80%AEu1'],
  ['a zero-width space', 'u%E2%80%8B1'],
  ['decomposed (NFD)', 'e%CC%81'],
  ['a line separator', 'u%E2%80%A8'],
  ['spaces at the end', 'u1%20'],
  ['a tab', 'u%091'],
];

const ROWS: readonly Row[] = [
  // A: amounts and ids
  ...AMOUNTS.map(([text, status, code]): Row => [
    `free ${name(text)}`,
    'POST',
    FEED,
    event({ free: text }),
    status,
    code,
  ]),
  ...AMOUNTS.map(([text, status, code]): Row => [
    `price ${name(text)}`,
    'POST',
    '/v1/prices',
    price(text),
    status,
    code,
  ]),
  ['delta of 400 digits', 'POST', FEED, event({ delta: `-${'9'.repeat(400)}` }), 400, 'AMOUNT_RANGE'],
  ['delta as a number', 'POST', FEED, event({ delta: 1 }), 400, 'AMOUNT_NOT_STRING'],
  ['delta of minus zero', 'POST', FEED, event({ delta: '-0' }), 400, 'AMOUNT_FORMAT'],
  ['balance of minus zero', 'POST', FEED, event({ free: '-0' }), 422, 'AMOUNT_NEGATIVE'],
  ['balance below zero', 'POST', FEED, event({ free: '-1' }), 422, 'AMOUNT_NEGATIVE'],
  ['locked below zero', 'POST', FEED, event({ locked: '-1' }), 422, 'AMOUNT_NEGATIVE'],
  ['locked missing', 'POST', FEED, event({ locked: undefined }), 400, 'AMOUNT_NOT_STRING'],
  ['price below zero', 'POST', '/v1/prices', price('-1'), 400, 'AMOUNT_NEGATIVE'],
  ['price of zero', 'POST', '/v1/prices', price('0'), 400, 'AMOUNT_RANGE'],
  ['unknown token in the feed', 'POST', FEED, event({ token: 'SOLL' }), 422, 'TOKEN_UNKNOWN'],
  ['token in lower case', 'POST', FEED, event({ token: 'bnb' }), 422, 'TOKEN_UNKNOWN'],
  ['look-alike token', 'POST', FEED, event({ token: 'ВNВ' }), 422, 'TOKEN_UNKNOWN'],
  ['token that is a word of the language', 'POST', FEED, event({ token: 'constructor' }), 422, 'TOKEN_UNKNOWN'],
  ['token as a number', 'POST', FEED, event({ token: 5 }), 422, 'TOKEN_UNKNOWN'],
  ['price of an unknown token', 'POST', '/v1/prices', json({ at: NOW, prices: { SOLL: '1' } }), 422, 'TOKEN_UNKNOWN'],
  ['unknown token in a path', 'GET', '/v1/tokens/SOLL/apr', {}, 404, 'TOKEN_UNKNOWN'],
  ['unknown token to switch', 'PUT', '/v1/users/u1/tokens/bnb', json({ enabled: false }), 404, 'TOKEN_UNKNOWN'],
  ['unknown token to explain', 'GET', '/v1/users/u1/rewards/SOLL/2026-03-09/explain', {}, 404, 'TOKEN_UNKNOWN'],
  ['unknown token as a filter', 'GET', '/v1/users/u1/rewards?token=SOLL', {}, 422, 'TOKEN_UNKNOWN'],
  ['unknown token of credits', 'GET', '/v1/credits?day=2026-03-09&token=SOLL', {}, 422, 'TOKEN_UNKNOWN'],
  ...USER_IDS.map(([what, id]): Row => [`user id ${what}`, 'PUT', `/v1/users/${id}`, user({}), 400, 'USER_ID_FORMAT']),
  [
    'user id with a lone surrogate',
    'POST',
    FEED,
    ndjson(`${JSON.stringify(line(3, 'X', NOW, '1', '11')).replace('"X"', '"\\ud800"')}\n`),
    400,
    'USER_ID_FORMAT',
  ],
  ['user id with an escaped NUL', 'POST', FEED, event({ user: 'u\u0000' }), 400, 'USER_ID_FORMAT'],
  ['empty user id in the feed', 'POST', FEED, event({ user: '' }), 400, 'USER_ID_FORMAT'],
  ['owner id that climbs up', 'PUT', '/v1/users/u9', user({ owner: '../x' }), 400, 'USER_ID_FORMAT'],
  ['user nobody told of', 'GET', '/v1/users/nobody/participation', {}, 404, 'USER_UNKNOWN'],
  ['switch of a user nobody told of', 'PUT', '/v1/users/nobody/participation', optIn({}), 404, 'USER_UNKNOWN'],
  ['rewards of a user nobody told of', 'GET', '/v1/users/nobody/rewards', {}, 404, 'USER_UNKNOWN'],
  ['pending of a user nobody told of', 'GET', '/v1/users/nobody/pending', {}, 404, 'USER_UNKNOWN'],
  // B: bodies and protocol
  ['broken JSON', 'PUT', '/v1/users/u9', json('{"region":"DE",'), 400, 'JSON_SYNTAX'],
  ['broken JSON in the feed', 'POST', FEED, ndjson('{"shard":0,\n'), 400, 'JSON_SYNTAX'],
  [
    'text after the line',
    'POST',
    FEED,
    ndjson(`${JSON.stringify(line(3, 'u1', NOW, '1', '11'))} x\n`),
    400,
    'JSON_SYNTAX',
  ],
  [
    'duplicate key',
    'POST',
    '/v1/prices',
    json('{"at":"2026-03-10T12:00:00.000Z","prices":{"BNB":"1","BNB":"2"}}'),
    400,
    'JSON_DUPLICATE_KEY',
  ],
  [
    'duplicate key with the same value',
    'POST',
    '/v1/prices',
    json('{"at":"x","at":"x","prices":{}}'),
    400,
    'JSON_DUPLICATE_KEY',
  ],
  [
    'duplicate key, one escaped',
    'POST',
    '/v1/prices',
    json('{"at":"x","\\u0061t":"x","prices":{}}'),
    400,
    'JSON_DUPLICATE_KEY',
  ],
  [
    'duplicate key in the feed',
    'POST',
    FEED,
    ndjson('{"shard":0,"seq":3,"seq":4,"endOfDay":"2026-03-10"}\n'),
    400,
    'JSON_DUPLICATE_KEY',
  ],
  [
    '__proto__',
    'PUT',
    '/v1/users/u9',
    json('{"region":"DE","status":"active","at":"2026-03-10T12:00:00.000Z","__proto__":{"a":1}}'),
    400,
    'UNKNOWN_FIELD',
  ],
  ['constructor', 'PUT', '/v1/users/u9', json('{"constructor":{"prototype":{}},"region":"DE"}'), 400, 'UNKNOWN_FIELD'],
  [
    '__proto__ in the feed',
    'POST',
    FEED,
    ndjson('{"shard":0,"seq":3,"__proto__":{"endOfDay":"2026-03-10"}}\n'),
    400,
    'UNKNOWN_FIELD',
  ],
  ['depth of a million', 'PUT', '/v1/users/u9', json('['.repeat(1_000_000)), 400, 'JSON_DEPTH'],
  [
    'deep evidence',
    'PUT',
    '/v1/users/u1/participation',
    json(`{"evidence":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`),
    400,
    'JSON_DEPTH',
  ],
  ['body of two megabytes', 'POST', '/v1/prices', json(`{"at":"${'x'.repeat(2_000_000)}"}`), 413, 'BODY_TOO_LARGE'],
  ['line of five kilobytes', 'POST', FEED, event({ cause: 'x'.repeat(5000) }), 413, 'LINE_TOO_LONG'],
  ['line without an end', 'POST', FEED, ndjson('x'.repeat(100_000)), 413, 'LINE_TOO_LONG'],
  [
    'compressed body',
    'POST',
    '/v1/prices',
    { body: '{}', headers: { 'content-encoding': 'gzip' } },
    415,
    'CONTENT_ENCODING',
  ],
  [
    'other content type',
    'POST',
    '/v1/prices',
    { body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    'CONTENT_TYPE',
  ],
  ['text/plain', 'PUT', '/v1/users/u9', { body: '{}', headers: { 'content-type': 'text/plain' } }, 415, 'CONTENT_TYPE'],
  [
    'no content type',
    'PUT',
    '/v1/users/u9',
    { body: '{}', headers: { 'content-type': undefined } },
    415,
    'CONTENT_TYPE',
  ],
  ['JSON where NDJSON is due', 'POST', FEED, json({ shard: 0 }), 415, 'CONTENT_TYPE'],
  ['NDJSON where JSON is due', 'POST', '/v1/prices', ndjson('{}\n'), 415, 'CONTENT_TYPE'],
  [
    'UTF-16',
    'PUT',
    '/v1/users/u9',
    { body: '{}', headers: { 'content-type': 'application/json; charset=utf-16' } },
    415,
    'CONTENT_TYPE',
  ],
  ['byte order mark', 'PUT', '/v1/users/u9', json('\ufeff{}'), 400, 'JSON_SYNTAX'],
  ['byte order mark in the feed', 'POST', FEED, ndjson('\ufeff{}\n'), 400, 'JSON_SYNTAX'],
  ['invalid UTF-8', 'PUT', '/v1/users/u9', json(Buffer.from([0x7b, 0xff, 0x7d])), 400, 'BODY_INVALID'],
  ['invalid UTF-8 in the feed', 'POST', FEED, ndjson(Buffer.from([0x7b, 0xff, 0x7d, 0x0a])), 400, 'BODY_INVALID'],
  ['unknown field', 'PUT', '/v1/users/u9', user({ regoin: 'DE' }), 400, 'UNKNOWN_FIELD'],
  ['unknown field in the feed', 'POST', FEED, event({ fee: '0' }), 400, 'UNKNOWN_FIELD'],
  [
    'unknown field beside an end of day',
    'POST',
    FEED,
    feed({ ...endOfDay(3, '2026-03-10'), user: 'u1' }),
    400,
    'UNKNOWN_FIELD',
  ],
  ['unknown query parameter', 'GET', '/v1/credits?day=2026-03-09&sort=id;drop', {}, 400, 'UNKNOWN_FIELD'],
  ['array where an object is due', 'PUT', '/v1/users/u9', json([]), 400, 'INVALID'],
  ['null where an object is due', 'PUT', '/v1/users/u9', json('null'), 400, 'INVALID'],
  ['array as a line', 'POST', FEED, ndjson('[1]\n'), 400, 'LINE_NOT_OBJECT'],
  ['number as a line', 'POST', FEED, ndjson('1\n'), 400, 'LINE_NOT_OBJECT'],
  ['empty body', 'PUT', '/v1/users/u9', json(''), 400, 'JSON_SYNTAX'],
  ['no body', 'PUT', '/v1/users/u9', {}, 400, 'INVALID'],
  ['empty feed', 'POST', FEED, ndjson(''), 400, 'BATCH_EMPTY'],
  ['feed of blank lines', 'POST', FEED, ndjson('\n\n'), 400, 'BATCH_EMPTY'],
  ['no prices', 'POST', '/v1/prices', json({ at: NOW, prices: {} }), 400, 'BATCH_EMPTY'],
  [
    'too many prices',
    'POST',
    '/v1/prices',
    json({ at: NOW, prices: Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`T${n}`, '1'])) }),
    400,
    'BATCH_TOO_LARGE',
  ],
  ['unknown route', 'GET', '/v1/nothing', {}, 404, 'NOT_FOUND'],
  ['wrong verb', 'DELETE', '/v1/users/u1', {}, 405, 'METHOD_NOT_ALLOWED'],
  ['URL that cannot be decoded', 'GET', '/v1/users/%E0%A4%A/participation', {}, 400, 'URL_INVALID'],
  // C: no credential
  ['no credential', 'GET', '/v1/tokens', { headers: { authorization: undefined } }, 401, 'UNAUTHENTICATED'],
  ['wrong credential', 'GET', '/v1/tokens', { headers: { authorization: 'Bearer nope' } }, 401, 'UNAUTHENTICATED'],
  ['another scheme', 'GET', '/v1/tokens', { headers: { authorization: `Basic ${CORE_KEY}` } }, 401, 'UNAUTHENTICATED'],
  [
    'a user named in a header',
    'GET',
    '/v1/tokens',
    { headers: { authorization: undefined, 'x-user-id': 'u1' } },
    401,
    'UNAUTHENTICATED',
  ],
  [
    'feed without a credential',
    'POST',
    FEED,
    { ...event({}), headers: { authorization: undefined, 'content-type': 'application/x-ndjson' } },
    401,
    'UNAUTHENTICATED',
  ],
  // D: dates and paging
  ['day that does not exist', 'GET', '/v1/days/2026-02-30', {}, 400, 'DATE_INVALID'],
  ['day written short', 'GET', '/v1/days/2026-1-5', {}, 400, 'DATE_FORMAT'],
  ['day without hyphens', 'GET', '/v1/days/20260105', {}, 400, 'DATE_FORMAT'],
  ['time where a day is due', 'GET', '/v1/days/2026-01-05T00:00:00+09:00', {}, 400, 'DATE_FORMAT'],
  ['day to come', 'GET', '/v1/days/2026-03-11', {}, 400, 'DATE_RANGE'],
  ['day before the launch', 'GET', '/v1/days/2020-01-01', {}, 400, 'DATE_RANGE'],
  ['year 0', 'GET', '/v1/days/0000-01-01', {}, 400, 'DATE_RANGE'],
  ['year 10000', 'GET', '/v1/days/10000-01-01', {}, 400, 'DATE_FORMAT'],
  ['end of a day that does not exist', 'POST', FEED, feed(endOfDay(3, '2026-02-30')), 400, 'DATE_INVALID'],
  ['time that does not exist', 'POST', FEED, event({ at: '2026-03-10T24:00:00.000Z' }), 400, 'TIME_INVALID'],
  ['time with an offset', 'POST', FEED, event({ at: '2026-03-10T12:00:00.000+09:00' }), 400, 'TIME_FORMAT'],
  ['time without milliseconds', 'PUT', '/v1/users/u9', user({ at: '2026-03-10T12:00:00Z' }), 400, 'TIME_FORMAT'],
  ['from after to', 'GET', '/v1/users/u1/rewards?from=2026-03-02&to=2026-03-01', {}, 400, 'DATE_RANGE'],
  ['more than 366 days', 'GET', '/v1/users/u1/rewards?from=2025-03-01&to=2026-03-02', {}, 400, 'DATE_RANGE'],
  ...['0', '-1', '1e9', '10abc', '501', ''].map((text): Row => [
    `limit ${name(text)}`,
    'GET',
    `/v1/users/u1/rewards?limit=${text}`,
    {},
    400,
    'LIMIT',
  ]),
  ['forged cursor', 'GET', '/v1/users/u1/rewards?cursor=eyJhIjoxfQ', {}, 400, 'CURSOR_INVALID'],
  ['cursor of nonsense', 'GET', `/v1/users/u1/rewards?cursor=${'%00'}`, {}, 400, 'CURSOR_INVALID'],
  ['endless cursor', 'GET', `/v1/users/u1/rewards?cursor=${'x'.repeat(600)}`, {}, 400, 'CURSOR_INVALID'],
  ['repeated parameter', 'GET', '/v1/credits?day=2026-03-09&day=2026-03-08', {}, 400, 'REPEATED'],
  ['day missing', 'GET', '/v1/credits', {}, 400, 'MISSING'],
  ['state that does not exist', 'GET', '/v1/credits?day=2026-03-09&state=lost', {}, 400, 'STATE'],
  // E: business state
  [
    'opt-in without terms',
    'PUT',
    '/v1/users/u1/participation',
    optIn({ termsVersion: undefined }),
    422,
    'TERMS_VERSION',
  ],
  [
    'opt-in with old terms',
    'PUT',
    '/v1/users/u1/participation',
    optIn({ termsVersion: '2025-01' }),
    422,
    'TERMS_VERSION',
  ],
  ['opt-in from a region that is not served', 'PUT', '/v1/users/us/participation', optIn({}), 403, 'REGION'],
  ['opt-in of a banned user', 'PUT', '/v1/users/banned/participation', optIn({}), 403, 'USER_BANNED'],
  ['opt-in of a closed user', 'PUT', '/v1/users/closed/participation', optIn({}), 403, 'USER_CLOSED'],
  [
    'opt-in in the future',
    'PUT',
    '/v1/users/u1/participation',
    optIn({ at: '2026-03-10T12:01:00.000Z' }),
    422,
    'AT_FUTURE',
  ],
  [
    'opt-in told too late',
    'PUT',
    '/v1/users/u1/participation',
    optIn({ at: '2026-03-09T11:59:59.999Z' }),
    422,
    'AT_TOO_OLD',
  ],
  [
    'opt-out in the future',
    'PUT',
    '/v1/users/u1/participation',
    optIn({ active: false, at: '2026-03-10T12:01:00.000Z' }),
    422,
    'AT_FUTURE',
  ],
  ['switch that is text', 'PUT', '/v1/users/u1/participation', optIn({ active: 'true' }), 400, 'INVALID'],
  ['region in lower case', 'PUT', '/v1/users/u9', user({ region: 'de' }), 400, 'REGION_FORMAT'],
  ['status that does not exist', 'PUT', '/v1/users/u9', user({ status: 'frozen' }), 400, 'STATUS'],
  [
    'user told of with an older time',
    'PUT',
    '/v1/users/u1',
    user({ region: 'FR', at: '2026-03-09T00:00:00.000Z' }),
    409,
    'USER_OUTDATED',
  ],
  [
    'two things at one time',
    'PUT',
    '/v1/users/u1',
    user({ region: 'FR', at: '2026-03-10T00:00:00.000Z' }),
    409,
    'USER_OUTDATED',
  ],
  [
    'another price for the same time',
    'POST',
    '/v1/prices',
    json({ at: '2026-03-10T00:00:00.000Z', prices: { BNB: '601' } }),
    409,
    'PRICE_CONFLICT',
  ],
  [
    'sequence with other content',
    'POST',
    FEED,
    feed(line(2, 'u1', '2026-03-10T01:00:00.000Z', '2', '12')),
    409,
    'SEQ_CONFLICT',
  ],
  ['sequence of zero', 'POST', FEED, event({ seq: 0 }), 400, 'SEQ_RANGE'],
  ['sequence with a fraction', 'POST', FEED, event({ seq: 3.5 }), 400, 'SEQ_RANGE'],
  [
    'sequence beyond exact numbers',
    'POST',
    FEED,
    ndjson('{"shard":0,"seq":9007199254740993,"endOfDay":"2026-03-10"}\n'),
    400,
    'SEQ_RANGE',
  ],
  ['sequence as text', 'POST', FEED, event({ seq: '3' }), 400, 'SEQ_RANGE'],
  ['shard below zero', 'POST', FEED, event({ shard: -1 }), 400, 'SHARD_RANGE'],
  ['shard out of range', 'POST', FEED, event({ shard: 1024 }), 400, 'SHARD_RANGE'],
  [
    'day of an end out of order',
    'POST',
    FEED,
    feed(endOfDay(3, '2026-03-10'), endOfDay(4, '2026-03-12')),
    422,
    'MARK_ORDER',
  ],
  ['event far ahead', 'POST', FEED, event({ at: '2099-01-01T00:00:00.000Z' }), 422, 'DAY_AHEAD'],
  ['account of another shard', 'POST', FEED, event({ shard: 7, seq: 1 }), 422, 'ACCOUNT_SHARD'],
  ['snapshot with a delta', 'POST', FEED, event({ cause: 'snapshot' }), 400, 'DELTA_OR_SNAPSHOT'],
  ['change without a delta', 'POST', FEED, event({ delta: undefined }), 400, 'DELTA_OR_SNAPSHOT'],
  ['cause in capitals', 'POST', FEED, event({ cause: 'TRADE' }), 400, 'CAUSE_FORMAT'],
  [
    'good lines before a bad one',
    'POST',
    FEED,
    feed(line(3, 'u1', NOW, '1', '12'), line(4, 'u1', 'x', '1', '13')),
    400,
    'TIME_FORMAT',
  ],
  ['reward of a day that is not settled', 'GET', '/v1/users/u1/rewards/BNB/2026-03-09/explain', {}, 404, 'NOT_SETTLED'],
];

function name(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 30 ? `${text.slice(0, 27)}...` : text;
}

describe('bad input', () => {
  let api: ApiFixture;
  let before: string;
  beforeAll(async () => {
    api = await ApiFixture.open('bad input', NOW);
    const told = { region: 'DE', status: 'active', at: '2026-03-10T00:00:00.000Z' };
    await api.call('PUT', '/v1/users/u1', json(told));
    await api.call('PUT', '/v1/users/us', json({ ...told, region: 'US' }));
    await api.call('PUT', '/v1/users/banned', json({ ...told, status: 'banned' }));
    await api.call('PUT', '/v1/users/closed', json({ ...told, status: 'closed' }));
    await api.call('POST', '/v1/prices', json({ at: told.at, prices: { BNB: '600' } }));
    const lines = [line(1, 'u1', told.at, null, '10'), line(2, 'u1', '2026-03-10T01:00:00.000Z', '1', '11')];
    expect((await api.feed(lines)).status).toBe(200);
    before = await api.contents();
  });
  afterAll(() => api.close());

  it.each(ROWS)('%s: %s %s', async (_name, method, url, call, status, code) => {
    const answer = await api.call(method, url, call);
    expect([answer.status, answer.json?.code]).toEqual([status, code]);
    expect(answer.type).toMatch(/^application\/problem\+json/);
    expect(answer.json).toMatchObject({
      type: 'about:blank',
      status,
      instance: expect.stringMatching(/^urn:request:/),
    });
    expect(typeof answer.json.title === 'string' && typeof answer.json.detail === 'string').toBe(true);
    expect(answer.text).not.toMatch(/SELECT|INSERT|node_modules|\.ts:|at Object/);
    expect(await api.contents()).toBe(before);
  });

  it('says what is possible with a wrong verb, how to authenticate, and which tokens there are', async () => {
    expect((await api.call('POST', '/v1/users/u1')).headers['allow']).toBe('PUT');
    const anonymous = await api.call('GET', '/v1/tokens', { headers: { authorization: undefined } });
    expect(anonymous.headers['www-authenticate']).toBe('Bearer realm="soft-staking"');
    expect((await api.call('POST', FEED, event({ token: 'SOLL' }))).json.detail).toContain('listed: BNB');
  });

  it('names every bad field with a pointer', async () => {
    const answer = await api.call('PUT', '/v1/users/u9', json({ region: 'de', status: 'x', at: 'y', more: 1 }));
    const found = answer.json.errors.map((one: { pointer: string; code: string }) => `${one.pointer} ${one.code}`);
    expect(found.sort()).toEqual(['/at TIME_FORMAT', '/more UNKNOWN_FIELD', '/region REGION_FORMAT', '/status STATUS']);
  });

  it("refuses another user's cursor", async () => {
    const { encodeCursor } = await import('./http/cursor.js');
    const foreign = encodeCursor(['rewards', 'us', undefined, undefined, undefined], ['2026-03-01', 'BNB']);
    const answer = await api.call('GET', `/v1/users/u1/rewards?cursor=${foreign}`);
    expect([answer.status, answer.json.code]).toEqual([400, 'CURSOR_INVALID']);
    const own = encodeCursor(['rewards', 'u1', undefined, undefined, undefined], ['2026-03-01', 'BNB']);
    expect((await api.call('GET', `/v1/users/u1/rewards?cursor=${own}`)).status).toBe(200);
  });

  it('answers requests that are not proper HTTP with 400 and closes', async () => {
    await api.app().listen(0, '127.0.0.1');
    const { port } = api.app().getHttpServer().address() as AddressInfo;
    const bodies = ['Content-Length: 5\r\nContent-Length: 6', 'Content-Length: 5\r\nTransfer-Encoding: chunked'];
    for (const headers of bodies) {
      const text = await rawRequest(port, `POST /v1/prices HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n{}`);
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect(text).toContain('application/problem+json');
    }
    expect(await api.contents()).toBe(before);
  });
});

function rawRequest(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('utf8').on('data', (part: string) => (answer += part));
    socket.on('error', reject).on('close', () => resolve(answer));
  });
}

import { inspect } from 'node:util';
import { createLogger, redactText } from './logger.js';
import { Secret } from './secret.js';

const KEY = '0x' + '4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318';

function logged(write: (log: ReturnType<typeof createLogger>) => void): {
  line: string;
  json: Record<string, unknown>;
} {
  const lines: string[] = [];
  write(createLogger({ app: 'spec', level: 'debug' }, { write: (line: string) => void lines.push(line) }));
  expect(lines).toHaveLength(1);
  return { line: lines[0]!, json: JSON.parse(lines[0]!) as Record<string, unknown> };
}

describe('createLogger', () => {
  it('writes one JSON line with level, UTC time and app', () => {
    const { line, json } = logged((log) => log.info({ day: '2026-11-19' }, 'settled'));
    expect(json).toMatchObject({ level: 'info', app: 'spec', msg: 'settled', day: '2026-11-19' });
    expect(json['time']).toMatch(/^\d{4}-.*Z$/);
    expect(line.endsWith('\n')).toBe(true);
  });

  it('takes out secrets by key, at any depth, also objects and lists', () => {
    const { line } = logged((log) =>
      log.info({
        a: { b: [{ api_key: 'leak-1' }] },
        headers: { Authorization: 'leak-2', cookie: ['leak-3'] },
        webhookSecret: { inner: 'leak-4' },
        password: 12345678,
      }),
    );
    expect(line).not.toMatch(/leak|12345678/);
  });

  it('keeps what only sounds like a secret', () => {
    const { json } = logged((log) => log.info({ token: 'BNB', key: 'bnb/1', creditId: 'x.y' }));
    expect(json).toMatchObject({ token: 'BNB', key: 'bnb/1', creditId: 'x.y' });
  });

  it.each([
    ['bearer', 'curl -H "Authorization: Bearer dev-core-key"', 'dev-core-key'],
    ['webhook secret', 'got whsec_c2VjcmV0c2VjcmV0', 'c2VjcmV0c2VjcmV0'],
    ['password in a URL', 'cannot reach postgres://staking:p4ss%40w@db:5432/x', 'p4ss%40w'],
    ['private key', `bad key ${KEY}`, KEY.slice(20)],
    ['private key without 0x', `bad key ${KEY.slice(2)}`, KEY.slice(20)],
  ])('takes out a %s from text and from error messages', (_name, text, secret) => {
    expect(redactText(text)).not.toContain(secret);
    const { line } = logged((log) => log.error({ err: new Error(text), nested: { text } }, text));
    expect(line).not.toContain(secret);
  });

  it('keeps hashes whole under their keys and long data as it is', () => {
    const data = '0x' + 'ab'.repeat(100);
    const { json } = logged((log) => log.info({ txHash: KEY, block: { hash: KEY }, other: KEY, data }));
    expect(json).toMatchObject({ txHash: KEY, block: { hash: KEY }, data });
    expect(json['other']).toBe('0x4c0883…[64 hex]');
  });
});

describe('Secret', () => {
  it('shows itself only when asked', () => {
    const secret = new Secret('hush');
    expect(secret.reveal()).toBe('hush');
    expect([String(secret), JSON.stringify({ secret }), inspect({ secret }), `${secret}`].join()).not.toContain('hush');
    expect(logged((log) => log.info({ value: secret })).line).not.toContain('hush');
  });
});

import fc from 'fast-check';
import { LineScanner } from './scan-line.js';
import { LineRefused, parseSpotLine, type TokenNames } from './spot-line.js';

const TOKENS: TokenNames = new Map([
  ['BNB', { symbol: 'BNB', decimals: 18 }],
  ['NEAR', { symbol: 'NEAR', decimals: 24 }],
  ['WIDE', { symbol: 'WIDE', decimals: 70 }],
  ['ATOM', { symbol: 'ATOM', decimals: 6 }],
]);

const plain = {
  shard: 3,
  seq: 7,
  user: 'u1',
  token: 'BNB',
  at: '2026-03-10T12:30:15.250Z',
  delta: '-0.25',
  free: '12.5',
  locked: '0',
  cause: 'trade',
};

function scan(text: string) {
  // In the middle of a longer text, as it stands in a chunk.
  const before = '{"shard":0}\n';
  return new LineScanner(TOKENS).scan(`${before}${text}\n{"x":1}`, before.length, before.length + text.length, 5);
}

function parse(text: string) {
  try {
    return parseSpotLine(text, 5, TOKENS);
  } catch (error) {
    if (error instanceof LineRefused) return error.refusal.code;
    throw error;
  }
}

/** Mostly what a core would say, so that a line is often whole. */
const mostly = <T>(usual: fc.Arbitrary<T>, ...odd: fc.Arbitrary<unknown>[]) =>
  fc.oneof({ weight: 19, arbitrary: usual as fc.Arbitrary<unknown> }, ...odd);
const oddAmount = fc.constantFrom(...['-0', '00', '01', '1.', '.1', '1e3', '1,5', '', '9'.repeat(15), '9'.repeat(16)]);
const wideAmount = fc.stringMatching(/^-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,26})?$/);
const amount = mostly(fc.stringMatching(/^(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?$/), oddAmount, wideAmount);
const other = fc.oneof(fc.constant(null), fc.integer(), fc.string(), fc.constantFrom('é', '\u200b', 'a/b', '.', '..'));
const time = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
const oddTime = fc.constantFrom(
  ...['2026-02-30T00:00:00.000Z', '2026-03-10T24:00:00.000Z', '2026-03-10T23:60:00.000Z', '2026-03-10t00:00:00.000Z'],
  ...['1969-12-31T00:00:00.000Z', '2026-03-10', '2026-03-10T00:00:00,000Z', '2026-03-10T00:00:0x.000Z'],
);
const event = fc.record({
  shard: mostly(fc.integer({ min: 0, max: 1030 }), other),
  seq: mostly(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), other),
  user: mostly(fc.stringMatching(/^[!-~]{1,70}$/), other),
  token: mostly(fc.constantFrom('BNB', 'NEAR', 'WIDE', 'ATOM'), other),
  at: mostly(
    time.map((date) => date.toISOString()),
    oddTime,
  ),
  free: amount,
  locked: amount,
});
const change = fc.record({
  delta: mostly(amount, wideAmount),
  cause: mostly(fc.constantFrom('trade', 'x_1.y-z'), fc.constantFrom('snapshot', 'Trade', '', 'a'.repeat(33))),
});
const snapshot = fc.record({ cause: mostly(fc.constant('snapshot'), fc.constant('trade')) });
const said = fc.tuple(event, fc.oneof(change, snapshot)).map(([fields, more]) => ({ ...fields, ...more }));

describe('the plain spelling of a line', () => {
  it('R26: gives what the full parser gives, in any order of fields and with spaces', () => {
    const shuffled = Object.fromEntries(Object.entries(plain).reverse());
    for (const text of [
      JSON.stringify(plain),
      JSON.stringify(shuffled),
      JSON.stringify(plain).replaceAll(/([:,{}])"/g, '$1 "'),
    ]) {
      expect(scan(text)).toBeDefined();
      expect(scan(text)).toEqual(parse(text));
    }
  });

  it('R1, R26: takes amounts with every place that the token has', () => {
    for (const [token, delta, free] of [
      ['BNB', '-0.000000000000000001', '123456789012345.123456789012345678'],
      ['NEAR', '6.764267295461154764896018', '0.000000000000000000000001'],
      ['WIDE', '-0.1234567890123456789', `9.${'0'.repeat(69)}1`],
    ]) {
      const text = JSON.stringify({ ...plain, token, delta, free });
      expect(scan(text)).toBeDefined();
      expect(scan(text)).toEqual(parse(text));
    }
    for (const delta of ['-0.000000000000000000', '1.1234567890123456789', '0.1234567890123456x8']) {
      expect(scan(JSON.stringify({ ...plain, delta }))).toBeUndefined();
    }
  });

  it('R1, R26: takes nothing that the full parser refuses, and means the same, whatever the line says', () => {
    let taken = 0;
    fc.assert(
      fc.property(said, (fields) => {
        const text = JSON.stringify(fields);
        const scanned = scan(text);
        if (scanned === undefined) return;
        taken += 1;
        expect(scanned).toEqual(parse(text));
      }),
      { numRuns: 5_000 },
    );
    // A tenth is whole: the rest has something odd in it.
    expect(taken).toBeGreaterThan(250);
  });

  it('R26: nor of a line with one character changed, lost or added', () => {
    const text = JSON.stringify(plain);
    fc.assert(
      fc.property(
        fc.nat(text.length),
        fc.nat(1),
        fc.oneof(fc.constant(''), fc.constantFrom(...'{}[]",:.-+ \\/0159eE\t\r\u0000é')),
        (at, cut, put) => {
          const changed = text.slice(0, at) + put + text.slice(at + cut);
          const scanned = scan(changed);
          if (scanned !== undefined) expect(scanned).toEqual(parse(changed));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['a field twice', JSON.stringify(plain).replace('"seq":7', '"seq":7,"seq":8')],
    ['an escape', JSON.stringify(plain).replace('u1', 'u\\u0031')],
    ['a name in another alphabet', JSON.stringify({ ...plain, user: 'ü' })],
    ['a mark', '{"shard":0,"seq":1,"endOfDay":"2026-03-10"}'],
  ])('leaves %s to the full parser', (_what, text) => {
    expect(scan(text)).toBeUndefined();
  });
});

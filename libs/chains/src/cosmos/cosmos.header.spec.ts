import { createHash } from 'node:crypto';

import { decodeHeader, merkleRoot, stampOf } from './cosmos.header.js';

/** Block 2,296,676 of Desmos mainnet (block protocol 11, as Cosmos Hub), as its RPC published it; hash 9FE83FC8…. */
const PUBLISHED = {
  version: { block: '11' },
  chain_id: 'desmos-mainnet',
  height: '2296676',
  time: '2022-02-13T05:29:57.667794209Z',
  last_block_id: {
    hash: '7722804AE11CE78D40074B662397987D213A7A29B2640BAD0E2220A7C9C9847C',
    parts: { total: 1, hash: '70E0E862FD937CBFDD4525CE0EF01EB7EAEFC2FE4B24DB7DED8C50D4C77B5698' },
  },
  last_commit_hash: '9440E233E9DF29DFA87781B439C60B4816F02DF43037D931DD185CC4D26B7783',
  data_hash: 'B2D69C9CD63E5F6AD2765DFE70F85BD070F41914D954407A43756A87745CEF52',
  validators_hash: 'BF71AC4262E597F979EDD2575585D013880AFE6370EAEFCC0A1742A6E2F15361',
  next_validators_hash: 'BF71AC4262E597F979EDD2575585D013880AFE6370EAEFCC0A1742A6E2F15361',
  consensus_hash: '1BF2556CA5D5D7EFFB540F34CB0FFC77A3202E32275557AFBD219882A9E42ACF',
  app_hash: '5D182F840E2649C7765C1967838F8B0C8B0375AC5672A92A81CC202A28D4FB4B',
  last_results_hash: 'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855',
  evidence_hash: 'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855',
  proposer_address: '0DAAE0A2067A42AD689EEF7A4F15C86A81F6DE36',
};
/** The one transaction of that block. */
const TRANSACTION =
  'CpoCCqABCjcvY29zbW9zLmRpc3RyaWJ1dGlvbi52MWJldGExLk1zZ1dpdGhkcmF3RGVsZWdhdG9yUmV3YXJkEmUKLWRlc21vczFyaDJxZXlnNXo0' +
  'ZGRtOGVyZjdwcmV1M3lwNzJnMnp2enZkbHV2aBI0ZGVzbW9zdmFsb3BlcjFyaDJxZXlnNXo0ZGRtOGVyZjdwcmV1M3lwNzJnMnp2empxaGd4OQp1' +
  'CjsvY29zbW9zLmRpc3RyaWJ1dGlvbi52MWJldGExLk1zZ1dpdGhkcmF3VmFsaWRhdG9yQ29tbWlzc2lvbhI2CjRkZXNtb3N2YWxvcGVyMXJoMnFl' +
  'eWc1ejRkZG04ZXJmN3ByZXUzeXA3MmcyenZ6anFoZ3g5EmcKUQpGCh8vY29zbW9zLmNyeXB0by5zZWNwMjU2azEuUHViS2V5EiMKIQNZCIt5v9Z8' +
  'a8JB7KF5XxDOAPbzFhrxfRvnLI3h99bwtRIECgIIARiBMRISCgwKBHVkc20SBDIwMDAQwJoMGkAPLtUk+dMv/+0p6dfG5doufJYPuKZaycsqYSX2' +
  'qV1HLWbh0tbdM3EzPlk+s0HhDWC0N8X1BSauSZsnonXCpFBn';

// A number in JSON arrives as its text.
const header = (change: object = {}): unknown => {
  const { parts, hash } = PUBLISHED.last_block_id;
  return { ...PUBLISHED, last_block_id: { hash, parts: { ...parts, total: String(parts.total) } }, ...change };
};

describe('a CometBFT header', () => {
  it('R19: a published block has the published hash, computed from its fields', () => {
    const decoded = decodeHeader(header());
    expect(decoded.hash).toBe('9FE83FC8236382B4BF1EEE68B4BEBF694E27B8CB633645A0E987A1876A40F440');
    expect(stampOf(decoded)).toEqual({ height: 2_296_676n, hash: decoded.hash, timeMs: 1_644_730_197_667n });
    expect(decoded.timeNs % 1_000_000_000n).toBe(667_794_209n);
  });

  it('R19: the published transaction is what its data hash says', () => {
    const leaf = createHash('sha256').update(Buffer.from(TRANSACTION, 'base64')).digest();
    expect(merkleRoot([leaf]).toString('hex').toUpperCase()).toBe(PUBLISHED.data_hash);
  });

  it.each([
    ['the time by a nanosecond', { time: '2022-02-13T05:29:57.667794210Z' }],
    ['the height', { height: '2296677' }],
    ['the app hash', { app_hash: PUBLISHED.data_hash }],
    ['the chain', { chain_id: 'desmos-mainnes' }],
  ])('R19: altering %s makes it another block', (_, change) => {
    expect(decodeHeader(header(change)).hash).not.toBe(decodeHeader(header()).hash);
  });

  it.each([
    ['no object', null],
    ['a height that is no number', header({ height: '12a' })],
    ['a time that is no time', header({ time: 'yesterday' })],
    ['a time in another zone', header({ time: '2022-02-13T05:29:57+01:00' })],
    ['a hash that is no hex', header({ data_hash: 'zz' })],
  ])('R19: %s is an answer that cannot be used', (_, raw) => {
    expect(() => decodeHeader(raw)).toThrow(expect.objectContaining({ code: 'BAD_ANSWER' }));
  });
});

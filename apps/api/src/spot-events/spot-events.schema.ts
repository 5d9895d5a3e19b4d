const amount = { type: 'string', pattern: '^(0|[1-9][0-9]*)(\\.[0-9]+)?$', example: '10.5' };
const shard = { type: 'integer', minimum: 0, maximum: 1023 };
const seq = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER };

/** One line of the body; the parser in spot-line.ts is the check, this is its description. */
export const BODY_SPOT_LINE = {
  oneOf: [
    {
      type: 'object',
      title: 'Event',
      required: ['shard', 'seq', 'user', 'token', 'at', 'free', 'locked', 'cause'],
      additionalProperties: false,
      properties: {
        shard,
        seq,
        user: { type: 'string', minLength: 1, maxLength: 64 },
        token: { type: 'string', example: 'BNB' },
        at: { type: 'string', format: 'date-time', example: '2026-11-19T08:00:00.000Z' },
        delta: { type: 'string', description: 'signed change of free; absent on a snapshot', example: '-1.5' },
        free: amount,
        locked: amount,
        cause: { type: 'string', example: 'trade' },
      },
    },
    {
      type: 'object',
      title: 'End of day',
      required: ['shard', 'seq', 'endOfDay'],
      additionalProperties: false,
      properties: { shard, seq, endOfDay: { type: 'string', format: 'date' } },
    },
  ],
};

export const RESPONSE_FEED = {
  type: 'object',
  required: ['accepted', 'duplicates', 'shards', 'late', 'quarantined'],
  properties: {
    accepted: { type: 'integer' },
    duplicates: { type: 'integer', description: 'lines said before with the same content' },
    late: { type: 'integer', description: 'lines about a day their shard had closed (R27)' },
    quarantined: { type: 'integer', description: 'lines that contradict the balance known before (R26)' },
    shards: {
      type: 'array',
      items: {
        type: 'object',
        required: ['shard', 'seq', 'closedDay'],
        properties: { shard, seq: { type: 'integer' }, closedDay: { type: ['string', 'null'] } },
      },
    },
    gaps: {
      type: 'array',
      items: {
        type: 'object',
        required: ['shard', 'expected', 'got'],
        properties: { shard, expected: { type: 'integer' }, got: { type: 'integer' } },
      },
    },
  },
};

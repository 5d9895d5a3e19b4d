import { atoms } from '../money/atoms.js';
import { readBatchEcho } from './credit-batch.js';
import type { BatchEcho } from './credit-batch.js';

const sent = [
  { id: 'a', amountAtoms: atoms(3n) },
  { id: 'b', amountAtoms: atoms(4n) },
];
const echo = (results: BatchEcho['results'], count = 2n, totalAtoms = 7n): BatchEcho => ({
  count,
  totalAtoms,
  results,
});
const read = (results: BatchEcho['results'], count = 2n, total = 7n) => {
  const { outcomes, problems } = readBatchEcho(sent, echo(results, count, total));
  return { outcomes: [...outcomes].map(([id, one]) => `${id} ${one.outcome}`), problems };
};

describe('readBatchEcho', () => {
  it('R23: the core answers item by item; a duplicate was credited by an earlier attempt', () => {
    expect(
      read([
        { id: 'a', status: 'credited' },
        { id: 'b', status: 'duplicate' },
      ]),
    ).toEqual({ outcomes: ['a credited', 'b credited'], problems: [] });
    const refused = readBatchEcho(
      sent,
      echo([
        { id: 'a', status: 'rejected', reason: 'ID_CONFLICT' },
        { id: 'b', status: 'credited' },
      ]),
    );
    expect(refused.outcomes.get('a')).toEqual({ outcome: 'rejected', reason: 'ID_CONFLICT' });
    expect(refused.outcomes.get('b')).toEqual({ outcome: 'credited', reason: null });
  });

  it('R23: what is not answered is unknown, not failed', () => {
    expect(read([{ id: 'b', status: 'credited' }])).toEqual({ outcomes: ['a unknown', 'b credited'], problems: [] });
  });

  it('R23: count and sum travel with the batch and must come back', () => {
    const all = [
      { id: 'a', status: 'credited' },
      { id: 'b', status: 'credited' },
    ] as const;
    expect(read(all, 3n).problems).toEqual(['COUNT_MISMATCH']);
    expect(read(all, 2n, 8n).problems).toEqual(['TOTAL_MISMATCH']);
  });

  it('R23: an answer that contradicts itself leaves the credit unknown', () => {
    expect(
      read([
        { id: 'a', status: 'credited' },
        { id: 'a', status: 'rejected' },
        { id: 'b', status: 'credited' },
      ]),
    ).toEqual({
      outcomes: ['a unknown', 'b credited'],
      problems: ['CONTRADICTION'],
    });
    expect(
      read([
        { id: 'a', status: 'credited' },
        { id: 'a', status: 'duplicate' },
        { id: 'c', status: 'credited' },
      ]),
    ).toEqual({
      outcomes: ['a credited', 'b unknown'],
      problems: ['FOREIGN_ID'],
    });
  });
});

import { openTestDatabase, type TestDatabase } from '@app/platform';
import { Database } from '../database.js';
import { FactContradiction, type FactRow } from './chain-facts.js';
import { ChainObservationRepository, CursorMoved, type CutRows } from './chain-observation.repository.js';
import { ChainOperationRepository, OperationMoved, type PlannedStep } from './chain-operation.repository.js';
import { LeaseRepository, type Lease } from './lease.repository.js';

jest.setTimeout(60_000);

const stamp = (height: bigint) => ({ height, hash: `0x${height}`, timeMs: 1_795_000_000_123n + height });
const nothing = (): void => undefined;
const block = (height: bigint) => ({ height: height.toString(), hash: `0x${height}` });

function cut(height: bigint, parts: Partial<CutRows> = {}): CutRows {
  return {
    cut: { chain: 'bnb', ...block(height), at: '2026-11-19T00:00:00.123Z', liquid: '9'.repeat(78) },
    rewards: [],
    flows: [],
    slashes: [],
    positions: [],
    validators: [],
    parameters: [],
    days: [],
    ...parts,
  };
}

const slash = (state: string, amount: string, height: bigint): FactRow => ({
  token: 'BNB',
  key: 'slash-1',
  kind: 'downtime',
  state,
  position_key: null,
  validator: 'v',
  amount,
  at: '2026-11-18T12:00:00.000Z',
  ...block(height),
  txid: null,
});

describe('the books of a chain', () => {
  let test: TestDatabase;
  let db: Database;
  let lease: Lease;
  let books: ChainObservationRepository;
  let operations: ChainOperationRepository;
  beforeAll(async () => {
    test = await openTestDatabase('chain books');
    db = await Database.open(test.url);
    await db.migrate();
    await db.affected(
      `INSERT INTO token (symbol, name, chain, decimals, payout_decimals, listed_from) VALUES ('BNB', 'BNB', 'bnb', 18, 8, '2026-01-01')`,
    );
    books = new ChainObservationRepository(db);
    operations = new ChainOperationRepository(db);
    lease = (await new LeaseRepository(db).take('chain:bnb', 'test', 600_000))!;
    const start = { chain: 'bnb', chainId: '56', genesisHash: '0x0', cut: stamp(1n), final: stamp(2n), headAtMs: 1n };
    await books.openAt(lease, start, cut(1n), nothing);
  });
  afterAll(async () => {
    await db.close();
    await test.drop();
  });

  const store = (from: bigint, to: bigint, parts: Partial<CutRows> = {}) =>
    books.storeCut(lease, { chain: 'bnb', from: stamp(from), to: stamp(to) }, cut(to, parts), nothing);

  it('keep times to the millisecond and amounts to the last of 78 digits', async () => {
    expect((await books.cursor('bnb'))!.cut).toEqual(stamp(1n));
    const [row] = await db.rows<{ liquid: string }>('SELECT liquid FROM chain_cut');
    expect(row!.liquid).toBe('9'.repeat(78));
  });

  it('move on from the cursor that was read, or not at all', async () => {
    await store(1n, 10n);
    await expect(store(1n, 11n)).rejects.toBeInstanceOf(CursorMoved);
    const wrongHash = { ...stamp(10n), hash: '0xother' };
    await expect(
      books.storeCut(lease, { chain: 'bnb', from: wrongHash, to: stamp(11n) }, cut(11n), nothing),
    ).rejects.toBeInstanceOf(CursorMoved);
    expect(await db.rows('SELECT 1 FROM chain_cut WHERE height = 11')).toEqual([]);
    expect((await books.cursor('bnb'))!.cut.height).toBe(10n);
  });

  it('final never goes back', async () => {
    await books.noteFinal(lease, 'bnb', stamp(40n), 5n);
    await books.noteFinal(lease, 'bnb', stamp(39n), 6n);
    expect((await books.cursor('bnb'))!.final).toEqual(stamp(40n));
  });

  it('R18: a slash moves on through its states and never back; another story is refused', async () => {
    const state = async () => (await db.rows('SELECT state, amount, height FROM chain_slash'))[0];
    await store(10n, 12n, { slashes: [slash('observed', '0', 12n)] });
    await store(12n, 14n, { slashes: [slash('deferred', '7', 14n)] });
    expect(await state()).toEqual({ state: 'deferred', amount: '7', height: '14' });
    await store(14n, 16n, { slashes: [slash('applied', '5', 16n)] });
    await store(16n, 18n, { slashes: [slash('observed', '0', 12n)] });
    expect(await state()).toEqual({ state: 'applied', amount: '5', height: '16' });
    await expect(store(18n, 20n, { slashes: [slash('applied', '6', 16n)] })).rejects.toBeInstanceOf(FactContradiction);
    await expect(store(18n, 20n, { slashes: [slash('cancelled', '5', 20n)] })).rejects.toBeInstanceOf(
      FactContradiction,
    );
    await store(18n, 20n, { slashes: [slash('applied', '5', 16n)] });
  });

  it('take nothing in while halted; the first reason stays', async () => {
    await books.halt(lease, 'bnb', 'first');
    await books.halt(lease, 'bnb', 'second');
    expect((await books.cursor('bnb'))!.halted).toBe('first');
    await expect(store(20n, 22n)).rejects.toBeInstanceOf(CursorMoved);
    expect(await books.resume('bnb', 'first')).toBe(true);
    await store(20n, 22n);
  });

  const step = (operationId: string): PlannedStep => ({
    operationId,
    step: 0,
    chain: 'bnb',
    token: 'BNB',
    intent: { kind: 'delegate', validator: 'v', amount: '1' },
    account: '0xa',
  });

  it('R36, R40: one plan under way, lanes of their own, moves only from the state that was read', async () => {
    expect(await operations.plan(lease, 'bnb', [step('one'), step('two')])).toBe(2);
    expect(await operations.plan(lease, 'bnb', [step('three')])).toBeNull();
    const [one, two] = await operations.open('bnb');
    const first = await operations.reserveLane(lease, one!, 5n);
    const second = await operations.reserveLane(lease, two!, 5n);
    expect([first.laneNumber, second.laneNumber]).toEqual([5n, 6n]);
    await expect(operations.reserveLane(lease, one!, 5n)).rejects.toBeInstanceOf(OperationMoved);

    const signed = await operations.storeSigned(lease, first, { bytes: '0x1', txid: '0xt1', expiresAtHeight: null });
    await expect(
      operations.storeSigned(lease, first, { bytes: '0x2', txid: '0xt2', expiresAtHeight: null }),
    ).rejects.toBeInstanceOf(OperationMoved);
    await operations.move(lease, signed, 'BROADCAST');
    await expect(operations.move(lease, signed, 'UNKNOWN')).rejects.toBeInstanceOf(OperationMoved);

    // Refused before signing: its number is free again. Dead: another attempt, and its number stays lost to the chain.
    await operations.refuseUnsigned(lease, second, 'no');
    const sent = (await operations.attempts('one'))[0]!;
    await operations.bury(lease, sent, 'proof', 5);
    const next = (await operations.open('bnb'))[0]!;
    expect(next).toMatchObject({ operationId: 'one', attempt: 2, state: 'PLANNED', bytes: null, laneNumber: null });
    expect((await operations.reserveLane(lease, next, 6n)).laneNumber).toBe(6n);
  });

  it('R40: no state after PLANNED without bytes', async () => {
    await expect(
      db.affected(`UPDATE chain_operation SET state = 'SIGNED' WHERE operation_id = 'one' AND attempt = 2`),
    ).rejects.toThrow(/violates check constraint/);
  });
});

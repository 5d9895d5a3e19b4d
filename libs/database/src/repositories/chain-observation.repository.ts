import { formatInstant } from '@app/staking-core';
import type { Database, Sql } from '../database.js';
import { ChainCursorEntity } from '../entities/chain-cursor.entity.js';
import { ChainPositionEntity } from '../entities/chain-position.entity.js';
import { keepFacts, keepSlashes, type FactRow, type StoredStamp } from './chain-facts.js';
import { type Lease, LeaseRepository } from './lease.repository.js';

/** How far the books have followed a chain. */
export interface ChainCursor {
  readonly chain: string;
  readonly chainId: string;
  readonly genesisHash: string;
  /** The last cut whose rows are stored. */
  readonly cut: StoredStamp;
  /** The newest final block ever seen: the floor of every later read (R13). */
  readonly final: StoredStamp;
  readonly headAtMs: bigint;
  readonly fence: bigint;
  /** Why a person has to look; null: running. */
  readonly halted: string | null;
}

/** Total of one position at a cut, atoms. */
export interface PositionTotal {
  readonly positionKey: string;
  readonly total: bigint;
}

/** Everything one cut adds, as rows ready to keep. */
export interface CutRows {
  readonly cut: FactRow;
  readonly rewards: readonly FactRow[];
  readonly flows: readonly FactRow[];
  readonly slashes: readonly FactRow[];
  readonly positions: readonly FactRow[];
  readonly validators: readonly FactRow[];
  readonly parameters: readonly FactRow[];
  readonly days: readonly FactRow[];
}

export interface NewCursor {
  readonly chain: string;
  readonly chainId: string;
  readonly genesisHash: string;
  readonly cut: StoredStamp;
  readonly final: StoredStamp;
  readonly headAtMs: bigint;
}

export type CutMoment = 'rows-written' | 'cursor-moved';

/** The cursor is not where this writer read it: another one was faster, or a person reset it. Read again. */
export class CursorMoved extends Error {
  override readonly name = 'CursorMoved';
  readonly code = 'CURSOR_MOVED';
  readonly retryable = true;

  constructor(chain: string, expected: StoredStamp | null) {
    super(
      `the cursor of ${chain} is not at ${expected ? `${expected.height} ${expected.hash}` : 'its start'} any more`,
    );
  }
}

/** What the chains said, and how far. Rows and cursor move in one transaction, under the lease's fence. */
export class ChainObservationRepository {
  private readonly leases: LeaseRepository;

  constructor(private readonly db: Database) {
    this.leases = new LeaseRepository(db);
  }

  async cursor(chain: string): Promise<ChainCursor | null> {
    const row = await this.db.dataSource.getRepository(ChainCursorEntity).findOneBy({ chain });
    return row && cursorOf(row);
  }

  /** Position totals at a stored cut: what R41 starts from. */
  async positionTotals(token: string, height: bigint): Promise<PositionTotal[]> {
    const rows = await this.db.dataSource.getRepository(ChainPositionEntity).find({
      where: { token, height: height.toString() },
      order: { positionKey: 'ASC' },
    });
    return rows.map((row) => ({ positionKey: row.positionKey, total: totalOf(row) }));
  }

  /** The newest day that was complete at a cut; null before the first. */
  async lastDay(token: string, height: bigint): Promise<string | null> {
    const [row] = await this.db.rows<{ day: string }>(
      'SELECT day FROM chain_day WHERE token = $1 AND cut_height <= $2 ORDER BY day DESC LIMIT 1',
      [token, height],
    );
    return row?.day ?? null;
  }

  /** The chain's own numbers as they stood at a cut, by name. */
  async parametersAt(chain: string, height: bigint): Promise<ReadonlyMap<string, string>> {
    const rows = await this.db.rows<{ name: string; value: string }>(
      'SELECT name, value FROM chain_parameter WHERE chain = $1 AND height = $2',
      [chain, height],
    );
    return new Map(rows.map((row) => [row.name, row.value]));
  }

  /**
   * Opens the books of a chain at its first cut.
   * @throws LeaseLost, CursorMoved (somebody opened them already), FactContradiction
   */
  async openAt(lease: Lease, start: NewCursor, rows: CutRows, reach: (moment: CutMoment) => void): Promise<void> {
    await this.db.transaction(async (tx) => {
      await this.leases.assertHeld(tx, lease);
      await keepCut(tx, rows);
      reach('rows-written');
      const opened = await tx.affected(
        `INSERT INTO chain_cursor (chain, chain_id, genesis_hash, height, hash, at, final_height, final_hash, final_at, head_at, fence)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
        [
          start.chain,
          start.chainId,
          start.genesisHash,
          ...stampValues(start.cut),
          ...stampValues(start.final),
          formatInstant(start.headAtMs),
          lease.fence,
        ],
      );
      if (opened !== 1) throw new CursorMoved(start.chain, null);
      reach('cursor-moved');
    });
  }

  /**
   * Keeps all rows of the cut after `from` and moves the cursor there, or does nothing at all.
   * @throws LeaseLost, CursorMoved, FactContradiction
   */
  async storeCut(
    lease: Lease,
    move: { readonly chain: string; readonly from: StoredStamp; readonly to: StoredStamp },
    rows: CutRows,
    reach: (moment: CutMoment) => void,
  ): Promise<void> {
    await this.db.transaction(async (tx) => {
      await this.leases.assertHeld(tx, lease);
      await keepCut(tx, rows);
      reach('rows-written');
      const moved = await tx.affected(
        `UPDATE chain_cursor SET height = $4, hash = $5, at = $6, fence = $7
         WHERE chain = $1 AND height = $2 AND hash = $3 AND fence <= $7 AND halted IS NULL`,
        [move.chain, move.from.height, move.from.hash, ...stampValues(move.to), lease.fence],
      );
      if (moved !== 1) throw new CursorMoved(move.chain, move.from);
      reach('cursor-moved');
    });
  }

  /** Remembers the newest final block, which never goes back, and the head it was seen under. */
  async noteFinal(lease: Lease, chain: string, final: StoredStamp, headAtMs: bigint): Promise<void> {
    await this.db.transaction(async (tx) => {
      await this.leases.assertHeld(tx, lease);
      await tx.affected(
        `UPDATE chain_cursor SET final_height = $2, final_hash = $3, final_at = $4, head_at = $5, fence = $6
         WHERE chain = $1 AND final_height <= $2 AND fence <= $6`,
        [chain, ...stampValues(final), formatInstant(headAtMs), lease.fence],
      );
    });
  }

  /** Stops the chain until a person has looked; the first reason stays. */
  async halt(lease: Lease, chain: string, reason: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      await this.leases.assertHeld(tx, lease);
      await tx.affected('UPDATE chain_cursor SET halted = $2, fence = $3 WHERE chain = $1 AND halted IS NULL', [
        chain,
        reason,
        lease.fence,
      ]);
    });
  }

  /**
   * Lets a halted chain go on: the decision of people, who name the reason they have dealt with.
   * @returns false when it is not halted for that reason (any more)
   */
  async resume(chain: string, reason: string): Promise<boolean> {
    return (
      (await this.db.affected('UPDATE chain_cursor SET halted = NULL WHERE chain = $1 AND halted = $2', [
        chain,
        reason,
      ])) === 1
    );
  }
}

async function keepCut(tx: Sql, rows: CutRows): Promise<void> {
  await keepFacts(tx, 'chain_cut', [rows.cut]);
  await keepFacts(tx, 'chain_reward', rows.rewards);
  await keepFacts(tx, 'chain_flow', rows.flows);
  await keepSlashes(tx, rows.slashes);
  await keepFacts(tx, 'chain_position', rows.positions);
  await keepFacts(tx, 'chain_validator', rows.validators);
  await keepFacts(tx, 'chain_parameter', rows.parameters);
  await keepFacts(tx, 'chain_day', rows.days);
}

const stampValues = (stamp: StoredStamp): readonly unknown[] => [stamp.height, stamp.hash, formatInstant(stamp.timeMs)];

function cursorOf(row: ChainCursorEntity): ChainCursor {
  return {
    chain: row.chain,
    chainId: row.chainId,
    genesisHash: row.genesisHash,
    cut: { height: BigInt(row.height), hash: row.hash, timeMs: BigInt(row.at.getTime()) },
    final: { height: BigInt(row.finalHeight), hash: row.finalHash, timeMs: BigInt(row.finalAt.getTime()) },
    headAtMs: BigInt(row.headAt.getTime()),
    fence: BigInt(row.fence),
    halted: row.halted,
  };
}

function totalOf(row: ChainPositionEntity): bigint {
  return [row.active, row.activating, row.exiting, row.withdrawable, row.claimable].reduce(
    (sum, part) => sum + BigInt(part),
    0n,
  );
}

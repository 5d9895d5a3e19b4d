import type { Database, Sql } from '../database.js';
import { ChainOperationEntity } from '../entities/chain-operation.entity.js';
import { type Lease, LeaseRepository } from './lease.repository.js';

export type OperationState =
  'PLANNED' | 'SIGNED' | 'BROADCAST' | 'UNKNOWN' | 'INCLUDED' | 'FINAL' | 'EFFECT_VERIFIED' | 'DEAD' | 'FAILED';

/** One attempt at one step of an operation. The id was made before the first attempt and never changes. */
export interface OperationAttempt {
  readonly operationId: string;
  readonly step: number;
  readonly attempt: number;
  readonly chain: string;
  readonly token: string;
  /** As stored: amounts as decimal strings of atoms. */
  readonly intent: Readonly<Record<string, string>>;
  readonly state: OperationState;
  readonly account: string;
  readonly laneNumber: bigint | null;
  readonly bytes: string | null;
  readonly txid: string | null;
  readonly expiresAtHeight: bigint | null;
  readonly includedHeight: bigint | null;
  readonly detail: string | null;
}

export type PlannedStep = Pick<OperationAttempt, 'operationId' | 'step' | 'chain' | 'token' | 'intent' | 'account'>;

export interface SignedBytes {
  readonly bytes: string;
  readonly txid: string;
  readonly expiresAtHeight: bigint | null;
}

export interface MoveDetails {
  readonly detail?: string;
  readonly included?: { readonly height: bigint; readonly hash: string; readonly feeAtoms: bigint };
}

/** The attempt is not in the state this writer read it in: read it again. */
export class OperationMoved extends Error {
  override readonly name = 'OperationMoved';
  readonly code = 'OPERATION_MOVED';
  readonly retryable = true;

  constructor(attempt: OperationAttempt, expected: string) {
    super(`operation ${attempt.operationId}#${attempt.step} attempt ${attempt.attempt} is not ${expected} any more`);
  }
}

const ENDED = `('EFFECT_VERIFIED', 'FAILED', 'DEAD')`;

/** The outbox of chain transactions (R40): every move is a compare-and-set under the lease's fence. */
export class ChainOperationRepository {
  private readonly leases: LeaseRepository;

  constructor(private readonly db: Database) {
    this.leases = new LeaseRepository(db);
  }

  /**
   * Writes a whole plan, provided that nothing of the chain is under way (R36: what is in flight counts).
   * Ids that exist already are left as they are, whatever became of them.
   * @returns how many steps are new; null when something is under way
   */
  async plan(lease: Lease, chain: string, steps: readonly PlannedStep[]): Promise<number | null> {
    return this.fenced(lease, async (tx) => {
      const [open] = await tx.rows(`SELECT 1 FROM chain_operation WHERE chain = $1 AND state NOT IN ${ENDED} LIMIT 1`, [
        chain,
      ]);
      if (open) return null;
      let planned = 0;
      for (const step of steps) planned += await insertPlanned(tx, step, 1);
      return planned;
    });
  }

  /** Attempts under way, in the order in which their lanes were given out; those without a lane come last. */
  async open(chain: string): Promise<OperationAttempt[]> {
    const rows = await this.db.dataSource
      .getRepository(ChainOperationEntity)
      .createQueryBuilder('operation')
      .where(`operation.chain = :chain AND operation.state NOT IN ${ENDED}`, { chain })
      .orderBy('operation.lane_number', 'ASC', 'NULLS LAST')
      .addOrderBy('operation.planned_at')
      .addOrderBy('operation.operation_id')
      .addOrderBy('operation.step')
      .getMany();
    return rows.map(attemptOf);
  }

  async attempts(operationId: string): Promise<OperationAttempt[]> {
    const rows = await this.db.dataSource
      .getRepository(ChainOperationEntity)
      .find({ where: { operationId }, order: { step: 'ASC', attempt: 'ASC' } });
    return rows.map(attemptOf);
  }

  /** Whether every step before this one has had its effect; `null` when one of them never will. */
  async stepsBeforeDone(attempt: OperationAttempt): Promise<boolean | null> {
    const rows = await this.db.rows<{ step: number; done: boolean; open: boolean }>(
      `SELECT step, bool_or(state = 'EFFECT_VERIFIED') AS done, bool_or(state NOT IN ${ENDED}) AS open
       FROM chain_operation WHERE operation_id = $1 AND step < $2 GROUP BY step`,
      [attempt.operationId, attempt.step],
    );
    if (rows.every((row) => row.done)) return true;
    return rows.every((row) => row.done || row.open) ? false : null;
  }

  /** Highest block in which an operation of the chain was included; a later look at the chain must see that far. */
  async highestIncluded(chain: string): Promise<bigint | null> {
    const [row] = await this.db.rows<{ height: string | null }>(
      'SELECT max(included_height)::text AS height FROM chain_operation WHERE chain = $1',
      [chain],
    );
    return row?.height === undefined || row.height === null ? null : BigInt(row.height);
  }

  /**
   * Gives a planned attempt its lane number: the higher of the chain's next and ours. Kept for ever once something
   * was signed with it, so two transactions never share one.
   * @param chainNext next number as the final chain knows it; null where the chain has no numbers
   */
  async reserveLane(lease: Lease, attempt: OperationAttempt, chainNext: bigint | null): Promise<OperationAttempt> {
    if (chainNext === null) return attempt;
    return this.fenced(lease, async (tx) => {
      const [row] = await tx.rows<{ lane_number: string }>(
        `UPDATE chain_operation SET lane_number = GREATEST($4::bigint, (
           SELECT COALESCE(max(lane_number) + 1, 0) FROM chain_operation
           WHERE chain = $5 AND account = $6 AND state <> 'DEAD'))
         WHERE operation_id = $1 AND step = $2 AND attempt = $3 AND state = 'PLANNED' AND lane_number IS NULL
         RETURNING lane_number`,
        [...keyOf(attempt), chainNext, attempt.chain, attempt.account],
      );
      if (!row) throw new OperationMoved(attempt, 'PLANNED without a lane');
      return { ...attempt, laneNumber: BigInt(row.lane_number) };
    });
  }

  /** R40: bytes and txid are stored before anything leaves. */
  async storeSigned(lease: Lease, attempt: OperationAttempt, signed: SignedBytes): Promise<OperationAttempt> {
    return this.fenced(lease, async (tx) => {
      const stored = await tx.affected(
        `UPDATE chain_operation SET state = 'SIGNED', bytes = $4, txid = $5, expires_at_height = $6, detail = NULL
         WHERE operation_id = $1 AND step = $2 AND attempt = $3 AND state = 'PLANNED'
           AND lane_number IS NOT DISTINCT FROM $7 AND bytes IS NULL`,
        [...keyOf(attempt), signed.bytes, signed.txid, signed.expiresAtHeight, attempt.laneNumber],
      );
      if (stored !== 1) throw new OperationMoved(attempt, 'PLANNED');
      return { ...attempt, ...signed, state: 'SIGNED', detail: null };
    });
  }

  /** Moves an attempt that has bytes from the state it was read in to `to`. */
  async move(
    lease: Lease,
    attempt: OperationAttempt,
    to: OperationState,
    details: MoveDetails = {},
  ): Promise<OperationAttempt> {
    return this.fenced(lease, (tx) => moveIn(tx, attempt, to, details));
  }

  /** Remembers why it does not go on, without moving. */
  async note(lease: Lease, attempt: OperationAttempt, detail: string): Promise<OperationAttempt> {
    return this.fenced(lease, (tx) => moveIn(tx, attempt, attempt.state, { detail }));
  }

  /** The chain would refuse it and nothing was signed: it ends here and its lane number is free again. */
  async refuseUnsigned(lease: Lease, attempt: OperationAttempt, detail: string): Promise<OperationAttempt> {
    return this.fenced(lease, async (tx) => {
      const refused = await tx.affected(
        `UPDATE chain_operation SET state = 'FAILED', lane_number = NULL, detail = $4
         WHERE operation_id = $1 AND step = $2 AND attempt = $3 AND state = 'PLANNED' AND bytes IS NULL`,
        [...keyOf(attempt), detail],
      );
      if (refused !== 1) throw new OperationMoved(attempt, 'PLANNED');
      return { ...attempt, state: 'FAILED', laneNumber: null, detail };
    });
  }

  /** Proven dead: marked so, and (unless it was the last allowed) a new attempt planned, in one transaction. */
  async bury(lease: Lease, attempt: OperationAttempt, reason: string, maxAttempts: number): Promise<OperationAttempt> {
    return this.fenced(lease, async (tx) => {
      const dead = await moveIn(tx, attempt, 'DEAD', { detail: reason });
      if (attempt.attempt < maxAttempts) await insertPlanned(tx, attempt, attempt.attempt + 1);
      return dead;
    });
  }

  private fenced<T>(lease: Lease, work: (tx: Sql) => Promise<T>): Promise<T> {
    return this.db.transaction(async (tx) => {
      await this.leases.assertHeld(tx, lease);
      return work(tx);
    });
  }
}

async function insertPlanned(tx: Sql, step: PlannedStep, attempt: number): Promise<number> {
  return tx.affected(
    `INSERT INTO chain_operation (operation_id, step, attempt, chain, token, intent, state, account)
     VALUES ($1, $2, $3, $4, $5, $6, 'PLANNED', $7) ON CONFLICT DO NOTHING`,
    [step.operationId, step.step, attempt, step.chain, step.token, JSON.stringify(step.intent), step.account],
  );
}

async function moveIn(
  tx: Sql,
  attempt: OperationAttempt,
  to: OperationState,
  { detail, included }: MoveDetails,
): Promise<OperationAttempt> {
  const moved = await tx.affected(
    `UPDATE chain_operation SET state = $5, detail = COALESCE($6, detail), included_height = COALESCE($7, included_height),
            included_hash = COALESCE($8, included_hash), fee = COALESCE($9, fee)
     WHERE operation_id = $1 AND step = $2 AND attempt = $3 AND state = $4`,
    [
      ...keyOf(attempt),
      attempt.state,
      to,
      detail ?? null,
      included?.height ?? null,
      included?.hash ?? null,
      included?.feeAtoms ?? null,
    ],
  );
  if (moved !== 1) throw new OperationMoved(attempt, attempt.state);
  return {
    ...attempt,
    state: to,
    detail: detail ?? attempt.detail,
    includedHeight: included?.height ?? attempt.includedHeight,
  };
}

const keyOf = (attempt: OperationAttempt): readonly unknown[] => [attempt.operationId, attempt.step, attempt.attempt];

function attemptOf(row: ChainOperationEntity): OperationAttempt {
  return {
    operationId: row.operationId,
    step: row.step,
    attempt: row.attempt,
    chain: row.chain,
    token: row.token,
    intent: row.intent,
    state: row.state as OperationState,
    account: row.account,
    laneNumber: bigintOf(row.laneNumber),
    bytes: row.bytes,
    txid: row.txid,
    expiresAtHeight: bigintOf(row.expiresAtHeight),
    includedHeight: bigintOf(row.includedHeight),
    detail: row.detail,
  };
}

const bigintOf = (text: string | null): bigint | null => (text === null ? null : BigInt(text));

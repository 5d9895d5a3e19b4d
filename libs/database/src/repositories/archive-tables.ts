/** What is archived together: the log of a day with what was measured from it, and the rewards of a day. */
export type ArchiveSubject = 'log' | 'rewards';

export interface ArchivedColumn {
  readonly name: string;
  /** As the database names it. */
  readonly type: string;
  readonly nullable: boolean;
}

export interface ArchivedTable {
  readonly table: 'balance_event' | 'partial_balance' | 'reward';
  /** In this order in the file. */
  readonly columns: readonly string[];
  /** Added up per token: what must be the same in the database, the file and the manifest. */
  readonly sums: readonly string[];
  readonly order: string;
}

export const ARCHIVED_TABLES: Readonly<Record<ArchiveSubject, readonly ArchivedTable[]>> = {
  log: [
    {
      table: 'balance_event',
      columns: [
        'day',
        'user_id',
        'token',
        'shard',
        'seq',
        'ms_of_day',
        'free_delta',
        'locked_delta',
        'free',
        'locked',
        'cause',
        'stated_delta',
      ],
      sums: ['free_delta', 'locked_delta'],
      order: 'token, shard, seq',
    },
    {
      table: 'partial_balance',
      columns: ['user_id', 'day', 'token', 'bucket', 'integral', 'intervals'],
      sums: ['integral'],
      order: 'token, user_id',
    },
  ],
  rewards: [
    {
      table: 'reward',
      columns: ['user_id', 'day', 'token', 'bucket', 'average', 'weight', 'amount', 'credited_ms'],
      sums: ['weight', 'amount'],
      order: 'user_id, token',
    },
  ],
};

/** Rows and sums of one token, in atoms as text. */
export type TokenSums = Readonly<Record<string, string>>;

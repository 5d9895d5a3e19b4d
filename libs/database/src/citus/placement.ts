/** The column that user data is distributed by. */
export const USER_COLUMN = 'user_id';

/**
 * Where a table lives on Citus.
 * - `distributed`: by hash of `user_id`, co-located with `account`; leaves of a partitioned table follow it.
 * - `reference`: a copy on every node, written by two-phase commit: small, seldom written, joined with users' data.
 * - `follows`: on the coordinator, known to Citus because a foreign key leads from it to a reference table (Citus takes
 *   such tables in by itself). Complete SQL, but its UPDATE and ON CONFLICT obey the rules of distributed tables.
 * - `coordinator`: an ordinary table that Citus knows nothing of.
 */
export type Placement = 'distributed' | 'reference' | 'follows' | 'coordinator';

export interface PlacedTable {
  readonly table: string;
  readonly placement: Placement;
  readonly why: string;
}

const USERS = 'rows of one user';
const LOCKED = 'rows are taken with FOR UPDATE SKIP LOCKED, which on a copy per node would lock other rows on each';
const CHAIN = 'what a chain said: never read together with users, written by one worker';

/** The head of the co-located group: every other distributed table is placed beside it. */
export const GROUP_HEAD = 'account';

/**
 * Every table of the schema, in the order in which `db:distribute` places them: what is referenced before what refers
 * to it. A table that is not here fails the lint until somebody has decided.
 */
export const PLACEMENT: readonly PlacedTable[] = [
  { table: 'token', placement: 'reference', why: 'the catalogue: referenced by rules that are joined with users' },
  { table: 'token_rule', placement: 'reference', why: 'which balance counts is asked for every change of a balance' },
  { table: 'token_pause', placement: 'reference', why: 'asked beside the users of a token while measuring' },
  { table: 'terms_version', placement: 'reference', why: 'small and dated; read when a user switches on' },
  { table: 'region_rule', placement: 'reference', why: 'small and dated; read when a user switches on' },
  {
    table: 'reward_catalogue',
    placement: 'reference',
    why: 'one row, read in the statement that reads leaves of rewards',
  },
  {
    table: 'owner_average',
    placement: 'reference',
    why: 'an owner has users on several nodes; joined with all of them',
  },

  { table: GROUP_HEAD, placement: 'distributed', why: `${USERS}; the head of the co-located group` },
  { table: 'consent', placement: 'distributed', why: USERS },
  { table: 'participation_period', placement: 'distributed', why: USERS },
  { table: 'participation_cut', placement: 'distributed', why: USERS },
  { table: 'spot_balance', placement: 'distributed', why: USERS },
  { table: 'balance_event', placement: 'distributed', why: USERS },
  { table: 'late_event', placement: 'distributed', why: USERS },
  { table: 'quarantine', placement: 'distributed', why: `${USERS}; "shard:n" is the user of a whole feed shard` },
  { table: 'partial_balance', placement: 'distributed', why: USERS },
  { table: 'reward', placement: 'distributed', why: USERS },
  { table: 'credit_exception', placement: 'distributed', why: USERS },

  { table: 'price', placement: 'follows', why: 'refers to token; never joined with users' },
  { table: 'settlement', placement: 'follows', why: `refers to token; ${LOCKED}` },
  { table: 'settlement_check', placement: 'follows', why: 'refers to settlement' },
  { table: 'settlement_piece', placement: 'follows', why: `refers to settlement; ${LOCKED}` },
  { table: 'boost', placement: 'follows', why: 'refers to token; a row a boost' },
  { table: 'reward_release', placement: 'follows', why: `refers to chain_reward; ${CHAIN}` },
  { table: 'chain_cut', placement: 'follows', why: `referenced by chain_day; ${CHAIN}` },
  { table: 'chain_day', placement: 'follows', why: `refers to token; ${CHAIN}` },
  { table: 'chain_reward', placement: 'follows', why: `refers to token; ${CHAIN}` },
  { table: 'chain_flow', placement: 'follows', why: `refers to token; ${CHAIN}` },
  { table: 'chain_slash', placement: 'follows', why: `refers to token; ${CHAIN}` },
  { table: 'chain_position', placement: 'follows', why: `refers to token; ${CHAIN}` },
  { table: 'chain_validator', placement: 'follows', why: `refers to chain_cut; ${CHAIN}` },
  { table: 'chain_parameter', placement: 'follows', why: `refers to chain_cut; ${CHAIN}` },
  { table: 'chain_operation', placement: 'follows', why: `refers to token; ${CHAIN}` },

  { table: 'chain_cursor', placement: 'coordinator', why: CHAIN },
  { table: 'chain_cut_snapshot', placement: 'coordinator', why: `${CHAIN}; a few dozen rows a chain` },
  { table: 'lease', placement: 'coordinator', why: 'a lock: it must be one row in one place' },
  { table: 'feed_shard', placement: 'coordinator', why: 'the row that every batch of a feed shard locks first' },
  { table: 'feed_mark', placement: 'coordinator', why: 'refers to feed_shard' },
  { table: 'day_gate', placement: 'coordinator', why: 'one row under an advisory lock of the coordinator' },
  {
    table: 'journal_line',
    placement: 'coordinator',
    why: 'sums of days, not of users; its trigger sees a whole statement',
  },
  { table: 'credit_batch', placement: 'coordinator', why: `ranges of users of one day; ${LOCKED}` },
  { table: 'reconciliation', placement: 'coordinator', why: 'a row a token and day' },
  { table: 'archived_day', placement: 'coordinator', why: 'a row a day' },
  { table: 'migrations', placement: 'coordinator', why: 'the book-keeping of migrations' },
  { table: 'world_clock', placement: 'coordinator', why: 'development only' },
];

const BY_TABLE = new Map(PLACEMENT.map((one) => [one.table, one]));

/**
 * Where a table or a leaf is placed. A leaf is named after its parent (`reward_20261119`, `spot_balance_bnb`) and follows
 * it. Undefined: not of this schema, or not decided yet.
 */
export function placementOf(name: string): PlacedTable | undefined {
  const listed = BY_TABLE.get(name);
  if (listed) return listed;
  const parents = PLACEMENT.filter(({ table }) => name.startsWith(`${table}_`));
  return parents.sort((a, b) => b.table.length - a.table.length)[0];
}

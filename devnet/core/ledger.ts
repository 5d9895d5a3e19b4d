import type { Cause } from './habits.js';
import type { Books, Connection } from './books.js';

export interface Line {
  readonly account: string;
  readonly token: string;
  readonly part: 'free' | 'locked';
  readonly atoms: bigint;
}

/** One thing that happened, in double entry: its lines add up to zero (the database checks it too). */
export interface Movement {
  readonly atMs: number;
  readonly cause: Cause | 'opening';
  readonly creditId?: string;
  readonly lines: readonly Line[];
}

const OTHER_SIDE: Record<Movement['cause'], string> = {
  opening: 'house:outside',
  deposit: 'house:outside',
  withdrawal: 'house:outside',
  trade: 'house:market',
  'order-placed': 'house:market',
  'order-cancelled': 'house:market',
  'auto-subscribe': 'house:subscriptions',
  redeem: 'house:subscriptions',
  'soft-staking-reward': 'house:soft-staking',
};

export const HOUSE_ACCOUNTS: readonly string[] = [...new Set(Object.values(OTHER_SIDE))];

/** A change of one user's balance; what it does not balance itself is taken from or given to the house's side. */
export function movementOf(change: {
  readonly user: string;
  readonly token: string;
  readonly atMs: number;
  readonly cause: Movement['cause'];
  readonly free: bigint;
  readonly locked: bigint;
  readonly creditId?: string;
}): Movement {
  const { user, token, atMs, cause, free, locked, creditId } = change;
  const lines: Line[] = [
    { account: user, token, part: 'free', atoms: free },
    { account: user, token, part: 'locked', atoms: locked },
    { account: OTHER_SIDE[cause], token, part: 'free', atoms: -free - locked },
  ];
  return {
    atMs,
    cause,
    ...(creditId === undefined ? {} : { creditId }),
    lines: lines.filter((line) => line.atoms !== 0n),
  };
}

/** Writes movements and moves the balances by their sums, in the caller's transaction (which holds the book's lock). */
export async function post(db: Connection, book: Books, movements: readonly Movement[]): Promise<void> {
  if (movements.length === 0) return;
  const first = book.nextMovement;
  await db.query(
    `INSERT INTO sample_core.movement (movement, at_ms, cause, credit_id)
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[])`,
    [
      movements.map((_unused, index) => String(first + BigInt(index))),
      movements.map(({ atMs }) => atMs),
      movements.map(({ cause }) => cause),
      movements.map(({ creditId }) => creditId ?? null),
    ],
  );
  const lines = movements.flatMap((movement, index) =>
    movement.lines.map((line) => ({ ...line, movement: String(first + BigInt(index)) })),
  );
  await db.query(
    `INSERT INTO sample_core.posting (movement, account, token, part, atoms)
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::numeric[])`,
    [
      lines.map(({ movement }) => movement),
      lines.map(({ account }) => account),
      lines.map(({ token }) => token),
      lines.map(({ part }) => part),
      lines.map(({ atoms }) => String(atoms)),
    ],
  );
  await db.query(
    `UPDATE sample_core.balance b SET free = b.free + s.free, locked = b.locked + s.locked
     FROM (SELECT account, token, coalesce(sum(atoms) FILTER (WHERE part = 'free'), 0) AS free,
                  coalesce(sum(atoms) FILTER (WHERE part = 'locked'), 0) AS locked
           FROM sample_core.posting WHERE movement >= $1 GROUP BY account, token) s
     WHERE b.account = s.account AND b.token = s.token`,
    [String(first)],
  );
  await db.query('UPDATE sample_core.book SET next_movement = $1 WHERE id = 1', [
    String(first + BigInt(movements.length)),
  ]);
}

import type { Database } from '../database.js';

/** A statement that gives one row about a user, `$1`. */
export interface UserStatement {
  readonly ofOne: string;
  /** The same about the users of the array `$1`: a row for each, the user's place in the array (from 1) behind it. */
  readonly ofSeveral: string;
}

export interface UserReads {
  /**
   * @param statement by identity: the same object for the same text
   * @param rest the values from `$2` on
   * @throws what the statement failed with
   */
  row(statement: UserStatement, user: string, rest: readonly (string | number)[]): Promise<readonly unknown[]>;
}

/** Each read by itself. On a cluster there is no other way: a statement about several users would need several nodes. */
export class ReadAlone implements UserReads {
  constructor(private readonly db: Database) {}

  async row({ ofOne }: UserStatement, user: string, rest: readonly (string | number)[]): Promise<readonly unknown[]> {
    const [row] = await this.db.oftenAsArrays(ofOne, [user, ...rest]);
    return row!;
  }
}

interface Waiting {
  readonly user: string;
  readonly answer: (row: readonly unknown[]) => void;
  readonly refuse: (error: unknown) => void;
}

interface Queue {
  readonly waiting: Waiting[];
  underWay: number;
}

/** One is worked on by the server while we hand out the one before it. */
const UNDER_WAY = 2;
/** More users in one statement save hardly anything, and each waits for all of them. */
const USERS = 8;

/**
 * Reads that differ in the user only, and meet: those that are asked for in the same turn of the event loop, or while two
 * such statements are under way, go to the server in one. Whoever asks alone is sent at once. A read is never part of
 * a statement that was sent before it was asked for, so it sees what was there when it began.
 */
export class ReadTogether implements UserReads {
  private readonly queues = new WeakMap<UserStatement, Map<string, Queue>>();

  constructor(private readonly db: Database) {}

  /** What a statement fails with is thrown at everybody who was in it. */
  row(statement: UserStatement, user: string, rest: readonly (string | number)[]): Promise<readonly unknown[]> {
    return new Promise((answer, refuse) => {
      const queue = this.queueOf(statement, rest.join('\n'));
      queue.waiting.push({ user, answer, refuse });
      if (queue.underWay === UNDER_WAY) return;
      queue.underWay += 1;
      process.nextTick(() => void this.work(queue, statement, rest));
    });
  }

  private queueOf(statement: UserStatement, rest: string): Queue {
    let queues = this.queues.get(statement);
    if (!queues) this.queues.set(statement, (queues = new Map()));
    let queue = queues.get(rest);
    if (!queue) queues.set(rest, (queue = { waiting: [], underWay: 0 }));
    return queue;
  }

  private async work(queue: Queue, statement: UserStatement, rest: readonly (string | number)[]): Promise<void> {
    while (queue.waiting.length > 0) {
      const together = queue.waiting.splice(0, USERS);
      try {
        const rows = await this.rows(statement, together, rest);
        together.forEach(({ answer }, place) => answer(rows[place]!));
      } catch (error) {
        for (const { refuse } of together) refuse(error);
      }
      // Whoever was answered and asks again can be in the next one.
      await new Promise(process.nextTick);
    }
    queue.underWay -= 1;
    if (queue.underWay === 0) this.queues.get(statement)?.delete(rest.join('\n'));
  }

  private async rows(
    { ofOne, ofSeveral }: UserStatement,
    together: readonly Waiting[],
    rest: readonly (string | number)[],
  ): Promise<readonly (readonly unknown[])[]> {
    if (together.length === 1) return this.db.oftenAsArrays(ofOne, [together[0]!.user, ...rest]);
    const rows = await this.db.oftenAsArrays(ofSeveral, [together.map(({ user }) => user), ...rest]);
    return rows.sort((a, b) => (a.at(-1) as number) - (b.at(-1) as number));
  }
}

import type { Database } from '@app/database';
import { SeededRandom } from './seeded-random.js';

interface LiveAccount {
  readonly user: string;
  readonly token: string;
  readonly shard: number;
  readonly decimals: number;
  free: bigint;
}

/** `mismatched`: the stated balance is not what the change makes of it; the account is then known by what is stated. */
export type LiveKind = 'plain' | 'mismatched';

/** Changes that go on from what a database holds now, in the core's own numbers: no line of them was ever said. */
export class LiveFeed {
  private readonly random: SeededRandom;
  private next = 0;

  private constructor(
    private readonly accounts: readonly LiveAccount[],
    private readonly seqs: Map<number, number>,
    seed: number,
  ) {
    this.random = new SeededRandom(seed ^ 0x2545f491);
  }

  /** Of `count` balances that have not moved after `day`. */
  static async over(db: Database, day: string, count: number, seed: number): Promise<LiveFeed> {
    const rows = await db.rows<{ user: string; token: string; shard: number; decimals: number; free: string }>(
      `SELECT s.user_id AS user, s.token, s.shard, t.decimals, s.free FROM spot_balance s JOIN token t ON t.symbol = s.token
       WHERE s.day <= $1::date AND s.locked = 0 ORDER BY md5(s.user_id || s.token) LIMIT $2`,
      [day, count],
    );
    const shards = await db.rows<{ shard: number; seq: string }>('SELECT shard, seq FROM feed_shard');
    const seqs = new Map(shards.map((one) => [one.shard, Number(one.seq)]));
    return new LiveFeed(
      rows.map((row) => ({ ...row, free: BigInt(row.free) })),
      seqs,
      seed,
    );
  }

  /** The next lines, each as it is sent. They name the time `at`, or later. */
  lines(count: number, at: string, kind: LiveKind = 'plain'): string[] {
    return Array.from({ length: count }, () => this.line(at, kind));
  }

  /** What was said last of each account. */
  balances(): readonly { readonly user: string; readonly token: string; readonly free: bigint }[] {
    return this.accounts;
  }

  private line(at: string, kind: LiveKind): string {
    const account = this.accounts[this.next % this.accounts.length]!;
    this.next += 1;
    const seq = this.seqs.get(account.shard)! + 1;
    this.seqs.set(account.shard, seq);
    const delta = BigInt(this.random.below(1_000_000) + 1);
    account.free += kind === 'plain' ? delta : delta + 1n;
    const { user, token, shard, decimals, free } = account;
    return `{"shard":${shard},"seq":${seq},"user":"${user}","token":"${token}","at":"${at}","delta":"${whole(delta, decimals)}","free":"${whole(free, decimals)}","locked":"0","cause":"trade"}\n`;
  }
}

function whole(atoms: bigint, decimals: number): string {
  const digits = atoms.toString().padStart(decimals + 1, '0');
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return `${digits.slice(0, digits.length - decimals)}${fraction === '' ? '' : `.${fraction}`}`;
}

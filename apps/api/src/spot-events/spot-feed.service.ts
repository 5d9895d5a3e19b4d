import { Injectable } from '@nestjs/common';
import { Database, DayPartitionRepository, SpotFeedRepository, type FeedShard, type Transaction } from '@app/database';
import { InvariantViolation } from '@app/staking-core';
import { accountsOf, foldLines, type FoldedBatch } from './fold-lines.js';
import { conflict, placeLines, type Gap, type PlacedLines } from './place-lines.js';
import { type EndOfDay, type SpotEvent, type SpotLine } from './spot-line.js';

export interface StoredBatch {
  readonly accepted: number;
  readonly duplicates: number;
  readonly ignored: number;
  readonly late: number;
  readonly quarantined: number;
  readonly shards: readonly FeedShard[];
  readonly gaps: readonly Gap[];
}

/** Serialization failure, deadlock: the batch was undone and may simply be tried again. */
const RETRYABLE = new Set(['40001', '40P01']);
const ATTEMPTS = 4;

class TryAgain extends Error {
  constructor(readonly days: readonly string[]) {
    super('the batch was undone to be tried again');
  }
}

@Injectable()
export class SpotFeedService {
  constructor(
    private readonly db: Database,
    private readonly feed: SpotFeedRepository,
    private readonly partitions: DayPartitionRepository,
  ) {}

  /**
   * Stores one batch, all or nothing, exactly once: the watermark of each shard moves in the transaction that appends
   * the log and moves the balances.
   * @throws LineRefused; then nothing of the batch is stored
   */
  async store(lines: readonly SpotLine[]): Promise<StoredBatch> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.db.transaction((tx) => this.storeIn(tx, lines));
      } catch (error) {
        if (attempt >= ATTEMPTS) throw error;
        if (error instanceof TryAgain) await this.partitions.ensure('balance_event', error.days);
        else if (!RETRYABLE.has(codeOf(error))) throw error;
      }
    }
  }

  private async storeIn(tx: Transaction, lines: readonly SpotLine[]): Promise<StoredBatch> {
    const numbers = [...new Set(lines.map((line) => line.shard))].sort((a, b) => a - b);
    const before = await this.feed.lockShards(tx, numbers);
    const placed = placeLines(lines, before);
    await this.compareWithLog(tx, placed.replayed);
    const accounts = accountsOf(placed.accepted);
    const known = await this.feed.balances(tx, accounts.accounts);
    accounts.accounts.forEach((account, place) => {
      const balance = known[place];
      if (balance) account.know(balance);
    });
    const folded = foldLines(placed.accepted, before, accounts);
    const missing = this.partitions.missingFromLog(folded.log);
    if (missing.length > 0) throw new TryAgain(missing);
    await this.write(tx, folded);
    const shards = folded.shards.map((shard) => withGap(shard, placed));
    await this.feed.saveShards(tx, shards);
    return {
      accepted: placed.accepted.length,
      duplicates: placed.replayed.length + placed.repeated,
      ignored: placed.ignored,
      late: folded.late.filter((event) => event.state === 'open').length,
      quarantined: folded.quarantined.length,
      shards,
      gaps: placed.gaps,
    };
  }

  private async write(tx: Transaction, folded: FoldedBatch): Promise<void> {
    // Another shard was first to speak of an account: look again, its line will be refused by name.
    const added = await this.feed.addBalances(tx, folded.newBalances);
    if (added !== folded.newBalances.length) throw new TryAgain([]);
    await this.feed.appendLog(tx, folded.log);
    const moved = await this.feed.applyChanges(tx, folded.changes);
    if (moved !== folded.changes.length) {
      throw new InvariantViolation('a batch moves the balance of every account in it', {
        changes: folded.changes.length.toString(),
        moved: moved.toString(),
      });
    }
    await this.feed.addLate(tx, folded.late);
    await this.feed.addQuarantine(tx, folded.quarantined);
    await this.feed.addMarks(tx, folded.marks);
  }

  /** R26: a replayed number must say what it said before. */
  private async compareWithLog(tx: Transaction, replayed: readonly SpotLine[]): Promise<void> {
    for (const shard of new Set(replayed.map((line) => line.shard))) {
      const lines = replayed.filter((line) => line.shard === shard);
      await this.compareMarks(
        tx,
        shard,
        lines.filter((line): line is EndOfDay => line.kind === 'mark'),
      );
      await this.compareEvents(
        tx,
        shard,
        lines.filter((line): line is SpotEvent => line.kind === 'event'),
      );
    }
  }

  private async compareMarks(tx: Transaction, shard: number, marks: readonly EndOfDay[]): Promise<void> {
    if (marks.length === 0) return;
    const numbers = marks.map((mark) => BigInt(mark.seq));
    const stored = await this.feed.marks(tx, shard, numbers);
    const days = new Map(stored.map((mark) => [Number(mark.seq), mark.day]));
    const other = marks.find((mark) => days.get(mark.seq) !== mark.day);
    if (other) throw conflict(other);
  }

  private async compareEvents(tx: Transaction, shard: number, events: readonly SpotEvent[]): Promise<void> {
    if (events.length === 0) return;
    const numbers = events.map((event) => event.seq);
    const said = await this.feed.said(tx, shard, numbers, events);
    const elsewhere = events.filter((event) => said.get(`${event.seq}`) !== wordsOf(event));
    if (elsewhere.length === 0) return;
    // What had come late stands in the log of a later day.
    const users = [...new Set(elsewhere.map((event) => event.user))];
    const late = await this.feed.saidLate(
      tx,
      shard,
      elsewhere.map((event) => event.seq),
      users,
    );
    const unsaid = elsewhere.filter((event) => late.get(`${event.seq}`) !== wordsOf(event));
    if (unsaid.length === 0) return;
    // What lies in an archive is not compared: the watermark says that the number was stored.
    const archived = await this.feed.archivedDays(
      tx,
      unsaid.map((event) => event.day),
    );
    const other = unsaid.find((event) => !archived.has(event.day));
    if (other) throw conflict(other);
  }
}

/** The line in the words that the log gives it back in; no field can hold a tab. */
function wordsOf({ user, token, day, msOfDay, deltaAtoms, freeAtoms, lockedAtoms, cause }: SpotEvent): string {
  return `${user}\t${token}\t${day}\t${msOfDay}\t${deltaAtoms ?? ''}\t${freeAtoms}\t${lockedAtoms}\t${cause}`;
}

/** The hole is remembered until it is filled. */
function withGap(shard: FeedShard, placed: PlacedLines): FeedShard {
  const gap = placed.gaps.find((one) => one.shard === shard.shard);
  if (gap) return { ...shard, gapExpected: gap.expected, gapGot: gap.got };
  const filled = shard.gapGot !== null && shard.seq >= shard.gapGot - 1n;
  return filled ? { ...shard, gapExpected: null, gapGot: null } : shard;
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown; driverError?: { code?: unknown } } | null)?.code;
  return typeof code === 'string' ? code : '';
}

import type { Database } from '../database.js';
import { ReadAlone, ReadTogether, type UserReads } from './read-together.js';
import { RewardCatalogueRepository } from './reward-catalogue.repository.js';
import { type RewardRow, statesOf } from './reward-state.js';
import { groupsOf, groupsWithin, type LeafGroup, nextWindow, type ReadWindow, readWindow } from './reward-window.js';

export type { RewardRow };

/** A user's place in the list: older days, or the same day and a later symbol, come next. */
export interface RewardPlace {
  readonly day: string;
  readonly token: string;
}

export interface RewardPageQuery {
  readonly user: string;
  readonly token: string | null;
  /** First and last day, both included. */
  readonly from: string;
  readonly to: string;
  readonly after: RewardPlace | null;
  readonly limit: number;
}

export interface RewardPage {
  readonly rows: readonly RewardRow[];
  /** Whether there is more after the last row. */
  readonly more: boolean;
}

/** A leaf is gone; or its going and our reading waited for each other, and the server ended us: both say, look again. */
const LEAVES_CHANGE = new Set(['42P01', '40P01']);
/** Leaves change a few times a day; a read that meets so many changes in a row is not reading what we write. */
const ATTEMPTS = 8;

interface KnownLeaves {
  readonly version: string;
  /** Newest first. */
  readonly groups: readonly LeafGroup[];
  readonly reads: UserReads;
}

/** The leaves that this process knows are not all that there are. */
class LeavesMoved extends Error {}

export class RewardHistoryRepository {
  private readonly catalogue = new RewardCatalogueRepository();
  private readonly alone: UserReads;
  private readonly together: UserReads;
  private known: KnownLeaves | undefined;

  constructor(private readonly db: Database) {
    this.alone = new ReadAlone(db);
    this.together = new ReadTogether(db);
  }

  /**
   * Newest day first, symbols in order within a day; days whose split has not passed its checks are not shown. Leaves
   * are read by name, a few at a time, from the newest on until the page is full: planning a statement over all leaves
   * costs more than reading. A leaf that is folded or dropped meanwhile is looked for again, never left out.
   */
  async page(query: RewardPageQuery): Promise<RewardPage> {
    return this.lookingAgain(async () => this.pageFrom(await this.leaves(), query));
  }

  /** A read that meets a leaf on its way out is made again, with the leaves that there are now. */
  private async lookingAgain<T>(read: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await read();
      } catch (error) {
        const moved = error instanceof LeavesMoved || LEAVES_CHANGE.has(String((error as { code?: unknown }).code));
        if (!moved || attempt >= ATTEMPTS) throw error;
        this.known = undefined;
      }
    }
  }

  /** As this process saw them last. */
  private async leaves(): Promise<KnownLeaves> {
    if (!this.known) {
      const { version, leaves, onCluster } = await this.catalogue.read(this.db);
      this.known = { version, groups: groupsOf(leaves), reads: onCluster ? this.alone : this.together };
    }
    return this.known;
  }

  private async pageFrom(known: KnownLeaves, query: RewardPageQuery): Promise<RewardPage> {
    const rows: RewardRow[] = [];
    const { version, reads } = known;
    let groups: readonly LeafGroup[] = groupsWithin(known.groups, query);
    let seenDays = 0;
    while (groups.length > 0 && rows.length <= query.limit) {
      const missing = query.limit + 1 - rows.length;
      const window = nextWindow(groups, missing, {
        days: seenDays,
        rows: rows.length,
        ofOneToken: query.token !== null,
      });
      const read = await readWindow(reads, window.groups, query, missing);
      if (read.version !== version) throw new LeavesMoved();
      rows.push(...(await this.shown(query.user, read)));
      seenDays += window.days;
      groups = groups.slice(window.groups.length);
    }
    // No leaf was read, so nothing has said whether these are all.
    if (seenDays === 0) await this.sameLeaves(version);
    return { rows: rows.slice(0, query.limit), more: rows.length > query.limit };
  }

  private async sameLeaves(version: string): Promise<void> {
    if ((await this.catalogue.read(this.db)).version !== version) throw new LeavesMoved();
  }

  /** A row of a folded leaf says when its credit was confirmed; what the others came to is looked up. */
  private async shown(user: string, read: ReadWindow): Promise<readonly RewardRow[]> {
    const { rows } = read;
    const open = rows.filter((row) => isOpen(row, read));
    if (open.length === 0) return rows;
    const states = await statesOf(this.db, user, open);
    return rows.flatMap((row) => {
      const found = states.get(`${row.day} ${row.token}`);
      if (!found) return [row];
      return found.visible ? [{ ...row, state: found.state, creditedMs: found.creditedMs }] : [];
    });
  }

  /** From the one leaf that can hold it. Shown or not: of a day that has not passed its checks too. */
  async one(user: string, token: string, day: string): Promise<RewardRow | undefined> {
    return this.lookingAgain(async () => {
      const { version, groups, reads } = await this.leaves();
      const wanted = { user, token, from: day, to: day, after: null };
      const holding = groupsWithin(groups, wanted);
      if (holding.length === 0) {
        await this.sameLeaves(version);
        return undefined;
      }
      const read = await readWindow(reads, holding, wanted, 1);
      if (read.version !== version) throw new LeavesMoved();
      const [row] = read.rows;
      if (!row || !isOpen(row, read)) return row;
      const found = (await statesOf(this.db, user, [row])).get(`${row.day} ${row.token}`);
      return { ...row, state: found?.state ?? 'planned', creditedMs: found?.creditedMs ?? null };
    });
  }

  async ownerAverage(day: string, token: string, owner: string): Promise<string | undefined> {
    const rows = await this.db.often<{ average: string }>(
      'SELECT average FROM owner_average WHERE day = $1::date AND token = $2 AND owner = $3',
      [day, token, owner],
    );
    return rows[0]?.average;
  }
}

/** Whether the leaf alone does not say what became of the credit. */
function isOpen(row: RewardRow, { isFolded }: ReadWindow): boolean {
  return (row.creditedMs === null && row.amount !== '0') || !isFolded(row.day);
}

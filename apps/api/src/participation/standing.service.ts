import { Injectable } from '@nestjs/common';
import {
  BalanceReadingRepository,
  Database,
  PriceRepository,
  TakingPartRepository,
  type BalanceRow,
  type TakingPartRows,
} from '@app/database';
import {
  atoms,
  countedBalance,
  dayOf,
  formatAmount,
  limitsInForce,
  statusReasons,
  tagFor,
  type Atoms,
  type CutReason,
} from '@app/staking-core';
import { Clock } from '../clock.js';
import type { DatedRules, ListedToken } from '../tokens/token-catalogue.js';
import { TokenService } from '../tokens/token.service.js';

interface Now extends TakingPartRows {
  readonly at: Date;
  readonly active: boolean;
  readonly countsFrom: Date | null;
}

@Injectable()
export class StandingService {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly tokens: TokenService,
  ) {}

  /** R12, R32: where a user stands now, per token, with reasons. Undefined: no such user. */
  async of(user: string) {
    const at = await this.clock.now();
    const instant = at.toISOString();
    const next = new Date(at.getTime() + 1).toISOString();
    const [stored, rows, listed, prices] = await Promise.all([
      new TakingPartRepository(this.db).during(user, instant.slice(0, 10), instant, next),
      new BalanceReadingRepository(this.db).balances(user),
      this.tokens.listed(),
      new PriceRepository(this.db).newest(),
    ]);
    if (!stored) return undefined;
    const open = stored.periods.find((period) => period.endsAt === null);
    const now: Now = { ...stored, at, active: open !== undefined, countsFrom: open?.startsAt ?? null };
    const standing = listed.flatMap((token) => tokenStanding(token, rows, now));
    const price = (symbol: string) => prices.find((one) => one.token === symbol)?.usdt ?? null;
    const candidates = standing.map((one) => ({
      ...one.rules,
      countedAtoms: one.counted,
      price: price(one.shown.token),
    }));
    return {
      user,
      active: now.active,
      since: open?.since.toISOString() ?? null,
      countsFrom: open?.startsAt.toISOString() ?? null,
      termsVersion: open?.termsVersion ?? null,
      tag: tagFor(candidates, now.active),
      tokens: standing.map((one) => one.shown),
    };
  }
}

function tokenStanding(token: ListedToken, rows: readonly BalanceRow[], now: Now) {
  const inForce = limitsInForce(token.rules, dayOf(BigInt(now.at.getTime())));
  // A token without rules today is not part of the product yet: there is nothing to show (R29).
  if (!inForce.ok) return [];
  const rules = inForce.rules;
  const row = rows.find((one) => one.token === token.symbol);
  const counted = row ? countedOf(row, rules) : atoms(0n);
  const { status, reasons } = statusReasons({
    active: now.active,
    countsFromMs: now.countsFrom === null ? null : BigInt(now.countsFrom.getTime()),
    nowMs: BigInt(now.at.getTime()),
    cuts: cutsNow(token, row, now),
    countedAtoms: row ? counted : null,
    movedByAutoSubscribe: row?.lastCause === 'auto-subscribe',
    rules,
  });
  const amount = (value: Atoms) => formatAmount(value, token.decimals);
  const shown = {
    token: token.symbol,
    balance: row ? amount(atoms(BigInt(row.free) + BigInt(row.locked))) : null,
    counted: row ? amount(counted) : null,
    status,
    reasons: reasons.map(({ code, detail, amountAtoms }) => ({
      code,
      detail,
      ...(amountAtoms === undefined ? {} : { amount: amount(amountAtoms) }),
    })),
  };
  return [{ rules, counted, shown }];
}

function cutsNow(token: ListedToken, row: BalanceRow | undefined, now: Now): CutReason[] {
  const today = now.at.toISOString().slice(0, 10);
  const cuts: CutReason[] = now.cuts
    .filter((cut) => cut.token === '*' || cut.token === token.symbol)
    .map((cut) => cut.reason);
  if (token.pauses.some((pause) => pause.startsAt <= now.at && (pause.endsAt === null || pause.endsAt > now.at))) {
    cuts.push('PAUSED');
  }
  if (token.delistedFrom !== null && today >= token.delistedFrom) cuts.push('DELISTED');
  const ofBrokenShard = row !== undefined && now.brokenShards.includes(row.shard);
  if (ofBrokenShard || now.quarantined.includes(token.symbol)) cuts.push('QUARANTINED');
  return cuts;
}

function countedOf(row: BalanceRow, rules: DatedRules): Atoms {
  const balance = { freeAtoms: atoms(BigInt(row.free)), lockedAtoms: atoms(BigInt(row.locked)) };
  return countedBalance(balance, rules.countedBalance);
}

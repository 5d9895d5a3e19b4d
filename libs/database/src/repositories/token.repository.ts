import type { Database, Sql } from '../database.js';

export interface TokenRow {
  readonly symbol: string;
  readonly name: string;
  readonly chain: string;
  readonly decimals: number;
  readonly payoutDecimals: number;
  readonly aliases: readonly string[];
  readonly listedFrom: string;
  readonly delistedFrom: string | null;
}

/** One dated row of limits (R29); amounts in atoms as text. */
export interface TokenRuleRow {
  readonly token: string;
  readonly validFrom: string;
  readonly minAtoms: string;
  readonly capAtoms: string;
  readonly releaseDays: number;
  readonly feeBps: number;
  readonly countedBalance: 'free' | 'free+locked';
  readonly maxDailyRatePpb: string;
  readonly trendMultiple: number;
  readonly rulesVersion: string;
}

export interface TokenPauseRow {
  readonly token: string;
  readonly startsAt: Date;
  readonly endsAt: Date | null;
  readonly reason: string;
}

/** The catalogue as stored: small tables, read whole. */
export class TokenRepository {
  constructor(private readonly db: Database) {}

  tokens(sql: Sql = this.db): Promise<TokenRow[]> {
    return sql.often<TokenRow>(
      `SELECT symbol, name, chain, decimals, payout_decimals AS "payoutDecimals", aliases,
              listed_from AS "listedFrom", delisted_from AS "delistedFrom"
       FROM token ORDER BY symbol`,
    );
  }

  rules(sql: Sql = this.db): Promise<TokenRuleRow[]> {
    return sql.often<TokenRuleRow>(
      `SELECT token, valid_from AS "validFrom", min_atoms AS "minAtoms", cap_atoms AS "capAtoms",
              release_days AS "releaseDays", fee_bps AS "feeBps", counted_balance AS "countedBalance",
              max_daily_rate_ppb AS "maxDailyRatePpb", trend_multiple AS "trendMultiple", rules_version AS "rulesVersion"
       FROM token_rule ORDER BY token, valid_from`,
    );
  }

  pauses(sql: Sql = this.db): Promise<TokenPauseRow[]> {
    return sql.often<TokenPauseRow>(
      `SELECT token, starts_at AS "startsAt", ends_at AS "endsAt", reason FROM token_pause ORDER BY token, starts_at`,
    );
  }
}

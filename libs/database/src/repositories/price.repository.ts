import type { Database, Transaction } from '../database.js';

export interface TokenPrice {
  readonly token: string;
  /** USDT for one whole token, decimal text. */
  readonly usdt: string;
}

export class PriceRepository {
  constructor(private readonly db: Database) {}

  /**
   * Prices of one instant. A price once said stays.
   * @returns how many are new, and tokens for which another price was said for this instant before
   */
  async add(tx: Transaction, at: string, prices: readonly TokenPrice[]): Promise<{ added: number; other: string[] }> {
    const values = [at, prices.map((price) => price.token), prices.map((price) => price.usdt)];
    const other = await tx.rows<{ token: string }>(
      `SELECT p.token FROM price p JOIN unnest($2::text[], $3::numeric[]) AS n(token, usdt) ON n.token = p.token
       WHERE p.at = $1::timestamptz AND p.usdt <> n.usdt`,
      values,
    );
    if (other.length > 0) return { added: 0, other: other.map((row) => row.token) };
    const added = await tx.affected(
      `INSERT INTO price (token, at, usdt) SELECT token, $1::timestamptz, usdt
       FROM unnest($2::text[], $3::numeric[]) AS n(token, usdt) ON CONFLICT (token, at) DO NOTHING`,
      values,
    );
    return { added, other: [] };
  }

  /** The newest price of each token that has one. */
  newest(): Promise<TokenPrice[]> {
    return this.db.often<TokenPrice>(
      `SELECT t.symbol AS token, trim_scale(p.usdt)::text AS usdt
       FROM token t CROSS JOIN LATERAL (SELECT usdt FROM price WHERE token = t.symbol ORDER BY at DESC LIMIT 1) p`,
    );
  }
}

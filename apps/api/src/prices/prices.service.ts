import { Injectable } from '@nestjs/common';
import { Database, PriceRepository } from '@app/database';
import { parseAmount } from '@app/staking-core';
import { TokenService } from '../tokens/token.service.js';

export type PricesOutcome =
  | { readonly kind: 'stored'; readonly accepted: number; readonly duplicates: number }
  | { readonly kind: 'token-unknown'; readonly name: string; readonly known: readonly string[] }
  | { readonly kind: 'token-twice'; readonly names: readonly [string, string] }
  | { readonly kind: 'price-refused'; readonly name: string; readonly code: string; readonly detail: string }
  | { readonly kind: 'said-otherwise'; readonly tokens: readonly string[] };

/** Decimals of a price in the database, and the digits before them. */
const PRICE_DECIMALS = 18;
const PRICE_LIMIT = 10n ** 38n;

@Injectable()
export class PricesService {
  constructor(
    private readonly db: Database,
    private readonly prices: PriceRepository,
    private readonly tokens: TokenService,
  ) {}

  /** All prices of the call or none. */
  async store(at: string, prices: Readonly<Record<string, string>>): Promise<PricesOutcome> {
    const names = await this.tokens.names();
    const rows = new Map<string, { name: string; token: string; usdt: string }>();
    for (const [name, usdt] of Object.entries(prices)) {
      const token = names.get(name)?.symbol;
      if (token === undefined) {
        return { kind: 'token-unknown', name, known: [...new Set([...names.values()].map((one) => one.symbol))] };
      }
      const parsed = parseAmount(usdt, PRICE_DECIMALS);
      if (!parsed.ok) return { kind: 'price-refused', name, code: parsed.code, detail: parsed.detail };
      if (parsed.atoms === 0n || parsed.atoms >= PRICE_LIMIT) {
        return { kind: 'price-refused', name, code: 'AMOUNT_RANGE', detail: 'a price is above zero and below 10^20' };
      }
      const other = rows.get(token);
      if (other) return { kind: 'token-twice', names: [other.name, name] };
      rows.set(token, { name, token, usdt });
    }
    const all = [...rows.values()];
    const { added, other } = await this.db.transaction((tx) => this.prices.add(tx, at, all));
    if (other.length > 0) return { kind: 'said-otherwise', tokens: other };
    return { kind: 'stored', accepted: added, duplicates: all.length - added };
  }
}

import { placeLeaf } from '../citus/place-leaf.js';
import type { Database, Transaction } from '../database.js';
import {
  CatalogueError,
  catalogueAtoms,
  parseCatalogue,
  type CatalogueRule,
  type CatalogueToken,
} from './catalogue.js';

/**
 * Brings config/tokens.yaml into the database. New tokens and new dated rules are added; a rule that is stored already
 * must say the same, for what was once in force is never edited (R29). Running it again changes nothing.
 */
export class TokenSeedRepository {
  constructor(private readonly db: Database) {}

  /** `text`: the YAML. Throws `CatalogueError` with every problem; then nothing is stored. */
  async seed(text: string): Promise<void> {
    const catalogue = parseCatalogue(text);
    await this.db.transaction(async (tx) => {
      for (const terms of catalogue.terms) {
        await tx.affected(
          `INSERT INTO terms_version (version, valid_from, accepted_until) VALUES ($1, $2, $3)
           ON CONFLICT (version) DO UPDATE SET accepted_until = excluded.accepted_until`,
          [terms.version, terms.validFrom, terms.acceptedUntil ?? null],
        );
      }
      for (const rule of catalogue.regions) {
        await tx.affected(
          'INSERT INTO region_rule (region, valid_from, allowed) VALUES ($1, $2, $3) ON CONFLICT (region, valid_from) DO NOTHING',
          [rule.region, rule.from, rule.allowed],
        );
      }
      for (const [symbol, token] of Object.entries(catalogue.tokens)) {
        await seedToken(tx, symbol, token);
        await giveLeaf(tx, symbol);
      }
    });
  }
}

/**
 * The token's balances lie apart from those of others, so that settling it reads them alone. Rows that stand where the
 * ones without a leaf go stay there: everything works, only slower. The catalogue has looked at the symbol's form.
 */
async function giveLeaf(tx: Transaction, symbol: string): Promise<void> {
  const leaf = `spot_balance_${symbol.toLowerCase()}`;
  await tx.rows('SELECT pg_advisory_xact_lock(4801)');
  const [found] = await tx.rows<{ leaf: string | null }>('SELECT to_regclass($1)::text AS leaf', [leaf]);
  if (found?.leaf) return;
  const strays = await tx.rows('SELECT 1 FROM spot_balance_any_other WHERE token = $1 LIMIT 1', [symbol]);
  if (strays.length > 0) return;
  await tx.affected(`CREATE TABLE ${leaf} (LIKE spot_balance INCLUDING ALL) WITH (fillfactor = 80)`);
  await placeLeaf(tx, leaf, 'spot_balance');
  await tx.affected(`ALTER TABLE spot_balance ATTACH PARTITION ${leaf} FOR VALUES IN ('${symbol}')`);
}

async function seedToken(tx: Transaction, symbol: string, token: CatalogueToken): Promise<void> {
  await tx.affected(
    `INSERT INTO token (symbol, name, chain, decimals, payout_decimals, aliases, listed_from, delisted_from)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (symbol) DO UPDATE SET name = excluded.name, aliases = excluded.aliases, delisted_from = excluded.delisted_from`,
    [
      symbol,
      token.name,
      token.chain,
      token.decimals,
      token.payoutDecimals,
      token.aliases,
      token.listedFrom,
      token.delistedFrom ?? null,
    ],
  );
  const [stored] = await tx.rows<{ chain: string; decimals: number; payout_decimals: number }>(
    'SELECT chain, decimals, payout_decimals FROM token WHERE symbol = $1',
    [symbol],
  );
  if (
    stored?.chain !== token.chain ||
    stored.decimals !== token.decimals ||
    stored.payout_decimals !== token.payoutDecimals
  ) {
    throw new CatalogueError([`tokens.${symbol}: chain and decimals of a stored token cannot change`]);
  }
  for (const rule of token.rules) await seedRule(tx, symbol, token, rule);
}

async function seedRule(tx: Transaction, symbol: string, token: CatalogueToken, rule: CatalogueRule): Promise<void> {
  const values = [
    symbol,
    rule.from,
    catalogueAtoms(rule.minimum, token.decimals).toString(),
    catalogueAtoms(rule.cap, token.decimals).toString(),
    rule.releaseDays,
    rule.feeBps,
    rule.countedBalance,
    rule.maxDailyRatePpb,
    rule.trendMultiple,
    rule.rulesVersion,
    rule.madeBy,
    rule.approvedBy,
  ];
  const columns = `token, valid_from, min_atoms, cap_atoms, release_days, fee_bps, counted_balance,
                   max_daily_rate_ppb, trend_multiple, rules_version, made_by, approved_by`;
  const added = await tx.affected(
    `INSERT INTO token_rule (${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     ON CONFLICT (token, valid_from) DO NOTHING`,
    values,
  );
  if (added === 1) return;
  const same = await tx.rows(
    `SELECT 1 FROM token_rule WHERE (${columns}) = ($1::text, $2::date, $3::numeric, $4::numeric, $5::smallint, $6::smallint,
       $7::text, $8::bigint, $9::smallint, $10::text, $11::text, $12::text)`,
    values,
  );
  if (same.length === 0) {
    throw new CatalogueError([
      `tokens.${symbol}.rules[${rule.from}]: the stored rule of that day says something else; add an entry with a new day instead`,
    ]);
  }
}

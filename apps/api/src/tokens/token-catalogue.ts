import type { TokenPauseRow, TokenRepository, TokenRow, TokenRuleRow } from '@app/database';
import { atoms, utcDay, type EffectiveDated, type TokenRules } from '@app/staking-core';
import { KeptReading } from './kept-reading.js';

export type DatedRules = TokenRules & EffectiveDated;

/** A listed token with all its dated rules. */
export interface ListedToken extends TokenRow {
  readonly rules: readonly DatedRules[];
  readonly pauses: readonly TokenPauseRow[];
}

/** The token behind a name, or the symbols that there are. */
export type FoundToken = { readonly token: ListedToken } | { readonly known: readonly string[] };

/** The tokens with their rules and pauses as they were a moment ago at most. */
export class TokenCatalogue {
  private readonly kept = new KeptReading(() => this.read());

  constructor(private readonly repository: TokenRepository) {}

  listed(): Promise<readonly ListedToken[]> {
    return this.kept.get();
  }

  /** By symbol or alias, exact. A name that is not there may have been listed a moment ago, so it is looked for anew. */
  async find(name: string): Promise<FoundToken> {
    const kept = byName(await this.kept.get(), name);
    if (kept) return { token: kept };
    const listed = await this.kept.fresh();
    const token = byName(listed, name);
    return token ? { token } : { known: listed.map((one) => one.symbol) };
  }

  private async read(): Promise<readonly ListedToken[]> {
    const [tokens, rules, pauses] = await Promise.all([
      this.repository.tokens(),
      this.repository.rules(),
      this.repository.pauses(),
    ]);
    return tokens.map((token) => ({
      ...token,
      rules: rules.filter((rule) => rule.token === token.symbol).map((rule) => rulesOf(rule, token)),
      pauses: pauses.filter((pause) => pause.token === token.symbol),
    }));
  }
}

function byName(listed: readonly ListedToken[], name: string): ListedToken | undefined {
  return listed.find((one) => one.symbol === name || one.aliases.includes(name));
}

function rulesOf(row: TokenRuleRow, token: Pick<TokenRow, 'decimals' | 'payoutDecimals'>): DatedRules {
  return {
    token: row.token,
    validFrom: utcDay(row.validFrom),
    decimals: token.decimals,
    payoutDecimals: token.payoutDecimals,
    minAtoms: atoms(BigInt(row.minAtoms)),
    capAtoms: atoms(BigInt(row.capAtoms)),
    releaseDays: row.releaseDays,
    feeBps: row.feeBps,
    countedBalance: row.countedBalance,
    maxDailyRatePpb: BigInt(row.maxDailyRatePpb),
    trendMultiple: row.trendMultiple,
    rulesVersion: row.rulesVersion,
  };
}

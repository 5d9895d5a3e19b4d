import { Injectable } from '@nestjs/common';
import { AccountRepository, Database, ParticipationRepository } from '@app/database';
import { countsFrom } from '@app/staking-core';
import { Clock } from '../clock.js';
import { TokenService } from '../tokens/token.service.js';
import { effectiveAt } from './open-day.js';

export type TokenSwitchOutcome =
  | { readonly kind: 'done'; readonly token: string }
  | { readonly kind: 'user-unknown' }
  | { readonly kind: 'token-unknown'; readonly known: readonly string[] };

/** R3: a token switched off singly is a cut of that token. */
@Injectable()
export class TokenSwitchService {
  constructor(
    private readonly db: Database,
    private readonly accounts: AccountRepository,
    private readonly participation: ParticipationRepository,
    private readonly tokens: TokenService,
    private readonly clock: Clock,
  ) {}

  /** Off counts at once, on again from the next 00:00, as the switch over all tokens does (R4, R5). */
  async set(user: string, name: string, enabled: boolean): Promise<TokenSwitchOutcome> {
    const found = await this.tokens.find(name);
    if ('known' in found) return { kind: 'token-unknown', known: found.known };
    const token = found.token.symbol;
    const nowMs = BigInt((await this.clock.now()).getTime());
    return this.db.transaction(async (tx) => {
      const closedThrough = await this.participation.closedThrough(tx);
      if (!(await this.accounts.lock(tx, user))) return { kind: 'user-unknown' };
      const at = effectiveAt(enabled ? countsFrom(nowMs) : nowMs, closedThrough);
      if (enabled) await this.participation.closeCuts(tx, user, token, ['TOKEN_OFF'], at);
      else await this.participation.openCut(tx, user, token, 'TOKEN_OFF', at);
      return { kind: 'done', token };
    });
  }
}

import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Problem, type Secret } from '@app/platform';
import type { FastifyRequest } from 'fastify';
import { PUBLIC } from './public.decorator.js';

/**
 * The core's key as a bearer token. It is the only scheme for now and made for development: HTTP Message Signatures
 * (RFC 9421, with nonces, scopes and two live keys) take this place before anything faces a network.
 */
@Injectable()
export class BearerGuard implements CanActivate {
  private readonly expected: Buffer;

  constructor(
    private readonly reflector: Reflector,
    key: Secret,
  ) {
    this.expected = digest(`Bearer ${key.reveal()}`);
  }

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC, [context.getHandler(), context.getClass()])) return true;
    const given = context.switchToHttp().getRequest<FastifyRequest>().headers.authorization;
    if (given !== undefined && timingSafeEqual(digest(given), this.expected)) return true;
    throw new Problem({
      status: 401,
      code: 'UNAUTHENTICATED',
      // The same text whatever was wrong: nothing to learn by trying.
      detail: 'no valid credential was given',
      headers: { 'www-authenticate': 'Bearer realm="soft-staking"' },
    });
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

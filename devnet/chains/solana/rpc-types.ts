import type { SolanaChain } from './solana-chain.js';

/** Codes and words of an Agave node, so that a client meets here what it will meet there. */
export class RpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly data?: unknown,
  ) {
    super(message);
  }
}

export const invalid = (message: string): RpcError => new RpcError(-32602, `Invalid params: ${message}`);
export const noBlock = (slot: bigint): RpcError => new RpcError(-32004, `Block not available for slot ${slot}`);
export const skipped = (slot: bigint): RpcError =>
  new RpcError(-32007, `Slot ${slot} was skipped, or missing due to ledger jump to recent snapshot`);

export interface Config {
  readonly commitment?: 'processed' | 'confirmed' | 'finalized';
  readonly minContextSlot?: unknown;
  readonly encoding?: string;
  /** Ours alone: answer as a node that stood still at this slot (the finalized one; its head is as far ahead as ever). */
  readonly standstill?: unknown;
  readonly [name: string]: unknown;
}

export type RpcMethod = (chain: SolanaChain, params: readonly unknown[]) => unknown;

export function configOf(value: unknown): Config {
  if (value === undefined || value === null) return {};
  if (typeof value === 'string') return { commitment: value as 'finalized' };
  if (typeof value !== 'object') throw invalid('a configuration is an object');
  return value as Config;
}

/** The slot whose state a configuration asks for. */
export function slotOf(chain: SolanaChain, config: Config): bigint {
  const newest = config.commitment === 'processed' || config.commitment === 'confirmed' ? 'head' : 'final';
  let slot = newest === 'head' ? chain.ledger.headSlot : chain.finalSlot;
  if (config.standstill !== undefined) {
    const still = integer(config.standstill, 'standstill');
    if (still < slot) slot = still;
  }
  if (config.minContextSlot !== undefined && config.minContextSlot !== null) {
    const wanted = integer(config.minContextSlot, 'minContextSlot');
    if (slot < wanted) throw new RpcError(-32016, 'Minimum context slot has not been reached', { contextSlot: slot });
  }
  return slot;
}

export function integer(value: unknown, name: string): bigint {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw invalid(`${name} is a whole number`);
  return BigInt(value);
}

export function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw invalid(`${name} is a string`);
  return value;
}

export function list(value: unknown, name: string): readonly string[] {
  if (!Array.isArray(value)) throw invalid(`${name} is a list`);
  return value.map((one) => text(one, name));
}

export const inContext = (slot: bigint, value: unknown): object => ({ context: { apiVersion: '1.18.0', slot }, value });

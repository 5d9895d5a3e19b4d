/**
 * Pure: a CometBFT block header from an RPC answer, with the block's hash computed from it. The hash is a Merkle root over
 * the fourteen fields (cometbft, types/block.go, Header.Hash; crypto/merkle: RFC 6962), so a header whose time or app hash
 * was altered on its way is another block, and shows as such.
 */
import { createHash } from 'node:crypto';

import type { BlockStamp } from '../chain-adapter.js';
import { isRecord } from '../rpc/lossless.js';
import { badAnswer, digits, hexText, instantNs, text } from './cosmos.decode.js';

export interface Header {
  readonly chainId: string;
  readonly height: bigint;
  /** Block time in nanoseconds since 1970. */
  readonly timeNs: bigint;
  /** Upper-case hex, computed. */
  readonly hash: string;
  /** Hash of the block before; empty in the first one. */
  readonly lastHash: string;
}

const NS_PER_MS = 1_000_000n;

export function stampOf(header: Header): BlockStamp {
  return { height: header.height, hash: header.hash, timeMs: header.timeNs / NS_PER_MS };
}

/** From the `header` object of `/header` or `/block`. */
export function decodeHeader(raw: unknown): Header {
  if (!isRecord(raw)) throw badAnswer('a header is not an object');
  const version = isRecord(raw['version']) ? raw['version'] : {};
  const last = isRecord(raw['last_block_id']) ? raw['last_block_id'] : {};
  const parts = isRecord(last['parts']) ? last['parts'] : {};
  const chainId = text(raw['chain_id'], 'a chain id');
  const height = digits(raw['height'], 'a height');
  const timeNs = instantNs(raw['time'], 'a block time');
  const hex = (name: string): Buffer => Buffer.from(hexText(raw[name], name), 'hex');
  const lastHash = hexText(last['hash'] ?? '', 'the hash of the last block');
  const partSet = concat(
    varintField(1, digits(parts['total'] ?? '0', 'a number of parts')),
    bytesField(2, Buffer.from(hexText(parts['hash'] ?? '', 'a hash of parts'), 'hex')),
  );
  const leaves = [
    concat(
      varintField(1, digits(version['block'] ?? '0', 'a block version')),
      varintField(2, digits(version['app'] ?? '0', 'an app version')),
    ),
    bytesField(1, Buffer.from(chainId, 'utf8')),
    varintField(1, height),
    concat(varintField(1, timeNs / 1_000_000_000n), varintField(2, timeNs % 1_000_000_000n)),
    concat(bytesField(1, Buffer.from(lastHash, 'hex')), Buffer.from([0x12, partSet.length]), partSet),
    bytesField(1, hex('last_commit_hash')),
    bytesField(1, hex('data_hash')),
    bytesField(1, hex('validators_hash')),
    bytesField(1, hex('next_validators_hash')),
    bytesField(1, hex('consensus_hash')),
    bytesField(1, hex('app_hash')),
    bytesField(1, hex('last_results_hash')),
    bytesField(1, hex('evidence_hash')),
    bytesField(1, hex('proposer_address')),
  ];
  return { chainId, height, timeNs, hash: merkleRoot(leaves).toString('hex').toUpperCase(), lastHash };
}

/** RFC 6962: leaves and inner nodes are hashed apart, the left part is the largest power of two below the whole. */
export function merkleRoot(leaves: readonly Uint8Array[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256(Buffer.alloc(0));
  if (leaves.length === 1) return sha256(concat(Buffer.from([0]), only));
  let left = 1;
  while (left * 2 < leaves.length) left *= 2;
  return sha256(concat(Buffer.from([1]), merkleRoot(leaves.slice(0, left)), merkleRoot(leaves.slice(left))));
}

/** Protobuf leaves zero values out. */
function varintField(field: number, value: bigint): Buffer {
  if (value === 0n) return Buffer.alloc(0);
  return concat(Buffer.from([field << 3]), varint(value));
}

function bytesField(field: number, value: Uint8Array): Buffer {
  if (value.length === 0) return Buffer.alloc(0);
  return concat(Buffer.from([(field << 3) | 2]), varint(BigInt(value.length)), value);
}

function varint(value: bigint): Buffer {
  const out: number[] = [];
  for (let left = value; ; left >>= 7n) {
    const low = Number(left & 0x7fn); // seven bits: no amount passes here
    if (left < 0x80n) {
      out.push(low);
      return Buffer.from(out);
    }
    out.push(low | 0x80);
  }
}

function concat(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

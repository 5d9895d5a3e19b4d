/** A block's header and its hash, from CometBFT's own protobuf messages (types/block.go, Header.Hash). */
import { BinaryWriter } from 'cosmjs-types/binary';
import { Timestamp } from 'cosmjs-types/google/protobuf/timestamp';
import { BlockID } from 'cosmjs-types/tendermint/types/types';
import { Consensus } from 'cosmjs-types/tendermint/version/types';

import { sha256 } from './keys.js';
import { rfc3339 } from './messages.js';

export interface BlockHeader {
  readonly chainId: string;
  readonly height: bigint;
  readonly timeNs: bigint;
  readonly lastHash: Uint8Array;
  readonly lastParts: Uint8Array;
  readonly lastCommitHash: Uint8Array;
  readonly dataHash: Uint8Array;
  readonly validatorsHash: Uint8Array;
  readonly nextValidatorsHash: Uint8Array;
  readonly consensusHash: Uint8Array;
  readonly appHash: Uint8Array;
  readonly lastResultsHash: Uint8Array;
  readonly evidenceHash: Uint8Array;
  readonly proposer: Uint8Array;
}

export function headerHash(header: BlockHeader): Buffer {
  const last = BlockID.fromPartial({
    hash: header.lastHash,
    partSetHeader: { total: header.lastParts.length === 0 ? 0 : 1, hash: header.lastParts },
  });
  const time = Timestamp.fromPartial({
    seconds: header.timeNs / 1_000_000_000n,
    nanos: Number(header.timeNs % 1_000_000_000n),
  });
  return merkle([
    Consensus.encode(Consensus.fromPartial({ block: 11n })).finish(),
    bytesValue(Buffer.from(header.chainId)),
    new BinaryWriter().uint32(8).int64(header.height).finish(),
    Timestamp.encode(time).finish(),
    BlockID.encode(last).finish(),
    bytesValue(header.lastCommitHash),
    bytesValue(header.dataHash),
    bytesValue(header.validatorsHash),
    bytesValue(header.nextValidatorsHash),
    bytesValue(header.consensusHash),
    bytesValue(header.appHash),
    bytesValue(header.lastResultsHash),
    bytesValue(header.evidenceHash),
    bytesValue(header.proposer),
  ]);
}

export function headerJson(header: BlockHeader): object {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();
  return {
    version: { block: '11' },
    chain_id: header.chainId,
    height: String(header.height),
    time: rfc3339(header.timeNs, true),
    last_block_id: {
      hash: hex(header.lastHash),
      parts: { total: header.lastParts.length === 0 ? 0 : 1, hash: hex(header.lastParts) },
    },
    last_commit_hash: hex(header.lastCommitHash),
    data_hash: hex(header.dataHash),
    validators_hash: hex(header.validatorsHash),
    next_validators_hash: hex(header.nextValidatorsHash),
    consensus_hash: hex(header.consensusHash),
    app_hash: hex(header.appHash),
    last_results_hash: hex(header.lastResultsHash),
    evidence_hash: hex(header.evidenceHash),
    proposer_address: hex(header.proposer),
  };
}

export function merkle(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return sha256('');
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return sha256(Buffer.concat([Buffer.from([0]), only]));
  const left = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return sha256(Buffer.concat([Buffer.from([1]), merkle(leaves.slice(0, left)), merkle(leaves.slice(left))]));
}

function bytesValue(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? bytes : new BinaryWriter().uint32(10).bytes(bytes).finish();
}

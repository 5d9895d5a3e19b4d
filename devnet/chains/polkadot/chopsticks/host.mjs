/**
 * Makes the blocks of a local Substrate chain: chopsticks with a raw genesis, one JSON message a line on stdin, one answer a
 * line on stdout. It only makes blocks; everything that is read of the chain is read from what it hands over here. Ends
 * when stdin does, so that nobody's death leaves it behind.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

// Its log goes to stdout, which is ours.
process.env.LOG_LEVEL = 'fatal';
const { blake2AsU8a, xxhashAsHex, xxhashAsU8a } = await import('@polkadot/util-crypto');
const { hexToU8a, u8aToHex } = await import('@polkadot/util');
const { buildBlock, GenesisProvider, inherentProviders, setup } = await import('@acala-network/chopsticks-core');

const GENESIS_HASH = `0x${'45'.repeat(32)}`;
/** A pre-runtime digest of BABE, "secondary plain": the author's index and the slot. */
const babeDigest = (author) => `0x0642414245${'3402'}${little(author, 4)}${'00'.repeat(8)}`;

let chain;

const answers = {
  /**
   * `genesisFile`: null is the Asset Hub of Rococo that a package of this workspace carries. `changes`: what the genesis
   * state is to say otherwise; a value of null takes it away. Builds the first block: 2, of the Asset Hub 1.
   */
  async open({ genesisFile, changes }) {
    const spec = JSON.parse(genesisFile === null ? await rococoAssetHub() : readFileSync(genesisFile, 'utf8'));
    const state = spec.genesis.raw.top;
    for (const { pallet, item, key = [], value } of changes) {
      const place = keyOf(pallet, item, key);
      if (value === null) delete state[place];
      else state[place] = value;
    }
    const genesis = new GenesisProvider(spec);
    if (genesisFile !== null) {
      const base = await genesis.getHeader();
      // The runtime has no use for chopsticks' own first digest (its author is number 514), and counts from block 1.
      genesis.getHeader = async () => ({ ...base, number: '0x1', digest: { logs: [babeDigest(0)] } });
    }
    genesis.clone = () => genesis;
    chain = await setup({ genesis, buildBlockMode: 'Manual', allowUnresolvedImports: true, maxMemoryBlockCount: 1e6 });
    const head = chain.head;
    const { '0x3a636f6465': _code, ...others } = state;
    return {
      genesisHash: GENESIS_HASH,
      metadata: await head.metadata,
      runtimeVersion: await head.runtimeVersion,
      state: others,
      block: await shown(head, {}),
    };
  },

  /**
   * A block on the head: `before` are changes of state that nobody signed for, then the transactions in their order.
   * `author`: null where authors take turns by slot.
   */
  async build({ before, author, transactions }) {
    const head = chain.head;
    head.pushStorageLayer().setAll(before.map(([key, value]) => [key, value ?? 'Deleted']));
    const restore =
      author === null ? () => undefined : authoredBy(head, await head.header, await head.registry, author);
    try {
      const params = { transactions, downwardMessages: [], upwardMessages: {}, horizontalMessages: {} };
      const failed = [];
      const onApplyExtrinsicError = (bytes, error) => failed.push([bytes, error.toString()]);
      const [block, left] = await buildBlock(head, inherentProviders, params, { onApplyExtrinsicError });
      restore();
      await chain.onNewBlock(block);
      return { block: await shown(block, Object.fromEntries(before)), failed, left };
    } finally {
      restore();
      head.popStorageLayer();
    }
  },

  /** What the runtime says of signed bytes on the head: no refusal, or its reason. */
  async validate({ bytes }) {
    const validity = await chain.validateExtrinsic(bytes);
    return {
      hash: u8aToHex(blake2AsU8a(hexToU8a(bytes), 256)),
      refusal: validity.isOk ? null : validity.asErr.toString(),
    };
  },

  async rewind({ hash }) {
    const block = await chain.getBlock(hash);
    if (block === undefined) throw new Error(`no block ${hash}`);
    await chain.setHead(block);
    return null;
  },
};

async function rococoAssetHub() {
  const { chainSpec } = await import('@substrate/connect-known-chains/rococo_v2_2_asset_hub');
  return chainSpec;
}

/** Makes the next header name this author; chopsticks copies the parent's digest. */
function authoredBy(head, header, registry, author) {
  const shownHeader = registry.createType('Header', { ...header.toJSON(), digest: { logs: [babeDigest(author)] } });
  Object.defineProperty(head, 'header', { configurable: true, value: Promise.resolve(shownHeader) });
  return () => delete head.header;
}

async function shown(block, before) {
  const header = await block.header;
  const changes = { ...before };
  for (const [key, value] of Object.entries(await block.storageDiff()))
    changes[key] = value === 'Deleted' ? null : value;
  return {
    number: block.number,
    hash: block.hash,
    // As a node answers over JSON-RPC.
    header: {
      parentHash: header.parentHash.toHex(),
      number: `0x${block.number.toString(16)}`,
      stateRoot: header.stateRoot.toHex(),
      extrinsicsRoot: header.extrinsicsRoot.toHex(),
      digest: { logs: header.digest.logs.map((log) => log.toHex()) },
    },
    extrinsics: await block.extrinsics,
    changes: Object.entries(changes),
  };
}

/** A storage key; `key` holds pairs of a hasher's name and the bytes to be hashed. */
function keyOf(pallet, item, key) {
  const hashed = key.map(([hasher, bytes]) => {
    const raw = hexToU8a(bytes);
    const hash = hasher === 'twox64' ? xxhashAsU8a(raw, 64) : blake2AsU8a(raw, 128);
    return u8aToHex(hash).slice(2) + bytes.slice(2);
  });
  return [xxhashAsHex(pallet, 128), xxhashAsHex(item, 128).slice(2), ...hashed].join('');
}

function little(number, bytes) {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(number, 0, bytes);
  return buffer.toString('hex');
}

const lines = createInterface({ input: process.stdin });
let queue = Promise.resolve();
lines.on('line', (line) => {
  const { id, call, params } = JSON.parse(line);
  queue = queue.then(async () => {
    const answer = await answers[call](params).then(
      (result) => ({ id, result }),
      (error) => ({ id, error: String(error?.message ?? error) }),
    );
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  });
});
lines.on('close', () => queue.finally(() => process.exit(0)));

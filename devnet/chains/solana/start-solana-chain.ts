import { devKey, devSecret } from './dev-keys.js';
import { RpcFront } from './rpc-front.js';
import { fund } from './rpc-sending.js';
import { FINAL_LAG } from './sol-constants.js';
import { SolanaChain, type SolanaChainFiles } from './solana-chain.js';

export interface StartSolanaChainOptions extends SolanaChainFiles {
  /** Port of the RPC endpoint on loopback; 0 or absent: any free one. */
  readonly port?: number;
}

export interface RunningSolanaChain {
  readonly chain: SolanaChain;
  readonly url: string;
  /** Genesis hash, as the adapter's option `genesisHash` wants it. */
  readonly identity: { readonly genesisHash: string };
  /** Fixed, published development keys. The withdrawer is the cold key: another one, named to the adapter. */
  readonly treasury: {
    readonly address: string;
    readonly devKey: string;
    readonly withdrawer: string;
    readonly withdrawerDevKey: string;
  };
  /** Vote accounts. */
  readonly validators: readonly string[];
  /** Money for the treasury, final when it resolves. */
  fundTreasury(atoms: bigint): Promise<void>;
  /** The chain lives on to that moment. Does nothing when it is there already. */
  advanceTo(unixMs: number | bigint): Promise<void>;
  /** What was broadcast gets into a block and becomes final. */
  includePending(): Promise<void>;
  stop(): Promise<void>;
}

/** Most lamports of one transfer: a JS number holds them exactly. */
const LARGEST_TRANSFER = 9_000_000_000_000_000n;

/** Starts the local Solana chain of `stateDir`, or brings it back as it was. */
export async function startSolanaChain(options: StartSolanaChainOptions): Promise<RunningSolanaChain> {
  const chain = await SolanaChain.open(options);
  let front: RpcFront;
  try {
    front = await RpcFront.listen(chain, options.port ?? 0);
  } catch (error) {
    await chain.stop();
    throw error;
  }
  const settle = (): Promise<void> => chain.passSlots(2n * FINAL_LAG);
  const treasury = devKey('treasury').publicKey.toBase58();
  return {
    chain,
    url: front.url,
    identity: { genesisHash: chain.ledger.genesisHash },
    treasury: {
      address: treasury,
      devKey: devSecret('treasury'),
      withdrawer: devKey('withdrawer').publicKey.toBase58(),
      withdrawerDevKey: devSecret('withdrawer'),
    },
    validators: chain.validators.map((_, i) => devKey(`vote-${i}`).publicKey.toBase58()),
    fundTreasury: async (atoms) => {
      for (let left = atoms; left > 0n; left -= LARGEST_TRANSFER) {
        fund(chain, treasury, left < LARGEST_TRANSFER ? left : LARGEST_TRANSFER);
      }
      await chain.include();
      await settle();
    },
    advanceTo: (unixMs) => chain.advanceTo(BigInt(unixMs)),
    includePending: async () => {
      await chain.include();
      await settle();
    },
    stop: async () => {
      await front.close();
      await chain.stop();
    },
  };
}

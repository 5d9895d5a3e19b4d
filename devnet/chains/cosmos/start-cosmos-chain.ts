import { CosmosChain } from './cosmos-chain.js';
import { CosmosDriver } from './cosmos-driver.js';
import { CHAIN_ID, DEFAULT_VALIDATORS, type ValidatorSpec } from './genesis.js';
import { devKey } from './keys.js';
import { RpcServer } from './rpc-server.js';

export interface StartCosmosChainOptions {
  /** Where its blocks are kept; null: in memory, gone with the process. */
  readonly stateDir: string | null;
  /** 0: any free one. */
  readonly port: number;
  /** Unix seconds. Only for a new chain, as all that follows. */
  readonly genesisTime: number;
  readonly chainId?: string;
  readonly validators?: readonly ValidatorSpec[];
  readonly unbondingDays?: number;
  /** Gaia's modules beyond the SDK: x/feemarket and x/liquid. Present unless told otherwise. */
  readonly hasFeemarket?: boolean;
  readonly hasLiquid?: boolean;
  /** False: the treasury has not locked its shares yet, as a new account of the Hub. */
  readonly treasuryLocked?: boolean;
  readonly log?: (line: string) => void;
}

export interface RunningCosmosChain {
  readonly chain: CosmosChain;
  readonly driver: CosmosDriver;
  /** The CometBFT RPC endpoint for the product. */
  readonly url: string;
  readonly identity: { readonly chainId: string; readonly genesisHash: string };
  /** The product's account, with its published development key (hex). */
  readonly treasury: { readonly address: string; readonly privateKey: string; readonly publicKey: string };
  /** Operators, as the adapter names them. */
  readonly validators: readonly string[];
  fundTreasury(uatom: bigint): Promise<void>;
  /** The chain lives to that time; everything up to it is final. */
  advanceTo(unixMs: number): Promise<void>;
  /** What was broadcast gets into a block and becomes final. */
  includePending(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the protocol model of `stateDir`, or brings it back as it was, by running its record again. */
export async function startCosmosChain(options: StartCosmosChainOptions): Promise<RunningCosmosChain> {
  const chain = CosmosChain.open(options.stateDir, {
    chainId: options.chainId ?? CHAIN_ID,
    genesisTime: options.genesisTime,
    validators: options.validators ?? DEFAULT_VALIDATORS,
    unbondingDays: options.unbondingDays ?? 21,
    hasFeemarket: options.hasFeemarket ?? true,
    hasLiquid: options.hasLiquid ?? true,
    ...(options.treasuryLocked === undefined ? {} : { treasuryLocked: options.treasuryLocked }),
  });
  const driver = new CosmosDriver(chain);
  try {
    if (chain.isEmpty) driver.blocks(3);
    const server = await RpcServer.start(chain, options.port);
    const { address, privateKey, publicKey } = devKey('treasury');
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    const first = chain.block(1n);
    options.log?.(`cosmos: a protocol model, block ${chain.height}, ${server.url}`);
    const done = (work: () => void): Promise<void> => Promise.resolve().then(work);
    return {
      chain,
      driver,
      url: server.url,
      identity: { chainId: chain.genesis.chainId, genesisHash: first?.hash.toString('hex').toUpperCase() ?? '' },
      treasury: { address, privateKey: hex(privateKey), publicKey: hex(publicKey) },
      validators: driver.operators,
      fundTreasury: (uatom) => done(() => driver.fundTreasury(uatom)),
      advanceTo: (unixMs) => done(() => driver.advanceTo(unixMs)),
      includePending: () => done(() => driver.includePending()),
      stop: async () => {
        await server.stop();
        chain.close();
      },
    };
  } catch (error) {
    chain.close();
    throw error;
  }
}

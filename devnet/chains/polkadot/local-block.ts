/** One block of a local Polkadot chain: all that a node could ever be asked about it. */
export interface LocalBlock {
  readonly number: number;
  readonly hash: string;
  /** As a node answers `chain_getHeader`. */
  readonly header: {
    readonly parentHash: string;
    readonly number: string;
    readonly stateRoot: string;
    readonly extrinsicsRoot: string;
    readonly digest: { readonly logs: readonly string[] };
  };
  readonly extrinsics: readonly string[];
  /** What the block changed in the state: key and new value, null for taken away. */
  readonly changes: readonly (readonly [string, string | null])[];
}

/** What there is before the first block. */
export interface LocalGenesis {
  readonly genesisHash: string;
  readonly metadata: string;
  readonly runtimeVersion: Readonly<Record<string, unknown>>;
  /** The first state, without the code of the runtime. */
  readonly state: Readonly<Record<string, string>>;
}

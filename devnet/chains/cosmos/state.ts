import type { Dec } from './dec.js';

/** A map that a copy shares until one of them writes: each height keeps its own state at little cost. */
export class Table<V> {
  private constructor(
    private map: Map<string, V>,
    private owned: boolean,
  ) {}

  static empty<V>(): Table<V> {
    return new Table(new Map<string, V>(), true);
  }

  get(key: string): V | undefined {
    return this.map.get(key);
  }

  set(key: string, value: V): void {
    this.own().set(key, value);
  }

  delete(key: string): void {
    if (this.map.has(key)) this.own().delete(key);
  }

  /** In the order of the keys' bytes, as an IAVL store walks them. */
  entries(): [string, V][] {
    return [...this.map.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }

  values(): V[] {
    return this.entries().map(([, value]) => value);
  }

  fork(): Table<V> {
    this.owned = false;
    return new Table(this.map, false);
  }

  private own(): Map<string, V> {
    if (!this.owned) {
      this.map = new Map(this.map);
      this.owned = true;
    }
    return this.map;
  }
}

export type Status = 'unbonded' | 'unbonding' | 'bonded';

export interface Validator {
  readonly operator: string;
  readonly consensusKey: string; // hex
  readonly consensusAddress: string;
  readonly moniker: string;
  readonly tokens: bigint;
  readonly shares: Dec;
  readonly status: Status;
  readonly jailed: boolean;
  readonly unbondingHeight: bigint;
  readonly unbondingNs: bigint;
  readonly commission: Dec;
  readonly commissionNs: bigint;
}

export interface Account {
  readonly number: bigint;
  readonly sequence: bigint;
  /** Compressed secp256k1 key in hex, once it is known. */
  readonly publicKey: string | null;
}

export interface UnbondingEntry {
  readonly creationHeight: bigint;
  readonly completionNs: bigint;
  readonly initialBalance: bigint;
  readonly balance: bigint;
  readonly id: bigint;
}

export interface RedelegationEntry {
  readonly creationHeight: bigint;
  readonly completionNs: bigint;
  readonly initialBalance: bigint;
  readonly sharesDst: Dec;
  readonly id: bigint;
}

/** F1: what a validator has earned and not yet paid. */
export interface ValidatorRewards {
  readonly current: Dec;
  readonly period: bigint;
  readonly outstanding: Dec;
  readonly commission: Dec;
}

export interface SigningInfo {
  readonly startHeight: bigint;
  readonly jailedUntilNs: bigint;
  readonly tombstoned: boolean;
}

export interface Params {
  readonly unbondingNs: bigint;
  readonly maxEntries: number;
  readonly maxValidators: number;
  readonly communityTax: Dec;
  /** A year's new coins, as a part of the bonded stake. */
  readonly inflation: Dec;
  readonly slashDoubleSign: Dec;
  readonly slashDowntime: Dec;
  readonly downtimeJailNs: bigint;
  /** x/feemarket's price of one gas; null: the chain has no such module, and nodes ask for `minimumGasPrice`. */
  readonly gasPrice: Dec | null;
  readonly minimumGasPrice: Dec;
  /** Whether the chain has gaia's x/liquid. */
  readonly hasLiquid: boolean;
}

const TABLES = [
  'accounts',
  'balances',
  'withdrawTo',
  'tokenizeLocked',
  'validators',
  'delegations',
  'unbondings',
  'redelegations',
  'rewards',
  'historical',
  'starting',
  'slashes',
  'signing',
] as const;

/** The whole state of the chain after one block. Values are never changed in place, only replaced. */
export class ChainState {
  accounts = Table.empty<Account>();
  balances = Table.empty<bigint>();
  withdrawTo = Table.empty<string>();
  /** `true`: locked; a time in nanoseconds: until then. */
  tokenizeLocked = Table.empty<true | bigint>();
  validators = Table.empty<Validator>();
  /** `delegator/validator` to shares. */
  delegations = Table.empty<Dec>();
  /** `delegator/validator`. */
  unbondings = Table.empty<readonly UnbondingEntry[]>();
  /** `delegator/source/target`. */
  redelegations = Table.empty<readonly RedelegationEntry[]>();
  rewards = Table.empty<ValidatorRewards>();
  /** `validator/period`. */
  historical = Table.empty<{ readonly ratio: Dec; readonly references: number }>();
  /** `validator/delegator`. */
  starting = Table.empty<{ readonly period: bigint; readonly stake: Dec; readonly height: bigint }>();
  slashes = Table.empty<readonly { readonly period: bigint; readonly fraction: Dec; readonly height: bigint }[]>();
  /** By consensus address. */
  signing = Table.empty<SigningInfo>();
  communityPool: Dec = 0n;
  supply = 0n;
  nextId = 1n;

  constructor(readonly params: Params) {}

  fork(): ChainState {
    const copy = new ChainState(this.params);
    for (const name of TABLES) copy[name] = this[name].fork() as never;
    copy.communityPool = this.communityPool;
    copy.supply = this.supply;
    copy.nextId = this.nextId;
    return copy;
  }

  /** Everything, in one order: what the app hash is made of. */
  text(): string {
    const tables = TABLES.map((name) => [name, this[name].entries()]);
    return JSON.stringify([tables, this.communityPool, this.supply, this.nextId], (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}` : value,
    );
  }
}

export interface ChainEvent {
  readonly type: string;
  readonly attributes: readonly (readonly [string, string])[];
}

/** One block's work on the state. */
export interface Context {
  readonly state: ChainState;
  readonly height: bigint;
  readonly timeNs: bigint;
  readonly events: ChainEvent[];
}

export function emit(context: Context, type: string, attributes: Readonly<Record<string, string>>): void {
  context.events.push({ type, attributes: Object.entries(attributes) });
}

/** As the SDK answers: codespace, code and log of the failed message. */
export class SdkError extends Error {
  constructor(
    readonly codespace: string,
    readonly code: number,
    log: string,
  ) {
    super(log);
    this.name = 'SdkError';
  }
}

export function coinText(amount: bigint): string {
  return `${amount}uatom`;
}

import { balanceOf, BONDED_POOL, mint } from './bank.js';
import { dec, decOf } from './dec.js';
import { initializeDelegation, initializeValidator } from './distribution.js';
import { consensusAddress, consensusKey, devKey, operatorOf } from './keys.js';
import { ChainState, type Context, type Params } from './state.js';

export interface ValidatorSpec {
  readonly name: string;
  /** Own stake, in whole ATOM. */
  readonly selfStake: bigint;
  /** `0.05`. */
  readonly commission: string;
}

export interface CosmosGenesis {
  readonly chainId: string;
  /** Unix seconds. */
  readonly genesisTime: number;
  readonly validators: readonly ValidatorSpec[];
  /** Days that an exit takes. */
  readonly unbondingDays: number;
  readonly hasFeemarket: boolean;
  readonly hasLiquid: boolean;
  /** Whether the treasury's shares are locked from the start; a new account on the Hub is not. Absent: they are. */
  readonly treasuryLocked?: boolean;
}

export const ONE_ATOM = 1_000_000n;
export const CHAIN_ID = 'soft-staking-cosmos-1';

/** Odd stakes and commissions, so that no share is round. */
export const DEFAULT_VALIDATORS: readonly ValidatorSpec[] = [
  { name: 'Asteria', selfStake: 2_345_678n, commission: '0.05' },
  { name: 'Boreas', selfStake: 1_987_654n, commission: '0.0725' },
  { name: 'Calypso', selfStake: 1_500_001n, commission: '0.1' },
  { name: 'Dione', selfStake: 1_234_567n, commission: '0.033333333333333333' },
  { name: 'Eos', selfStake: 777_777n, commission: '0.08' },
];

export const STRANGERS = ['stranger 1', 'stranger 2', 'stranger 3'] as const;
export const FAUCET = 'faucet';

export function paramsOf(genesis: CosmosGenesis): Params {
  return {
    unbondingNs: BigInt(genesis.unbondingDays) * 86_400_000_000_000n,
    maxEntries: 7,
    maxValidators: 180,
    communityTax: decOf('0.1'),
    inflation: decOf('0.17'),
    slashDoubleSign: decOf('0.05'),
    slashDowntime: decOf('0.0001'),
    downtimeJailNs: 600_000_000_000n,
    gasPrice: genesis.hasFeemarket ? decOf('0.005') : null,
    minimumGasPrice: decOf('0.005'),
    hasLiquid: genesis.hasLiquid,
  };
}

/** Validators with their own stake, a faucet, strangers, and the treasury: no coins yet, its key known, tokenizing locked unless told otherwise. */
export function genesisState(genesis: CosmosGenesis): ChainState {
  const state = new ChainState(paramsOf(genesis));
  const timeNs = BigInt(genesis.genesisTime) * 1_000_000_000n;
  const context: Context = { state, height: 0n, timeNs, events: [] };
  const account = (words: string, atom: bigint): string => {
    const { address, publicKey } = devKey(words);
    const number = BigInt(state.accounts.entries().length);
    state.accounts.set(address, { number, sequence: 0n, publicKey: Buffer.from(publicKey).toString('hex') });
    if (atom > 0n) mint(state, address, atom * ONE_ATOM);
    return address;
  };
  const treasury = account('treasury', 0n);
  if (genesis.hasLiquid && genesis.treasuryLocked !== false) state.tokenizeLocked.set(treasury, true);
  account(FAUCET, 100_000_000n);
  for (const name of STRANGERS) account(name, 1_000_000n);
  for (const spec of genesis.validators) addValidator(context, spec, account(`operator ${spec.name}`, 100n));
  return state;
}

function addValidator(context: Context, spec: ValidatorSpec, owner: string): void {
  const { state } = context;
  const operator = operatorOf(owner);
  const key = consensusKey(spec.name);
  const tokens = spec.selfStake * ONE_ATOM;
  const validator = {
    operator,
    consensusKey: Buffer.from(key).toString('hex'),
    consensusAddress: consensusAddress(key),
    moniker: spec.name,
    tokens,
    shares: dec.fromInt(tokens),
    status: 'bonded' as const,
    jailed: false,
    unbondingHeight: 0n,
    unbondingNs: 0n,
    commission: decOf(spec.commission),
    commissionNs: 0n,
  };
  mint(state, BONDED_POOL, tokens);
  state.validators.set(operator, validator);
  initializeValidator(state, operator);
  state.delegations.set(`${owner}/${operator}`, dec.fromInt(tokens));
  initializeDelegation(context, owner, validator);
  state.signing.set(validator.consensusAddress, { startHeight: 0n, jailedUntilNs: 0n, tombstoned: false });
  if (balanceOf(state, BONDED_POOL) < tokens) throw new Error('the bonded pool holds all stake');
}

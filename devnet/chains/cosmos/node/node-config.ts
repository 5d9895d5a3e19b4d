import { devAccount } from './dev-accounts.js';

/** One coin in atoms: uatom has six decimals. */
export const ONE_ATOM = 1_000_000n;
export const STRANGERS = 3;

/** What differs between local chains; everything absent is as on the Hub, or what makes a day short. */
export interface CosmosNodeSettings {
  readonly chainId?: string;
  /** Unix seconds of the first block. */
  readonly genesisTime?: number;
  /** Driven time: `advanceTo` says what time it is and blocks come on request. Else wall time, a block every `blockMs`. */
  readonly driven?: boolean;
  readonly blockMs?: number;
  readonly unbondingSeconds?: number;
  readonly signedBlocksWindow?: number;
  readonly downtimeJailSeconds?: number;
  readonly blocksPerYear?: number;
  /** How many old states the node keeps; all if absent. */
  readonly keepRecent?: number;
  readonly seats?: readonly SeatSpec[];
  /** Liquid coins of the treasury at the start; of each stranger as much. */
  readonly treasuryAtoms?: bigint;
}

/** One validator. The first leads: it runs consensus and must hold more than two thirds of all stake, come what may. */
export interface SeatSpec {
  readonly moniker: string;
  readonly stake: bigint;
  readonly commission: string;
}

export const DEFAULT_SEATS: readonly SeatSpec[] = [
  { moniker: 'Lead', stake: 60_000_000n * ONE_ATOM, commission: '0.050000000000000000' },
  { moniker: 'Cassiopeia', stake: 5_000_000n * ONE_ATOM, commission: '0.050000000000000000' },
  { moniker: 'Lyra', stake: 4_000_000n * ONE_ATOM, commission: '0.070000000000000000' },
  { moniker: 'Vela', stake: 3_000_000n * ONE_ATOM, commission: '0.100000000000000000' },
  { moniker: 'Fornax', stake: 2_000_000n * ONE_ATOM, commission: '0.100000000000000000' },
];

export const HUB_UNBONDING_SECONDS = 21 * 86_400;
const TREASURY_ATOMS = 2_000_000n * ONE_ATOM;
const FAUCET = 50_000_000n * ONE_ATOM;
const PURSE = 1_000_000n * ONE_ATOM;

/** The node's configuration file (config.go). Slashing fractions, tax and slots are the Hub's. */
export async function nodeConfig(settings: CosmosNodeSettings): Promise<Record<string, unknown>> {
  const seats = settings.seats ?? DEFAULT_SEATS;
  const driven = settings.driven ?? false;
  const operators = await Promise.all(seats.map((_, i) => devAccount('operator', i)));
  const strangers = await Promise.all(Array.from({ length: STRANGERS }, (_, i) => devAccount('stranger', i)));
  const [treasury, faucet, governance] = await Promise.all([
    devAccount('treasury'),
    devAccount('faucet'),
    devAccount('governance'),
  ]);
  const purse = (address: string, atoms: bigint) => ({ address, atoms: `${atoms}` });
  return {
    chainId: settings.chainId ?? 'softstaking-local-1',
    genesisTime: new Date((settings.genesisTime ?? Math.floor(Date.now() / 1000) - 1) * 1000).toISOString(),
    driven,
    blockMs: settings.blockMs ?? 500,
    tickMs: 1_000,
    denom: 'uatom',
    gasPrice: '0.005000000000000000uatom',
    keepRecent: settings.keepRecent ?? 0,
    authority: governance.address,
    accounts: [
      purse(treasury.address, settings.treasuryAtoms ?? TREASURY_ATOMS),
      purse(faucet.address, FAUCET),
      purse(governance.address, PURSE),
      ...operators.map((one) => purse(one.address, PURSE)),
      ...strangers.map((one) => purse(one.address, settings.treasuryAtoms ?? PURSE)),
    ],
    validators: seats.map((seat, i) => ({
      moniker: seat.moniker,
      operator: operators[i]?.address,
      consensusSecret: `soft-staking local cosmos chain: seat ${i}`,
      selfStake: `${seat.stake}`,
      commission: seat.commission,
    })),
    params: {
      // Driven time costs nothing, so it waits as long as the Hub does; a person at a terminal does not.
      unbondingSeconds: settings.unbondingSeconds ?? (driven ? HUB_UNBONDING_SECONDS : 120),
      maxEntries: 7,
      maxValidators: 180,
      signedBlocksWindow: settings.signedBlocksWindow ?? 20,
      minSignedPerWindow: '0.500000000000000000',
      downtimeJailSeconds: settings.downtimeJailSeconds ?? (driven ? 600 : 30),
      slashDowntime: '0.000100000000000000',
      slashDoubleSign: '0.050000000000000000',
      inflation: '0.100000000000000000',
      // About a block an hour in driven time, so that a year of them mints a year's inflation.
      blocksPerYear: settings.blocksPerYear ?? (driven ? 8_766 : 63_072_000),
      communityTax: '0.020000000000000000',
    },
  };
}

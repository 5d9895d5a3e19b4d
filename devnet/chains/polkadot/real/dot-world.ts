import { devAccount, type DevRole } from '../dev-keys.js';
import type { GenesisChange } from './chopsticks-host.js';
import { accountOf, dotGenesis, little } from './dot-genesis.js';
import { RealChain } from './real-chain.js';
import { RealDriver } from './real-driver.js';

/** 1 DOT in planck. */
export const DOT = 10_000_000_000n;
export const VALIDATORS = 3;

/** The validator of the genesis file; its stake is cut to the size of ours. */
const GENESIS_VALIDATOR = '0xec52b42badcb1b7a65913dfc62dc9661389f776730493e25689d01b0e2880b3e';
const GENESIS_STAKE = 2_000_000n * DOT;
/** What the file's runtime takes for a transaction is made for a token with 18 decimals: our people have it. */
const FOR_FEES = 10n ** 22n;
const ONE_PER_CENT = 10_000_000;
const YEARLY_PPM = 118_000n;

export interface DotWorldOptions {
  readonly genesisFile: string;
  /** Time of the first block, ms. */
  readonly timeMs: number;
  readonly port?: number;
  /** What the treasury has; if absent, plenty for fees too. */
  readonly treasury?: bigint;
  /** An era per session instead of one in two. */
  readonly fastEras?: boolean;
  /** The hot key is the treasury's Staking proxy from the beginning. */
  readonly proxy?: boolean;
}

export interface DotWorld {
  readonly chain: RealChain;
  readonly driver: RealDriver;
  /** Addresses of our validators, elected. */
  readonly validators: readonly string[];
}

/**
 * A chain of DOT's size on the runtime of the genesis file: amounts with 10 decimals, eras that pay about 11.8 % a year,
 * four validators of which three are ours.
 */
export async function openDotWorld(options: DotWorldOptions): Promise<DotWorld> {
  const { genesisFile, port } = options;
  const chain = await RealChain.open({
    genesisFile,
    genesisTimeMs: options.timeMs,
    ...(port === undefined ? {} : { port }),
    changes: changesOf(options),
  });
  try {
    const driver = new RealDriver(chain, { eraReward: (stake) => (stake * YEARLY_PPM) / 365_000_000n });
    await driver.act(validatorCalls(chain));
    // Elected with the second era from now.
    for (let era = 0; era < 2; era++) await driver.endEra();
    const validators = ours().map((role) => devAccount(role).address);
    return { chain, driver, validators };
  } catch (error) {
    await chain.stop();
    throw error;
  }
}

function ours(): DevRole[] {
  return Array.from({ length: VALIDATORS }, (_, i): DevRole => `validator-${i + 1}`);
}

function changesOf(options: DotWorldOptions): GenesisChange[] {
  const people: (readonly [DevRole, bigint])[] = [
    ['treasury', options.treasury ?? FOR_FEES],
    ...(['hot', 'stranger', 'cranker', 'root', ...ours()] as DevRole[]).map((role) => [role, FOR_FEES] as const),
  ];
  const compact = `0x${compactOf(GENESIS_STAKE)}`;
  const more: GenesisChange[] = [
    accountOf(GENESIS_VALIDATOR, FOR_FEES),
    { pallet: 'Balances', item: 'Locks', key: [['blake2', GENESIS_VALIDATOR]], value: null },
    {
      pallet: 'Staking',
      item: 'Ledger',
      key: [['blake2', GENESIS_VALIDATOR]],
      value: `${GENESIS_VALIDATOR}${compact.slice(2).repeat(2)}0000`,
    },
    { pallet: 'Sudo', item: 'Key', value: devAccount('root').id },
    { pallet: 'Balances', item: 'TotalIssuance', value: little(1_600_000_000n * DOT, 16) },
    { pallet: 'Staking', item: 'MinNominatorBond', value: little(250n * DOT, 16) },
    { pallet: 'Staking', item: 'MinValidatorBond', value: little(10_000n * DOT, 16) },
    { pallet: 'Staking', item: 'MinimumActiveStake', value: little(0n, 16) },
    ...(options.fastEras === true ? [{ pallet: 'Staking', item: 'ForceEra', value: '0x03' }] : []),
    ...(options.proxy === true ? [stakingProxy()] : []),
  ];
  return dotGenesis({ timeMs: options.timeMs, validators: VALIDATORS + 1, balances: people, more });
}

/** `Proxy.Proxies` of the treasury: one proxy of kind Staking without delay, and no deposit. */
function stakingProxy(): GenesisChange {
  const { id } = devAccount('treasury');
  const hot = devAccount('hot').id.slice(2);
  const value = `0x04${hot}${STAKING_PROXY}${little(0n, 4).slice(2)}${little(0n, 16).slice(2)}`;
  return { pallet: 'Proxy', item: 'Proxies', key: [['twox64', id]], value };
}

/** Number of the variant `Staking` of the file's runtime. */
const STAKING_PROXY = '02';

/** Offer to validate, with different commissions and stakes, all in one block. */
function validatorCalls(chain: RealChain): (readonly [DevRole, ReturnType<RealChain['call']>])[] {
  const width = (chain.call('session', 'setKeys', `0x${'00'.repeat(512)}`, '0x').args[0]?.toU8a() ?? []).length / 32;
  return ours().map((role, i) => {
    const key = Buffer.from(`session key of ${role}`.padEnd(32, '.')).toString('hex');
    const calls = [
      chain.call('staking', 'bond', (2_100_000n + 333_333n * BigInt(i)) * DOT + 7n, 'Stash'),
      chain.call('staking', 'validate', { commission: ONE_PER_CENT * (i + 2), blocked: false }),
      chain.call('session', 'setKeys', `0x${key.repeat(width)}`, '0x'),
    ];
    return [role, chain.call('utility', 'batchAll', calls)] as const;
  });
}

/** SCALE's compact form of a large number. */
function compactOf(value: bigint): string {
  let bytes = value.toString(16);
  if (bytes.length % 2 === 1) bytes = `0${bytes}`;
  const length = bytes.length / 2;
  const reversed = Buffer.from(bytes, 'hex').reverse().toString('hex');
  return Buffer.from([((length - 4) << 2) | 3]).toString('hex') + reversed;
}

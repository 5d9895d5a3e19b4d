import { addressOf, devAccount, idOf, type DevRole } from '../dev-keys.js';
import type { StateChange } from './chopsticks-host.js';
import type { BlockPlan, RealChain } from './real-chain.js';

/** More than the least bond of a nominator. */
const STRANGERS_BOND = 54_321_000_000_000_000n;

interface Plain {
  toString(): string;
}

export interface RealDriverOptions {
  /** What an era pays, by the stake of all its validators. */
  readonly eraReward: (stake: bigint) => bigint;
  /** Between two blocks that do not say when they are. */
  readonly stepMs?: number;
}

/** Makes the ordinary things of a staking chain happen on a real runtime, as fast as its blocks can be executed. */
export class RealDriver {
  /** What must be written before the next block. */
  private due: StateChange[] = [];
  private readonly stepMs: number;

  constructor(
    readonly chain: RealChain,
    private readonly options: RealDriverOptions,
  ) {
    this.stepMs = options.stepMs ?? 30_000;
  }

  async activeEra(): Promise<number> {
    const info = (await this.chain.query('staking', 'activeEra')) as { unwrap(): { index: Plain } };
    return Number(String(info.unwrap().index));
  }

  /** A block with everything that waits, a little later than the last. */
  async include(timeMs?: number): Promise<void> {
    await this.build({ timeMs: timeMs ?? (await this.later()) });
  }

  /** A block with transactions of development accounts. */
  async act(
    calls: readonly (readonly [DevRole, Parameters<RealChain['signed']>[1]])[],
    timeMs?: number,
  ): Promise<void> {
    const transactions: string[] = [];
    for (const [role, call] of calls) transactions.push(await this.chain.signed(role, call));
    await this.build({ timeMs: timeMs ?? (await this.later()), transactions });
  }

  /**
   * Ends the running session with the next block. Everybody has been seen at work in it but `absent` (addresses): where
   * they are enough (two of four), the runtime itself reports them as offline and slashes them.
   */
  async endSession(timeMs?: number, absent: readonly string[] = []): Promise<void> {
    const era = await this.activeEra();
    const away = new Set(absent.map(idOf));
    const seats = await this.seats();
    await this.build({
      timeMs: timeMs ?? (await this.later()),
      endsSession: true,
      before: await this.whoWorked(away),
      // Who makes a block has been seen.
      ...(away.size === 0 ? {} : { author: seats.findIndex((seat) => !away.has(idOf(seat))) }),
    });
    if ((await this.activeEra()) > era) await this.setEraReward(era);
  }

  /** Sessions pass until the next era has begun. The last of them ends at `timeMs`, the others before it. */
  async endEra(timeMs?: number): Promise<number> {
    const era = await this.activeEra();
    for (let sessions = 0; sessions < 12; sessions++) {
      const isLast = timeMs !== undefined && (await this.endsEra());
      await this.endSession(isLast ? timeMs : undefined);
      if ((await this.activeEra()) > era) return era + 1;
    }
    throw new Error(`era ${era} does not end`);
  }

  /** `role` asks for the payouts of eras, all validators, all pages, in one block. */
  async payOut(eras: readonly number[], role: DevRole = 'cranker', timeMs?: number): Promise<void> {
    const calls = [];
    for (const era of eras) {
      for (const validator of await this.validatorsOf(era)) {
        const overview = (await this.chain.query('staking', 'erasStakersOverview', era, validator)) as {
          unwrap(): { pageCount: Plain };
        };
        const pages = Math.max(1, Number(String(overview.unwrap().pageCount)));
        for (let page = 0; page < pages; page++) {
          calls.push(this.chain.call('staking', 'payoutStakersByPage', validator, era, page));
        }
      }
    }
    await this.act([[role, this.chain.call('utility', 'forceBatch', calls)]], timeMs);
  }

  /** What governance decides: dispatched with root origin by the chain's sudo key. Throws when the call itself failed. */
  async decide(call: Parameters<RealChain['signed']>[1]): Promise<void> {
    await this.act([['root', this.chain.call('sudo', 'sudo', call)]]);
    const events = (await this.chain.query('system', 'events')) as readonly { event: Plain & { section: string } }[];
    const [done] = events.flatMap(({ event }) => (event.section === 'sudo' ? [JSON.stringify(event)] : []));
    if (done?.includes('{"ok":') !== true) throw new Error(`root could not: ${done ?? 'no answer'}`);
  }

  /** Somebody else bonds, and bonds more. */
  async stranger(atoms: bigint, targets: readonly string[]): Promise<void> {
    const { chain } = this;
    const { address } = devAccount('stranger');
    const bonded = (await chain.query('staking', 'bonded', address)) as { isSome: boolean };
    const call = bonded.isSome
      ? chain.call('staking', 'bondExtra', atoms)
      : chain.call('utility', 'batchAll', [
          chain.call('staking', 'bond', atoms + STRANGERS_BOND, 'Stash'),
          chain.call('staking', 'nominate', targets),
        ]);
    await this.act([['stranger', call]]);
  }

  /** Addresses (SS58, prefix 0) of the validators elected for an era. */
  async validatorsOf(era: number): Promise<string[]> {
    const entry = this.chain.api.query['staking']?.['erasStakersOverview'];
    const keys = (await entry?.keys(era)) ?? [];
    return keys.map((key) => addressOf(`0x${key.toHex().slice(-64)}`));
  }

  /** Coins out of nowhere for an account, in the next block. */
  async fund(account: string, atoms: bigint): Promise<void> {
    const chain = this.chain;
    const before = (await chain.query('system', 'account', account)) as { toHex(): string };
    const bytes = Buffer.from(before.toHex().slice(2), 'hex');
    const changes: StateChange[] = [
      [chain.key('system', 'account', account), withBalance(bytes, atoms)],
      [chain.key('balances', 'totalIssuance'), await this.issuancePlus(atoms)],
    ];
    await this.build({ timeMs: await this.later(), transactions: [], before: changes });
  }

  private async build(plan: BlockPlan): Promise<void> {
    const before = [...this.due, ...(plan.before ?? [])];
    this.due = [];
    await this.chain.build({ ...plan, before });
  }

  private async later(): Promise<number> {
    return (await this.chain.timeMs()) + this.stepMs;
  }

  /** The runtime pays a fixed number of its own token's units; ours pays by the stake. Written before the next block. */
  private async setEraReward(era: number): Promise<void> {
    const stake = BigInt(String(await this.chain.query('staking', 'erasTotalStake', era)));
    const reward = this.chain.encode('u128', this.options.eraReward(stake));
    this.due.push([this.chain.key('staking', 'erasValidatorReward', era), reward]);
  }

  private async issuancePlus(atoms: bigint): Promise<string> {
    const issued = BigInt(String(await this.chain.query('balances', 'totalIssuance')));
    return this.chain.encode('u128', issued + atoms);
  }

  /** Whether the running session is the last of its era. */
  private async endsEra(): Promise<boolean> {
    const era = await this.activeEra();
    const start = (await this.chain.query('staking', 'erasStartSessionIndex', era + 1)) as {
      isSome: boolean;
      unwrap(): Plain;
    };
    const session = Number(String(await this.chain.query('session', 'currentIndex')));
    return start.isSome && Number(String(start.unwrap())) === session + 1;
  }

  private async seats(): Promise<string[]> {
    return ((await this.chain.query('session', 'validators')) as readonly Plain[]).map(String);
  }

  /** Nobody makes these blocks, so nobody has been seen: heartbeats and points are written as if all others had worked. */
  private async whoWorked(absent: ReadonlySet<string>): Promise<StateChange[]> {
    const { chain } = this;
    const session = String(await chain.query('session', 'currentIndex'));
    const seats = await this.seats();
    const era = await this.activeEra();
    const individual = new Map(seats.map((seat, i) => [seat, 1_000 + 37 * i + (era % 7)]));
    const total = [...individual.values()].reduce((sum, one) => sum + one, 0);
    return [
      ...seats.map((seat): StateChange => [
        chain.key('imOnline', 'authoredBlocks', session, seat),
        absent.has(idOf(seat)) ? null : chain.encode('u32', 1),
      ]),
      [
        chain.key('staking', 'erasRewardPoints', era),
        chain.encode('PalletStakingEraRewardPoints', { total, individual }),
      ],
    ];
  }
}

/** An account's SCALE bytes with a larger free balance: four counters of four bytes, then the balance. */
function withBalance(account: Buffer, more: bigint): string {
  const bytes = Buffer.from(account);
  if (bytes.readUInt32LE(8) === 0) bytes.writeUInt32LE(1, 8); // a provider: the account exists
  const free = bytes.readBigUInt64LE(16) + (bytes.readBigUInt64LE(24) << 64n) + more;
  bytes.writeBigUInt64LE(free & 0xffff_ffff_ffff_ffffn, 16);
  bytes.writeBigUInt64LE(free >> 64n, 24);
  return `0x${bytes.toString('hex')}`;
}

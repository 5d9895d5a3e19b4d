import type { ChainName } from '@app/chains';
import type { Atoms, UtcDay } from '@app/staking-core';

/** Where and when a local chain lives. */
export interface LocalChainPlace {
  /** What is in it survives kill -9; another folder is another chain. */
  readonly stateDir: string;
  /** 0: any free one. */
  readonly port: number;
  /** Unix seconds; the chain of a folder that exists keeps its own. */
  readonly genesisTime: number;
  readonly log: (line: string) => void;
}

/**
 * A chain of the local world: whatever it is made of, the world drives it by these verbs. Each may have been done
 * before and then changes nothing, so a world that was cut short anywhere goes on.
 */
export interface LocalChain {
  readonly name: ChainName;
  readonly token: string;
  /** The endpoint for the product. */
  readonly url: string;
  /** What chain-sync needs in its environment to follow it and to delegate. */
  readonly env: Readonly<Record<string, string>>;
  /** False where the stake is part of the recording that is played: then nothing is delegated. */
  readonly takesDelegations: boolean;
  /** Gives custody that much, once: nothing when it holds anything already. */
  fundCustody(amount: Atoms): Promise<void>;
  /** Lives to the first moments of the day; the midnight before it is final. */
  enterDay(day: UtcDay): Promise<void>;
  /** What happens on the chain in the course of the day, up to its last hours. */
  liveThrough(day: UtcDay): Promise<void>;
  /** Absent: always. False for a day after which the chain stands still, so that it will never be told. */
  tells?(day: UtcDay): boolean;
  /** Our transactions that wait get into blocks, as a validator would put them there. */
  includePending(): Promise<void>;
  /** Everything that is on the chain becomes final. */
  finalize(): Promise<void>;
  stop(): Promise<void>;
}

/** A chain that the local world can have. */
export interface LocalChainKind {
  readonly name: ChainName;
  readonly token: string;
  readonly decimals: number;
  /** What `npm run doctor` looks for, as a module's name. */
  readonly packageName: string;
  /** How it is called in one word on the terminal: real, model or replay. */
  readonly made: string;
  /**
   * Whether two worlds of one seed read the same facts from it to the atom, however often our processes were killed while
   * they delegated. Not where every block counts and each attempt makes more of them.
   */
  readonly repeatable: boolean;
  /** Loads its code and starts it, or brings it back as it was. */
  start(place: LocalChainPlace): Promise<LocalChain>;
}

/** Unix seconds of the day's 00:00 UTC. */
export function secondsOf(day: UtcDay): number {
  return Math.floor(Date.parse(`${day}T00:00:00.000Z`) / 1000);
}

import { resolve } from 'node:path';
import { ChainOperationRepository, type Database } from '@app/database';
import { parseAmount, type UtcDay } from '@app/staking-core';
import { LOCAL_CHAINS, secondsOf, type LocalChain, type LocalChainKind } from './chains/index.js';

export interface ChainsPlace {
  /** Each chain has a folder of its own in it. */
  readonly home: string;
  readonly worldId: string;
  /** The first chain's port, the next one's beside it…; 0: any free ones. */
  readonly firstPort: number;
  readonly genesisDay: UtcDay;
  readonly log: (line: string) => void;
}

const LOOK_EVERY_MS = 100;
/** So often nothing was seen, and time goes by on the chain: what can no longer be included shows only then. */
const LOOKS_A_MOMENT = 10;
const IN_A_BLOCK: ReadonlySet<string> = new Set(['INCLUDED', 'FINAL']);

/** The chains of one world. They advance side by side: none waits for another but at the end of a step. */
export class WorldChains {
  private constructor(
    readonly list: readonly LocalChain[],
    private readonly kinds: readonly LocalChainKind[],
  ) {}

  static async start(tokens: readonly string[], place: ChainsPlace): Promise<WorldChains> {
    const kinds = LOCAL_CHAINS.filter(({ token }) => tokens.includes(token));
    const starting = kinds.map((kind) =>
      kind.start({
        stateDir: resolve(place.home, kind.name, place.worldId),
        // A chain keeps its port however many there are: LOCAL_CHAINS decides.
        port: place.firstPort === 0 ? 0 : place.firstPort + LOCAL_CHAINS.indexOf(kind),
        genesisTime: secondsOf(place.genesisDay),
        log: (line) => place.log(kinds.length === 1 ? line : `${kind.token}: ${line}`),
      }),
    );
    const outcomes = await Promise.allSettled(starting);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    const list = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    if (failed === undefined) return new WorldChains(list, kinds);
    await Promise.allSettled(list.map((chain) => chain.stop()));
    throw failed.reason;
  }

  get env(): Record<string, string> {
    return Object.assign({}, ...this.list.map((chain) => chain.env)) as Record<string, string>;
  }

  /** Where each token's chain listens. */
  get urls(): Record<string, string> {
    return Object.fromEntries(this.list.map(({ token, url }) => [token, url]));
  }

  /** @param holdings what the books of the exchange say users and market own, whole tokens by symbol */
  async fundCustody(holdings: Readonly<Record<string, string>>): Promise<void> {
    await this.each((chain) => {
      const kind = this.kinds.find(({ token }) => token === chain.token)!;
      // One coin more than needed: nobody counts fees against a user.
      const [whole = '0'] = (holdings[chain.token] ?? '0').split('.');
      const amount = parseAmount((BigInt(whole) + 1n).toString(), kind.decimals);
      if (!amount.ok) throw new Error(`${chain.token}: ${amount.detail}`);
      return chain.fundCustody(amount.atoms);
    });
  }

  enterDay(day: UtcDay): Promise<void> {
    return this.each((chain) => chain.enterDay(day));
  }

  liveThrough(day: UtcDay): Promise<void> {
    return this.each((chain) => chain.liveThrough(day));
  }

  /** Tokens whose day their chain will never tell: they wait, and hold up nobody. */
  silentOn(day: UtcDay): string[] {
    return this.list.filter((chain) => chain.tells?.(day) === false).map(({ token }) => token);
  }

  includePending(): Promise<void> {
    return this.each((chain) => chain.includePending());
  }

  finalize(): Promise<void> {
    return this.each((chain) => chain.finalize());
  }

  /** Stake that is on its chain before the first midnight earns from the first day on. */
  async untilStaked(database: Database, patienceMs: number, death: () => string | undefined): Promise<void> {
    const operations = new ChainOperationRepository(database);
    const isStaked = async ({ name }: LocalChain): Promise<boolean> => {
      if ((await operations.highestIncluded(name)) === null) return false;
      return (await operations.open(name)).every(({ state }) => IN_A_BLOCK.has(state));
    };
    const deadline = performance.now() + patienceMs;
    let waiting = this.list.filter(({ takesDelegations }) => takesDelegations);
    for (let looks = 1; ; looks += 1) {
      const staked = await Promise.all(waiting.map(isStaked));
      waiting = waiting.filter((_chain, index) => staked[index] !== true);
      if (waiting.length === 0) return;
      const sentence = death();
      if (sentence !== undefined) throw new Error(sentence);
      if (performance.now() > deadline) {
        const tokens = waiting.map(({ token }) => token).join(', ');
        throw new Error(`chain-sync has not delegated ${tokens}; see .local/logs/chain-sync.log`);
      }
      await this.includePending();
      if (looks % LOOKS_A_MOMENT === 0) await Promise.all(waiting.map((chain) => chain.finalize()));
      await new Promise((wake) => setTimeout(wake, LOOK_EVERY_MS));
    }
  }

  async stop(): Promise<void> {
    await this.each((chain) => chain.stop());
  }

  private async each(act: (chain: LocalChain) => Promise<void>): Promise<void> {
    await Promise.all(this.list.map(act));
  }
}

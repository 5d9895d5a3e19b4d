import type { Interface, Result } from 'ethers';

import type { BnbChain } from './bnb-chain.js';
import { BNB_SYSTEM } from './bnb-constants.js';
import type { BnbInterfaces } from './dev-transaction.js';

export interface ValidatorState {
  readonly moniker: string;
  readonly operator: string;
  readonly consensus: string;
  readonly credit: string;
  readonly commissionBps: number;
  readonly jailed: boolean;
  readonly jailUntil: number;
  readonly totalPooledBNB: bigint;
  readonly totalSupply: bigint;
}

export interface ElectedSet {
  readonly consensus: readonly string[];
  readonly powers: readonly bigint[];
  readonly votes: readonly string[];
}

/** One view call at the head, decoded. */
export async function view(
  chain: BnbChain,
  abi: Interface,
  to: string,
  name: string,
  args: unknown[] = [],
): Promise<Result> {
  const data = await chain.rpc<string>('eth_call', [{ to, data: abi.encodeFunctionData(name, args) }, 'latest']);
  return abi.decodeFunctionResult(name, data);
}

export async function readValidators(chain: BnbChain, interfaces: BnbInterfaces): Promise<ValidatorState[]> {
  const hub = (name: string, args: unknown[]): Promise<Result> =>
    view(chain, interfaces.hub, BNB_SYSTEM.stakeHub, name, args);
  const [operators, credits] = (await hub('getValidators', [0, 0])) as unknown as [string[], string[]];
  const states: ValidatorState[] = [];
  for (const [i, operator] of operators.entries()) {
    const credit = credits[i] ?? '';
    const [, jailed, jailUntil] = (await hub('getValidatorBasicInfo', [operator])) as unknown as [
      bigint,
      boolean,
      bigint,
    ];
    const [commission] = (await hub('getValidatorCommission', [operator])) as unknown as [{ rate: bigint }];
    const [description] = (await hub('getValidatorDescription', [operator])) as unknown as [{ moniker: string }];
    states.push({
      moniker: description.moniker,
      operator,
      consensus: String((await hub('getValidatorConsensusAddress', [operator]))[0]),
      credit,
      commissionBps: Number(commission.rate),
      jailed,
      jailUntil: Number(jailUntil),
      totalPooledBNB: (await view(chain, interfaces.credit, credit, 'totalPooledBNB'))[0] as bigint,
      totalSupply: (await view(chain, interfaces.credit, credit, 'totalSupply'))[0] as bigint,
    });
  }
  return states;
}

/** What the consensus engine works out before a breathe block: those with most stake, the jailed left out. */
export async function readElection(chain: BnbChain, interfaces: BnbInterfaces): Promise<ElectedSet> {
  const info = await view(chain, interfaces.hub, BNB_SYSTEM.stakeHub, 'getValidatorElectionInfo', [0, 0]);
  const [consensus, powers, votes] = info as unknown as [string[], bigint[], string[]];
  const max = (await view(chain, interfaces.hub, BNB_SYSTEM.stakeHub, 'maxElectedValidators'))[0] as bigint;
  return electedOf(
    consensus.map((address, i) => ({ consensus: address, power: powers[i] ?? 0n, vote: votes[i] ?? '0x' })),
    Number(max),
  );
}

export function electedOf(
  candidates: readonly { consensus: string; power: bigint; vote: string }[],
  max: number,
): ElectedSet {
  const seated = candidates
    .filter(({ power }) => power > 0n)
    .sort((a, b) => (a.power === b.power ? (a.consensus < b.consensus ? -1 : 1) : a.power > b.power ? -1 : 1))
    .slice(0, max);
  return {
    consensus: seated.map((one) => one.consensus),
    powers: seated.map((one) => one.power / 10n ** 10n), // the engine counts power in 64 bits
    votes: seated.map((one) => one.vote),
  };
}

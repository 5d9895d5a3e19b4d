import type {
  BlockStamp,
  Observation,
  RewardObservation,
  FlowObservation,
  SlashObservation,
} from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import type { PolkadotClient } from './polkadot.client.js';
import { cutsBetween, requireFinal } from './polkadot.cuts.js';
import { completeThrough, stakeOfDays, type DaysQuestion } from './polkadot.days.js';
import { activeEraAt } from './polkadot.eras.js';
import { eventsNaming } from './polkadot.events.js';
import { exposuresOf } from './polkadot.exposures.js';
import { movementsOf, type Account } from './polkadot.flows.js';
import { parametersAt } from './polkadot.parameters.js';
import { slashesBetween, waitingSlashes, type WaitingSlash } from './polkadot.slashes.js';
import { ledgerAt, liquidAt, positionAt } from './polkadot.state.js';
import { validatorsAt } from './polkadot.validators.js';

/** One cut with what is compared across cuts. */
interface Cut {
  readonly at: BlockStamp;
  readonly total: bigint;
  readonly waiting: readonly WaitingSlash[];
  /** Validators that our stake stands behind. */
  readonly backed: readonly string[];
  readonly completeThrough: Awaited<ReturnType<typeof completeThrough>>;
}

type Period = Pick<Observation, 'rewards' | 'slashes' | 'flows' | 'days'>;

/** Everything about `who` between two cuts, cut by cut: any split of the way gives the same rows. */
export async function observeAccount(
  client: PolkadotClient,
  from: BlockStamp,
  to: BlockStamp,
  who: Account,
  lookbackEras: number,
): Promise<Observation> {
  await requireFinal(client, [from, to]);
  const question = { stash: who.stash, lookbackEras };
  let before = await readCut(client, from, question);
  const periods: Period[] = [];
  for (const at of await cutsBetween(client, from, to)) {
    const after = await readCut(client, at, question);
    periods.push(await observePeriod(client, before, after, who));
    before = after;
  }
  const position = await positionAt(client, to, who.stash, who.address);
  return {
    from,
    to,
    rewards: periods.flatMap((one) => one.rewards),
    slashes: periods.flatMap((one) => one.slashes),
    flows: periods.flatMap((one) => one.flows),
    days: periods.flatMap((one) => one.days),
    positions: position === null ? [] : [position],
    validators: await validatorsAt(client, to.hash, who.ss58Prefix),
    parameters: await parametersAt(client, to.hash, who.stash, who.ss58Prefix),
    liquid: await liquidAt(client, to.hash, who.stash),
  };
}

async function readCut(client: PolkadotClient, at: BlockStamp, question: DaysQuestion): Promise<Cut> {
  const { index } = await activeEraAt(client, at.hash);
  return {
    at,
    total: (await ledgerAt(client, at.hash, question.stash))?.total ?? 0n,
    waiting: await waitingSlashes(client, at.hash, question.stash),
    backed: (await exposuresOf(client, at.hash, index, question.stash)).map((one) => one.validator),
    completeThrough: await completeThrough(client, at, question),
  };
}

async function observePeriod(client: PolkadotClient, before: Cut, after: Cut, who: Account): Promise<Period> {
  const watched = new Set([...before.backed, ...after.backed]);
  const blocks = await eventsNaming(client, [who.stash, ...watched], before.at.height, after.at.height);
  const flows: FlowObservation[] = [];
  const rewards: RewardObservation[] = [];
  for (const block of blocks) {
    const moved = await movementsOf(client, block, who);
    flows.push(...moved.flows);
    rewards.push(...moved.rewards);
  }
  const waiting = { before: before.waiting, after: after.waiting };
  const slashes = slashesBetween(blocks, waiting, after.at, watched, who);
  requireIdentity(before, after, { flows, rewards, slashes });
  const days = await stakeOfDays(client, after.at, who.stash, before.completeThrough, after.completeThrough);
  return { flows, rewards, slashes, days };
}

/** R41: what the ledger holds more is what the events say, to the planck; else the chain's day is held for a person. */
function requireIdentity(
  before: Cut,
  after: Cut,
  seen: {
    readonly flows: readonly FlowObservation[];
    readonly rewards: readonly RewardObservation[];
    readonly slashes: readonly SlashObservation[];
  },
): void {
  const sum = (rows: readonly { readonly amount: bigint }[]): bigint => rows.reduce((all, one) => all + one.amount, 0n);
  const lost = sum(seen.slashes.filter((one) => one.state === 'applied'));
  const explained = sum(seen.flows) + sum(seen.rewards) - lost;
  if (after.total - before.total !== explained) {
    throw new ChainError(
      'IDENTITY_BROKEN',
      'polkadot',
      `between blocks ${before.at.height} and ${after.at.height} the ledger grew by ${after.total - before.total}, ` +
        `events explain ${explained}`,
    );
  }
}

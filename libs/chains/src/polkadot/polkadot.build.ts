import type { BlockStamp, ChillIntent, Lane, StakeMove, Step, UnsignedTransaction } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { withoutLock } from '../stake-move.js';
import { accountOf } from './polkadot.address.js';
import { read, type PolkadotClient } from './polkadot.client.js';
import type { Codec } from './polkadot.codec.js';
import { fields, list, whole } from './polkadot.decode.js';
import { activeEraAt } from './polkadot.eras.js';
import type { PolkadotSettings } from './polkadot.options.js';
import { unpaidPages, type PayoutPage } from './polkadot.payouts.js';
import { ledgerAt, nominationsAt } from './polkadot.state.js';

type Call = ReturnType<Codec['call']>;

const MOST_NOMINEES = 16;
/** Pages paid out by one transaction; each pays up to an exposure page of nominators. */
const PAYOUTS_AT_ONCE = 4;

/**
 * Bytes that depend on the step, the lane and the state of block `at` alone. They are valid for `mortalityBlocks` blocks
 * from `at` on. Signed by another key than the stash's, the calls go through the stash's Staking proxy.
 */
export async function buildTransaction(
  client: PolkadotClient,
  settings: PolkadotSettings,
  step: Step,
  lane: Lane,
  at: BlockStamp,
): Promise<UnsignedTransaction> {
  if (lane.number === null) throw refuse('a Polkadot transaction needs a nonce');
  const signer = accountOf(lane.account, settings.ss58Prefix);
  const stash = settings.stash ?? signer;
  const codec = await client.codecAt(at.hash);
  const { calls, anyone } = await callsOf({ client, codec, settings, stash, at }, withoutLock('polkadot', step.intent));
  const [single] = calls;
  if (single === undefined) throw refuse('there is nothing to be done');
  // All or nothing: a bond without its nomination would lie there and earn nothing.
  const inner = calls.length === 1 ? single : codec.call('utility', 'batchAll', calls);
  const call = signer === stash || anyone ? inner : codec.call('proxy', 'proxy', { Id: stash }, 'Staking', inner);
  const life = { at, nonce: lane.number, blocks: settings.mortalityBlocks };
  const bytes = codec.payload(call, life);
  return { step, lane: { account: lane.account, number: lane.number }, bytes, digest: codec.hash(bytes) };
}

/** Pages of all validators that could be paid out at a block, the oldest era first. */
export async function duePayouts(
  client: PolkadotClient,
  at: BlockStamp,
  stash: string,
  lookbackEras: number,
): Promise<PayoutPage[]> {
  const { index: active } = await activeEraAt(client, at.hash);
  const due: PayoutPage[] = [];
  const oldest = active > BigInt(lookbackEras) ? active - BigInt(lookbackEras) : 0n;
  for (let era = oldest; era < active; era++) due.push(...((await unpaidPages(client, at.hash, era, stash)) ?? []));
  return due;
}

interface Context {
  readonly client: PolkadotClient;
  readonly codec: Codec;
  readonly settings: PolkadotSettings;
  readonly stash: string;
  readonly at: BlockStamp;
}

interface Calls {
  readonly calls: readonly Call[];
  /** Nobody's permission is needed. */
  readonly anyone: boolean;
}

async function callsOf(context: Context, intent: StakeMove | ChillIntent): Promise<Calls> {
  const account = (address: string): string => accountOf(address, context.settings.ss58Prefix);
  switch (intent.kind) {
    case 'delegate':
      return mine(await delegateCalls(context, account(intent.validator), intent.amount));
    case 'undelegate':
      return mine(await undelegateCalls(context, intent.amount));
    case 'redelegate':
      return mine([await redelegateCall(context, account(intent.from), account(intent.to))]);
    case 'claim': {
      const validator = account(intent.validator);
      if (validator === context.stash) return mine([await withdrawCall(context)]);
      return { calls: await payoutCalls(context, validator), anyone: true };
    }
    case 'chill':
      return mine([await chillCall(context, account(intent.validator))]);
  }
}

const mine = (calls: readonly Call[]): Calls => ({ calls, anyone: false });

/**
 * What is on its way out comes back first (`rebond`): it earns as soon as new stake would, and nothing free is bound. The
 * rest is bonded before it: the pallet calls nothing back to a ledger that would hold less than an account must.
 */
async function delegateCalls(context: Context, validator: string, amount: bigint): Promise<Call[]> {
  const { client, codec, settings, stash, at } = context;
  const ledger = await ledgerAt(client, at.hash, stash);
  const nominations = await nominationsAt(client, at.hash, stash);
  const payee = settings.rewardsAccount === null ? 'Stash' : { Account: settings.rewardsAccount };
  const leaving = ledger === null ? 0n : ledger.total - ledger.active;
  const back = leaving < amount ? leaving : amount;
  const calls: Call[] = [];
  if (ledger === null) calls.push(codec.call('staking', 'bond', amount, payee));
  else if (amount > back) calls.push(codec.call('staking', 'bondExtra', amount - back));
  if (back > 0n) calls.push(codec.call('staking', 'rebond', back));
  const targets = nominations?.targets ?? [];
  if (targets.includes(validator)) return calls;
  if (targets.length >= MOST_NOMINEES) throw refuse(`${MOST_NOMINEES} validators are nominated, no more may be`);
  return [...calls, nominate(codec, [...targets, validator])];
}

async function undelegateCalls({ client, codec, stash, at }: Context, amount: bigint): Promise<Call[]> {
  const ledger = await ledgerAt(client, at.hash, stash);
  if (ledger === null || amount > ledger.active) {
    throw refuse(`${amount} planck is more than the ${ledger?.active ?? 0n} planck that are bonded`);
  }
  const unbond = codec.call('staking', 'unbond', amount);
  // Nobody may nominate with less than the least bond: who takes everything stops nominating first.
  return amount === ledger.active ? [codec.call('staking', 'chill'), unbond] : [unbond];
}

async function redelegateCall({ client, codec, stash, at }: Context, from: string, to: string): Promise<Call> {
  const targets = (await nominationsAt(client, at.hash, stash))?.targets ?? [];
  if (!targets.includes(from)) throw refuse('the validator to be left is not nominated');
  const kept = targets.filter((one) => one !== from && one !== to);
  return nominate(codec, [...kept, to]);
}

async function chillCall({ client, codec, stash, at }: Context, position: string): Promise<Call> {
  if (position !== stash) throw refuse('a chill is of our stash');
  if ((await nominationsAt(client, at.hash, stash)) === null) throw refuse('no validator is nominated');
  return codec.call('staking', 'chill');
}

async function withdrawCall({ client, codec, stash, at }: Context): Promise<Call> {
  const ledger = await ledgerAt(client, at.hash, stash);
  if ((ledger?.unlocking.length ?? 0) === 0) throw refuse('nothing has been unbonded');
  const spans = codec.has('staking', 'slashingSpans')
    ? await client.value(at.hash, read('staking', 'slashingSpans', stash))
    : null;
  // The number of spans to clean up when the stash empties: those before, and the last.
  const count = spans === null ? 0n : BigInt(list(fields(spans, 'slashing spans')['prior'], 'spans').length) + 1n;
  return codec.call('staking', 'withdrawUnbonded', whole(count, 'spans'));
}

async function payoutCalls({ client, codec, settings, stash, at }: Context, validator: string): Promise<Call[]> {
  const due = (await duePayouts(client, at, stash, settings.lookbackEras)).filter((one) => one.validator === validator);
  if (due.length === 0) throw refuse('the validator has paid out all eras that it owes us');
  return due
    .slice(0, PAYOUTS_AT_ONCE)
    .map((one) => codec.call('staking', 'payoutStakersByPage', one.validator, one.era, one.page));
}

function nominate(codec: Codec, targets: readonly string[]): Call {
  return codec.call(
    'staking',
    'nominate',
    targets.map((one) => ({ Id: one })),
  );
}

function refuse(detail: string): ChainError {
  return new ChainError('REFUSED', 'polkadot', detail);
}

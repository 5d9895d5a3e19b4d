import type { ValidatorState } from '../chain-adapter.js';
import { addressOf } from './polkadot.address.js';
import { read, type PolkadotClient } from './polkadot.client.js';
import { account, badAnswer, fields, list, whole } from './polkadot.decode.js';
import { activeEraAt } from './polkadot.eras.js';
import { lastAccount, overviews, validatorsOf } from './polkadot.exposures.js';
import type { Plain } from './polkadot.plain.js';
import { isStakingAsync, ledgerAt } from './polkadot.state.js';

/** Parts of a billion in one basis point. */
const BILLIONTHS_PER_BPS = 100_000n;

/**
 * All who offer to validate, and all who validate in the running era. There is no jail on Polkadot: a validator that the
 * session has switched off shows as jailed; one that takes no nominations, or has left while its era runs, as leaving.
 */
export async function validatorsAt(
  client: PolkadotClient,
  hash: string,
  ss58Prefix: number,
): Promise<ValidatorState[]> {
  const offering = (await client.keys(hash, read('staking', 'validators'))).map(lastAccount);
  const { index } = await activeEraAt(client, hash);
  const elected = await validatorsOf(client, hash, index);
  const all = [...new Set([...offering, ...elected])].sort();
  if (all.length === 0) throw badAnswer('the chain has no validators');
  const [heads, prefs, off] = [
    await overviews(client, hash, index, all),
    await client.values(
      hash,
      all.map((one) => read('staking', 'validators', one)),
    ),
    await switchedOff(client, hash),
  ];
  const states: ValidatorState[] = [];
  for (const [i, stash] of all.entries()) {
    const { commission, blocked } = fields(prefs[i] ?? null, 'preferences');
    const head = heads[i] ?? null;
    const offers = offering.includes(stash) && blocked !== true;
    const totalStake = head?.total ?? (await ledgerAt(client, hash, stash))?.active;
    if (totalStake === undefined) throw badAnswer('a validator has nothing at stake', stash);
    const address = addressOf(stash, ss58Prefix);
    states.push({
      validator: address,
      moniker: `${address.slice(0, 6)}…${address.slice(-6)}`,
      commissionBps: whole(commission, 'a commission') / BILLIONTHS_PER_BPS,
      health: off.has(stash) ? 'jailed' : !offers ? 'leaving' : head === null ? 'inactive' : 'active',
      jailedUntilMs: null,
      earning: head !== null && !off.has(stash),
      totalStake,
    });
  }
  return states;
}

/** Stashes that the session has disabled for an offence; none on Asset Hub, where the relay keeps the sessions. */
async function switchedOff(client: PolkadotClient, hash: string): Promise<ReadonlySet<string>> {
  // Asset Hub has sessions too: those of its collators.
  if (await isStakingAsync(client, hash)) return new Set();
  const [disabled, seats] = await client.values(hash, [
    read('session', 'disabledValidators'),
    read('session', 'validators'),
  ]);
  const seated = list(seats, 'the validators of the session').map((one) => account(one, 'a validator'));
  return new Set(
    list(disabled, 'disabled validators').map((place) => {
      const found = seated[Number(placeOf(place))];
      if (found === undefined) throw badAnswer('a validator without a seat is disabled');
      return found;
    }),
  );
}

/** A seat's number; newer sessions write down how grave the offence was beside it. */
function placeOf(value: Plain): bigint {
  return whole(Array.isArray(value) ? (value[0] as Plain) : value, 'a seat');
}

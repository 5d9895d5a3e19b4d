import type { ChainParameters } from '../chain-adapter.js';
import { addressOf } from './polkadot.address.js';
import { read, type PolkadotClient } from './polkadot.client.js';
import { account, amount, fields, kindOf, list, whole } from './polkadot.decode.js';
import type { Plain } from './polkadot.plain.js';
import { nominationsAt, payeeAt } from './polkadot.state.js';

/**
 * Numbers that governance can move, and, for a stash, who may act for it, where its rewards go and whom it nominates (who
 * bonds can change all of that): a change of those is an alarm (R42). `stash` null: the chain's own only.
 */
export async function parametersAt(
  client: PolkadotClient,
  hash: string,
  stash: string | null,
  ss58Prefix: number,
): Promise<ChainParameters> {
  const codec = await client.codecAt(hash);
  const [minBond, minActive, forceEra] = await client.values(hash, [
    read('staking', 'minNominatorBond'),
    read('staking', 'minimumActiveStake'),
    read('staking', 'forceEra'),
  ]);
  const slashable = codec.has('staking', 'areNominatorsSlashable')
    ? await client.value(hash, read('staking', 'areNominatorsSlashable'))
    : null;
  const bonding = whole(codec.constant('staking', 'bondingDuration'), 'the bonding duration');
  const fast = codec.constant('staking', 'nominatorFastUnbondDuration');
  const { specName, specVersion, transactionVersion } = codec.parts;
  return {
    minimumDelegation: amount(minBond, 'the least bond of a nominator'),
    unbondingMs: null,
    // Nominators whom governance has freed of slashes leave sooner.
    unbondingPeriods: slashable === false && fast !== null ? whole(fast, 'the fast unbonding duration') : bonding,
    others: {
      minimumActiveStake: String(amount(minActive, 'the least active stake')),
      forceEra: kindOf(forceEra, 'forceEra'),
      runtime: `${specName}-${specVersion}/${transactionVersion}`,
      ...(slashable === null ? {} : { areNominatorsSlashable: String(slashable) }),
      ...constants((name) => codec.constant('staking', name)),
      ...(stash === null ? {} : await authorities(client, hash, stash, ss58Prefix)),
    },
  };
}

function constants(constant: (name: string) => Plain): Record<string, string> {
  const names = ['maxUnlockingChunks', 'historyDepth', 'slashDeferDuration', 'maxExposurePageSize'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = constant(name);
      return value === null ? [] : [[name, String(whole(value, name))]];
    }),
  );
}

async function authorities(
  client: PolkadotClient,
  hash: string,
  stash: string,
  ss58Prefix: number,
): Promise<Record<string, string>> {
  const address = (who: string): string => addressOf(who, ss58Prefix);
  const bonded = await client.value(hash, read('staking', 'bonded', stash));
  const codec = await client.codecAt(hash);
  const proxies = codec.has('proxy', 'proxies')
    ? decodeProxies(await client.value(hash, read('proxy', 'proxies', stash)), address)
    : 'none';
  const payee = await payeeAt(client, hash, stash);
  const nominees = ((await nominationsAt(client, hash, stash))?.targets ?? []).map(address).sort();
  return {
    controller: bonded === null ? 'none' : address(account(bonded, 'a controller')),
    payee: payee.replace(/0x[0-9a-f]{64}/, address),
    proxies,
    nominees: nominees.length === 0 ? 'none' : nominees.join(' '),
  };
}

/** Each as `type:account:delay`, sorted, so that equal sets are equal texts. */
export function decodeProxies(value: Plain, address: (who: string) => string): string {
  const [proxies] = list(value, 'the proxies of an account');
  const found = list(proxies, 'proxies').map((one) => {
    const { delegate, proxyType, delay } = fields(one, 'a proxy');
    return `${kindOf(proxyType, 'a kind of proxy')}:${address(account(delegate, 'a proxy'))}:${whole(delay, 'a delay')}`;
  });
  return found.length === 0 ? 'none' : found.sort().join(' ');
}

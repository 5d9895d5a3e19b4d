import { encodeSecp256k1Pubkey, pubkeyToAddress } from '@cosmjs/amino';
import { PubKey } from 'cosmjs-types/cosmos/crypto/secp256k1/keys';

import type { BlockStamp, Lane, Step, UnsignedTransaction } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { AbciError, type CosmosClient } from './cosmos.client.js';
import { readAccount } from './cosmos.cut.js';
import { ACCOUNT_PREFIX, DEC_ONE, ownAddress } from './cosmos.decode.js';
import {
  checkedIntent,
  digestOf,
  memoOf,
  messageOf,
  rawTransaction,
  signDocBytes,
  signDocOf,
  type AnyMessage,
  type TransactionParts,
  type CosmosIntent,
} from './cosmos.messages.js';
import type { CosmosSettings } from './cosmos.options.js';
import { queries } from './cosmos.queries.js';
import { tokenizeStatus } from './cosmos.validators.js';

/** In whole steps: no node pins a simulation to a height, so a small difference between two must not show in the bytes. */
const GAS_STEP = 50_000n;
/** Where the chain cannot simulate, because the lane is ahead of it: well above what the calls use. */
const GAS_WITHOUT_SIMULATION: Readonly<Record<CosmosIntent['kind'], bigint>> = {
  delegate: 400_000n,
  undelegate: 500_000n,
  redelegate: 600_000n,
  claim: 350_000n,
  'lock-shares': 200_000n,
};

type BuildSettings = Pick<
  CosmosSettings,
  | 'chainId'
  | 'publicKeys'
  | 'minimumGasPrice'
  | 'gasPriceHeadroomPercent'
  | 'highestGasPrice'
  | 'timeoutBlocks'
  | 'requireTokenizeLock'
>;

/**
 * Bytes of one step. The fee is paid for the limit, so the limit is what a simulation uses and 30 % more; the price comes
 * from the fee market at `at`, or from the configuration where the chain has none. What would fail is `REFUSED` with the
 * chain's own reason.
 */
export async function buildTransaction(
  client: CosmosClient,
  settings: BuildSettings,
  step: Step,
  lane: Lane,
  at: BlockStamp,
): Promise<UnsignedTransaction> {
  if (lane.number === null) throw refuse('a Cosmos transaction needs a sequence');
  const account = ownAddress(lane.account, ACCOUNT_PREFIX, 'the account');
  const intent = checkedIntent(step.intent);
  if (intent.kind === 'delegate') await requireLock(client, settings, account, at);
  if (intent.kind === 'lock-shares') await requireUnlocked(client, account, at);
  const facts = await readAccount(client, at, account);
  if (facts === null) throw refuse(`the chain has never seen ${account}: it has no coins to pay with`);
  const price = await gasPrice(client, settings, at);
  const parts: TransactionParts = {
    message: messageOf(intent, account),
    memo: memoOf(step),
    timeoutHeight: at.height + settings.timeoutBlocks,
    publicKey: publicKeyOf(account, facts.publicKey, settings),
    sequence: lane.number,
    accountNumber: facts.accountNumber,
    chainId: settings.chainId,
    gasLimit: 0n,
    feeUatom: 0n,
  };
  const gasLimit = await gasLimitOf(client, parts, intent);
  const feeUatom = (gasLimit * price + DEC_ONE - 1n) / DEC_ONE;
  const bytes = signDocBytes(signDocOf({ ...parts, gasLimit, feeUatom }));
  return {
    step,
    lane: { account, number: lane.number },
    bytes: Buffer.from(bytes).toString('hex'),
    digest: digestOf(bytes),
  };
}

async function gasPrice(client: CosmosClient, settings: BuildSettings, at: BlockStamp): Promise<bigint> {
  const market = await client.readIfPresent(at, queries.gasPrice());
  const price = ((market ?? settings.minimumGasPrice) * (100n + settings.gasPriceHeadroomPercent)) / 100n;
  if (market !== null && market > settings.highestGasPrice) {
    throw refuse(`gas costs ${market} x 10^-18 uatom, our limit is ${settings.highestGasPrice}`);
  }
  // The headroom is ours to cut: a price below the limit is still bought.
  return price > settings.highestGasPrice ? settings.highestGasPrice : price;
}

async function gasLimitOf(client: CosmosClient, parts: TransactionParts, intent: CosmosIntent): Promise<bigint> {
  try {
    // A simulation looks at no signature.
    const used = await client.readNewest(queries.simulate(rawTransaction(signDocOf(parts), new Uint8Array())));
    const wanted = (used * 13n) / 10n;
    return ((wanted + GAS_STEP - 1n) / GAS_STEP) * GAS_STEP;
  } catch (error) {
    if (!(error instanceof AbciError) || error.retryable === false) throw error;
    if (/account sequence mismatch|incorrect account sequence/i.test(error.log))
      return GAS_WITHOUT_SIMULATION[intent.kind];
    throw refuse(`the chain would refuse it: ${error.message}`, error);
  }
}

/** The key that the chain knows; before the first transaction, one of the configured keys. */
function publicKeyOf(account: string, known: AnyMessage | null, settings: BuildSettings): AnyMessage {
  if (known !== null) return known;
  for (const hex of settings.publicKeys) {
    const key = /^0[23][0-9a-fA-F]{64}$/.test(hex) ? Buffer.from(hex, 'hex') : null;
    if (key === null) throw refuse('a configured public key is no compressed secp256k1 key');
    if (pubkeyToAddress(encodeSecp256k1Pubkey(key), ACCOUNT_PREFIX) === account) {
      return { typeUrl: '/cosmos.crypto.secp256k1.PubKey', value: PubKey.encode({ key }).finish() };
    }
  }
  throw refuse(`the chain does not know the public key of ${account} yet, and it is not configured`);
}

/** A stolen key could turn stake into transferable shares at once; a lock makes it wait as long as an exit. */
async function requireLock(
  client: CosmosClient,
  settings: BuildSettings,
  account: string,
  at: BlockStamp,
): Promise<void> {
  if (!settings.requireTokenizeLock) return;
  const said = await client.readIfPresent(at, queries.tokenizeLock(account));
  if (said === null || tokenizeStatus(said) === 'locked') return;
  throw refuse(`our shares can be tokenized (${tokenizeStatus(said)}): they are locked first`);
}

/** The chain refuses a second lock; it is refused before anything is signed, in words that say what to do. */
async function requireUnlocked(client: CosmosClient, account: string, at: BlockStamp): Promise<void> {
  const said = await client.readIfPresent(at, queries.tokenizeLock(account));
  if (said === null) throw refuse('the chain has no x/liquid: there are no shares to lock');
  if (tokenizeStatus(said) === 'locked') throw refuse('our shares are locked already: plan again without it');
}

function refuse(detail: string, cause?: unknown): ChainError {
  return new ChainError('REFUSED', 'cosmos', detail, { cause });
}

/** What happens to a transaction before its messages (x/auth's ante handlers), and around them. */
import { encodeSecp256k1Pubkey, pubkeyToAddress } from '@cosmjs/amino';
import { Secp256k1, Secp256k1Signature } from '@cosmjs/crypto';
import { PubKey } from 'cosmjs-types/cosmos/crypto/secp256k1/keys';
import { AuthInfo, SignDoc, TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';

import { FEE_COLLECTOR, send } from './bank.js';
import { ONE } from './dec.js';
import { sha256 } from './keys.js';
import { handlerOf, runMessage, type AnyMessage } from './messages.js';
import { coinText, SdkError, type ChainEvent, type ChainState, type Context } from './state.js';

export interface TxResult {
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  readonly gasWanted: bigint;
  readonly gasUsed: bigint;
  readonly events: readonly ChainEvent[];
}

interface Parsed {
  readonly raw: TxRaw;
  readonly body: TxBody;
  readonly auth: AuthInfo;
  readonly signer: string;
}

export function txHash(bytes: Uint8Array): string {
  return sha256(bytes).toString('hex').toUpperCase();
}

function parse(bytes: Uint8Array): Parsed {
  let parts: Omit<Parsed, 'signer'>;
  try {
    const raw = TxRaw.decode(bytes);
    parts = { raw, body: TxBody.decode(raw.bodyBytes), auth: AuthInfo.decode(raw.authInfoBytes) };
  } catch {
    throw new SdkError('sdk', 2, 'tx parse error');
  }
  const [message] = parts.body.messages;
  if (message === undefined) throw new SdkError('sdk', 18, 'must contain at least one message: invalid request');
  const signer = handlerOf(message).signer(message.value);
  if (parts.body.messages.some((one) => handlerOf(one).signer(one.value) !== signer)) {
    throw new SdkError('sdk', 4, 'the model takes one signer for a transaction: unauthorized');
  }
  return { ...parts, signer };
}

export type Mode = 'check' | 'deliver' | 'replay' | 'simulate';

export interface BlockFacts {
  readonly chainId: string;
  readonly height: bigint;
  readonly timeNs: bigint;
}

/** Runs the ante handlers on the state: checks, fee, sequence. Throws `SdkError`. */
function runAnte(state: ChainState, tx: Parsed, mode: Mode, block: BlockFacts): ChainEvent[] {
  const { body, auth, raw, signer } = tx;
  if (body.timeoutHeight > 0n && block.height > body.timeoutHeight) {
    const log = `block height: ${block.height}, timeout height: ${body.timeoutHeight}: tx timeout height`;
    throw new SdkError('sdk', 30, log);
  }
  if (Buffer.byteLength(body.memo) > 256)
    throw new SdkError('sdk', 12, 'maximum number of characters is 256: memo too large');
  const account = state.accounts.get(signer);
  if (account === undefined) throw new SdkError('sdk', 9, `account ${signer} does not exist: unknown address`);
  const fee = auth.fee?.amount.find((coin) => coin.denom === 'uatom')?.amount ?? '0';
  const paid = BigInt(fee);
  requireFee(state, auth.fee?.gasLimit ?? 0n, paid, mode);
  send(state, signer, FEE_COLLECTOR, paid);
  const key = publicKeyOf(tx, account.publicKey);
  const sequence = auth.signerInfos[0]?.sequence ?? 0n;
  if (sequence !== account.sequence) {
    const log = `account sequence mismatch, expected ${account.sequence}, got ${sequence}: incorrect account sequence`;
    throw new SdkError('sdk', 32, log);
  }
  if (mode === 'check' || mode === 'deliver') requireSignature(raw, key, account.number, sequence, block.chainId);
  const publicKey = Buffer.from(key).toString('hex');
  state.accounts.set(signer, { ...account, sequence: account.sequence + 1n, publicKey });
  const signature = Buffer.from(raw.signatures[0] ?? new Uint8Array()).toString('base64');
  return [
    {
      type: 'tx',
      attributes: [
        ['fee', paid === 0n ? '' : coinText(paid)],
        ['fee_payer', signer],
      ],
    },
    { type: 'tx', attributes: [['acc_seq', `${signer}/${sequence}`]] },
    { type: 'tx', attributes: [['signature', signature]] },
  ];
}

function requireFee(state: ChainState, gasLimit: bigint, paid: bigint, mode: Mode): void {
  const { gasPrice, minimumGasPrice } = state.params;
  // A node's own minimum is asked for when it is given a transaction; the fee market is a rule of the chain.
  if (mode === 'simulate' || (gasPrice === null && mode !== 'check')) return;
  const needed = (gasLimit * (gasPrice ?? minimumGasPrice) + ONE - 1n) / ONE;
  if (paid < needed) {
    const log = `insufficient fees; got: ${coinText(paid)} required: ${coinText(needed)}: insufficient fee`;
    throw new SdkError('sdk', 13, log);
  }
}

function publicKeyOf({ auth, signer }: Parsed, known: string | null): Uint8Array {
  const any = auth.signerInfos[0]?.publicKey;
  if (any === undefined) {
    if (known === null) throw new SdkError('sdk', 8, 'account public key is not set: invalid pubkey');
    return Buffer.from(known, 'hex');
  }
  const { key } = PubKey.decode(any.value);
  if (pubkeyToAddress(encodeSecp256k1Pubkey(key), 'cosmos') !== signer) {
    throw new SdkError('sdk', 8, `pubKey does not match signer address ${signer} with signer index: 0: invalid pubkey`);
  }
  return key;
}

function requireSignature(raw: TxRaw, key: Uint8Array, accountNumber: bigint, sequence: bigint, chainId: string): void {
  const [signature] = raw.signatures;
  const { bodyBytes, authInfoBytes } = raw;
  const doc = SignDoc.encode({ bodyBytes, authInfoBytes, chainId, accountNumber }).finish();
  const isValid =
    signature?.length === 64 &&
    Secp256k1.verifySignature(Secp256k1Signature.fromFixedLength(signature), sha256(doc), key);
  if (isValid) return;
  const log =
    `signature verification failed; please verify account number (${accountNumber}), ` +
    `sequence (${sequence}) and chain-id (${chainId}): unauthorized`;
  throw new SdkError('sdk', 4, log);
}

/** Gas of what comes before the messages. */
const ANTE_GAS = 60_000n;

function requireGas(wanted: bigint, used: bigint): void {
  if (used <= wanted) return;
  throw new SdkError(
    'sdk',
    11,
    `out of gas in location: WriteFlat; gasWanted: ${wanted}, gasUsed: ${used}: out of gas`,
  );
}

/** A node's answer to a transaction that is handed in; on success its fee and sequence count for those that follow it. */
export function check(
  state: ChainState,
  bytes: Uint8Array,
  block: BlockFacts,
): { code: number; codespace: string; log: string } {
  const trial = state.fork();
  try {
    const tx = parse(bytes);
    runAnte(trial, tx, 'check', block);
    requireGas(tx.auth.fee?.gasLimit ?? 0n, ANTE_GAS);
    state.accounts = trial.accounts;
    state.balances = trial.balances;
    return { code: 0, codespace: '', log: '' };
  } catch (error) {
    if (error instanceof SdkError) return { code: error.code, codespace: error.codespace, log: error.message };
    throw error;
  }
}

/** Runs a transaction in a block. What its messages did is undone when one of them fails; fee and sequence stay. */
export function deliver(context: Context, bytes: Uint8Array, mode: Mode, block: BlockFacts): TxResult {
  let gasWanted = 0n;
  let gasUsed = ANTE_GAS;
  let events: ChainEvent[] = [];
  const { state } = context;
  try {
    const tx = parse(bytes);
    gasWanted = tx.auth.fee?.gasLimit ?? 0n;
    const anteState = state.fork();
    events = runAnte(anteState, tx, mode, block);
    replace(state, anteState);
    gasUsed += tx.body.messages.reduce((sum, one: AnyMessage) => sum + handlerOf(one).gas, 0n);
    if (mode !== 'simulate') requireGas(gasWanted, gasUsed);
    const trial = state.fork();
    const inner: Context = { ...context, state: trial, events: [] };
    tx.body.messages.forEach((message, i) => {
      try {
        runMessage(inner, message, i);
      } catch (error) {
        if (!(error instanceof SdkError)) throw error;
        throw new SdkError(
          error.codespace,
          error.code,
          `failed to execute message; message index: ${i}: ${error.message}`,
        );
      }
    });
    replace(state, trial);
    return { code: 0, codespace: '', log: '', gasWanted, gasUsed, events: [...events, ...inner.events] };
  } catch (error) {
    if (!(error instanceof SdkError)) throw error;
    return { code: error.code, codespace: error.codespace, log: error.message, gasWanted, gasUsed, events };
  }
}

function replace(state: ChainState, by: ChainState): void {
  Object.assign(state, { ...by, params: state.params });
}

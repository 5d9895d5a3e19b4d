import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';

import { Message, VersionedTransaction } from '@solana/web3.js';

import type { SignedTransaction, StakeIntent, TransactionSigner, UnsignedTransaction } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { encodeBase58 } from './solana.base58.js';
import { derivedStake, digestOf, seedOf } from './solana.build.js';
import { decodeInstruction, STAKE_PROGRAM, type Instruction } from './solana.instructions.js';

/** The start of an ed25519 private key in PKCS#8 form; the 32 bytes of the seed follow. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
/** A new stake account's rent is 0.0023 SOL; more than this is not rent. */
const MOST_RENT = 10_000_000n;

interface Key {
  readonly address: string;
  readonly secret: KeyObject;
}

/**
 * Keys in memory, for development only: the hot key of the account, and where it is given, the cold withdraw key. As the
 * signer of a real treasury does, it signs nothing that it cannot explain: the bytes are taken apart and held against the
 * intent (R39). No intent means a change of authority or a lockup, so no bytes with one are ever signed.
 */
export class SolanaDevSigner implements TransactionSigner {
  readonly account: string;
  readonly #keys: readonly Key[];
  private readonly withdrawer: string;

  /**
   * @param secret of the account: 64 hex digits, the ed25519 seed
   * @param withdrawSecret of the cold key, which alone may withdraw; without it, nothing can be withdrawn
   * @throws ChainError `REFUSED` when a secret is none. It never appears in an error.
   */
  constructor(secret: string, withdrawSecret: string | null, withdrawer: string | null = null) {
    const hot = keyOf(secret);
    const cold = withdrawSecret === null ? null : keyOf(withdrawSecret);
    this.account = hot.address;
    this.#keys = cold === null ? [hot] : [hot, cold];
    this.withdrawer = cold?.address ?? withdrawer ?? hot.address;
  }

  async sign(unsigned: UnsignedTransaction): Promise<SignedTransaction> {
    const message = this.explained(unsigned);
    const bytes = Buffer.from(unsigned.bytes, 'hex');
    const transaction = new VersionedTransaction(message);
    const wanted = message.accountKeys.slice(0, message.header.numRequiredSignatures).map((key) => key.toBase58());
    for (const [i, address] of wanted.entries()) {
      const key = this.#keys.find((one) => one.address === address);
      if (key === undefined) throw this.refuse(`it needs the signature of ${address}, which is not here`);
      transaction.signatures[i] = sign(null, bytes, key.secret);
    }
    return {
      bytes: Buffer.from(transaction.serialize()).toString('hex'),
      txid: encodeBase58(transaction.signatures[0] ?? Buffer.alloc(0)),
      lane: unsigned.lane,
      expiresAtHeight: unsigned.expiresAtHeight ?? null,
    };
  }

  private explained(unsigned: UnsignedTransaction): Message {
    const bytes = Buffer.from(unsigned.bytes, 'hex');
    let message: Message;
    try {
      message = Message.from(bytes);
    } catch {
      throw this.refuse('the bytes are no transaction');
    }
    if (!message.serialize().equals(bytes)) throw this.refuse('the bytes are not canonical');
    if (digestOf(bytes) !== unsigned.digest) throw this.refuse('the digest is not that of the bytes');
    if (unsigned.lane.account !== this.account) throw this.refuse('the lane is of another account');
    if (message.accountKeys[0]?.toBase58() !== this.account) throw this.refuse('another account would pay the fee');
    if (unsigned.expiresAtHeight === undefined) throw this.refuse('it does not say when it expires');
    this.requireIntent(this.instructionsOf(message), unsigned);
    return message;
  }

  private instructionsOf(message: Message): Instruction[] {
    const key = (i: number): string => {
      const found = message.accountKeys[i];
      if (found === undefined) throw this.refuse('an instruction names an account that is not there');
      return found.toBase58();
    };
    try {
      return message.compiledInstructions.map((one) =>
        decodeInstruction({
          program: key(one.programIdIndex),
          accounts: one.accountKeyIndexes.map(key),
          data: one.data,
        }),
      );
    } catch (error) {
      if (error instanceof RangeError) throw this.refuse('an instruction cannot be read');
      throw error;
    }
  }

  private requireIntent(all: readonly Instruction[], { step }: UnsignedTransaction): void {
    const made = derivedStake(this.account, seedOf(step));
    const work = all.filter((one) => one.kind !== 'budget');
    const right = work.every((one) => this.isAllowed(one, step.intent, made));
    if (!right) throw this.refuse(`an instruction is none of a ${step.intent.kind}`);
    const count = (kind: Instruction['kind']): number => work.filter((one) => one.kind === kind).length;
    const whole = {
      delegate: () => count('create') === 1 && count('initialize') === 1 && count('delegate') === 1,
      undelegate: () => count('deactivate') === 1 && count('split') === count('allocate') && count('split') <= 1,
      claim: () => count('withdraw') > 0,
      redelegate: () => false,
      chill: () => false,
    }[step.intent.kind];
    if (!whole()) throw this.refuse(`the instructions are not those of a ${step.intent.kind}`);
    if (step.intent.kind === 'undelegate' && count('split') === 1) {
      const left = work.find((one) => one.kind === 'deactivate');
      if (left?.stake !== made) throw this.refuse('what is split off is not what leaves');
    }
  }

  /** Default: no. Every instruction of an intent is spelled out, with every account and amount it may have. */
  private isAllowed(one: Instruction, intent: StakeIntent, made: string): boolean {
    const rentOnly = (lamports: bigint): boolean => lamports <= MOST_RENT;
    switch (`${intent.kind}/${one.kind}`) {
      case 'delegate/create':
        if (one.kind !== 'create' || intent.kind !== 'delegate') return false;
        return (
          one.from === this.account &&
          one.to === made &&
          one.owner === STAKE_PROGRAM &&
          one.lamports >= intent.amount &&
          rentOnly(one.lamports - intent.amount)
        );
      case 'delegate/initialize':
        if (one.kind !== 'initialize') return false;
        return one.stake === made && one.staker === this.account && one.withdrawer === this.withdrawer && !one.lockup;
      case 'delegate/delegate':
        if (one.kind !== 'delegate' || intent.kind !== 'delegate') return false;
        return one.stake === made && one.voter === intent.validator && one.authority === this.account;
      case 'undelegate/merge':
        return one.kind === 'merge' && one.authority === this.account;
      case 'undelegate/allocate':
        return one.kind === 'allocate' && one.to === made && one.base === this.account && one.owner === STAKE_PROGRAM;
      case 'undelegate/transfer':
        return one.kind === 'transfer' && one.from === this.account && one.to === made && rentOnly(one.lamports);
      case 'undelegate/split':
        if (one.kind !== 'split' || intent.kind !== 'undelegate') return false;
        return one.to === made && one.lamports === intent.amount && one.authority === this.account;
      case 'undelegate/deactivate':
        return one.kind === 'deactivate' && one.authority === this.account;
      case 'claim/withdraw':
        return one.kind === 'withdraw' && one.to === this.account && one.authority === this.withdrawer;
      default:
        return false;
    }
  }

  private refuse(detail: string): ChainError {
    return new ChainError('REFUSED', 'solana', `not signed: ${detail}`);
  }
}

function keyOf(secret: string): Key {
  if (!/^[0-9a-f]{64}$/i.test(secret)) {
    throw new ChainError('REFUSED', 'solana', 'a development key is 64 hex digits, the seed of an ed25519 key');
  }
  const seed = Buffer.from(secret, 'hex');
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return { address: encodeBase58(spki.subarray(spki.length - 32)), secret: key };
}

import { Transaction, Wallet } from 'ethers';

import type { CommonIntent, SignedTransaction, TransactionSigner, UnsignedTransaction } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { HUB, SELECTOR, STAKE_HUB } from './bnb.abi.js';
import { ownAddress } from './bnb.decode.js';
import { normalIntent } from './bnb.plan.js';

/** More is nobody's fee on this chain: gas limit x price of one staking transaction. */
const HIGHEST_FEE_WEI = 10n ** 17n;

/**
 * A key in memory, for development only. As the signer of a real treasury does, it signs nothing that it cannot explain:
 * the bytes are taken apart and held against the intent, the chain, the account and the lane (R39).
 */
export class BnbDevSigner implements TransactionSigner {
  readonly account: string;
  readonly #wallet: Wallet;

  /** @throws ChainError `REFUSED` when the key is none. The key never appears in an error. */
  constructor(
    privateKey: string,
    private readonly chainId: bigint,
  ) {
    try {
      this.#wallet = new Wallet(privateKey);
    } catch {
      throw new ChainError('REFUSED', 'bnb', 'the development key is no private key (0x and 64 hex digits)');
    }
    this.account = this.#wallet.address.toLowerCase();
  }

  async sign(unsigned: UnsignedTransaction): Promise<SignedTransaction> {
    const transaction = this.explained(unsigned);
    const bytes = await this.#wallet.signTransaction(transaction);
    const { hash } = Transaction.from(bytes);
    if (hash === null) throw this.refuse('the signed transaction has no hash');
    return { bytes, txid: hash.toLowerCase(), lane: unsigned.lane, expiresAtHeight: null };
  }

  private explained(unsigned: UnsignedTransaction): Transaction {
    let transaction: Transaction;
    try {
      transaction = Transaction.from(unsigned.bytes);
    } catch {
      throw this.refuse('the bytes are no transaction');
    }
    if (transaction.unsignedSerialized !== unsigned.bytes)
      throw this.refuse('the bytes are signed already, or not canonical');
    if (transaction.unsignedHash !== unsigned.digest) throw this.refuse('the digest is not that of the bytes');
    if (transaction.type !== 2) throw this.refuse('the transaction is of another type than this product makes');
    if (transaction.chainId !== this.chainId) throw this.refuse(`the bytes are for chain ${transaction.chainId}`);
    if (unsigned.lane.account !== this.account) throw this.refuse('the lane is of another account');
    if (BigInt(transaction.nonce) !== unsigned.lane.number) throw this.refuse('the nonce is not that of the lane');
    if (transaction.to?.toLowerCase() !== STAKE_HUB) throw this.refuse('the transaction is not for the StakeHub');
    if ((transaction.accessList ?? []).length > 0) throw this.refuse('the transaction has an access list');
    if (transaction.gasLimit * (transaction.maxFeePerGas ?? 0n) > HIGHEST_FEE_WEI)
      throw this.refuse('the fee is absurd');
    this.requireIntent(transaction, normalIntent(unsigned.step.intent));
    return transaction;
  }

  private requireIntent(transaction: Transaction, intent: CommonIntent): void {
    if (transaction.data.slice(0, 10) !== SELECTOR[intent.kind]) throw this.refuse(`the call is no ${intent.kind}`);
    const args = HUB.decodeFunctionData(intent.kind, transaction.data);
    if (HUB.encodeFunctionData(intent.kind, [...args]) !== transaction.data)
      throw this.refuse('the call carries more than its arguments');
    const isAddress = (value: unknown, wanted: string): boolean => ownAddress(String(value), 'an argument') === wanted;
    const says = {
      delegate: () => intent.kind === 'delegate' && isAddress(args[0], intent.validator) && args[1] === false,
      undelegate: () => intent.kind === 'undelegate' && isAddress(args[0], intent.validator) && args[1] > 0n,
      redelegate: () =>
        intent.kind === 'redelegate' &&
        isAddress(args[0], intent.from) &&
        isAddress(args[1], intent.to) &&
        args[2] > 0n &&
        args[3] === false,
      claim: () => intent.kind === 'claim' && isAddress(args[0], intent.validator) && args[1] === 0n,
    }[intent.kind];
    if (!says()) throw this.refuse(`the arguments are not those of the ${intent.kind}`);
    const value = intent.kind === 'delegate' ? intent.amount : 0n;
    if (transaction.value !== value)
      throw this.refuse(`the transaction sends ${transaction.value} wei, wanted ${value}`);
  }

  private refuse(detail: string): ChainError {
    return new ChainError('REFUSED', 'bnb', `not signed: ${detail}`);
  }
}

import { encodeSecp256k1Pubkey, pubkeyToAddress } from '@cosmjs/amino';
import { Secp256k1, sha256 } from '@cosmjs/crypto';
import { PubKey } from 'cosmjs-types/cosmos/crypto/secp256k1/keys';
import { SignMode } from 'cosmjs-types/cosmos/tx/signing/v1beta1/signing';
import { AuthInfo, SignDoc, TxBody } from 'cosmjs-types/cosmos/tx/v1beta1/tx';

import type { SignedTransaction, TransactionSigner, UnsignedTransaction } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { ACCOUNT_PREFIX, DENOM } from './cosmos.decode.js';
import { checkedIntent, digestOf, memoOf, messageOf, rawTransaction, txidOf } from './cosmos.messages.js';

/** More is nobody's fee on this chain: 5 ATOM for one staking transaction. */
const HIGHEST_FEE_UATOM = 5_000_000n;

/**
 * A key in memory, for development only. As the signer of a real treasury does, it signs nothing that it cannot explain:
 * the bytes are taken apart and held against the intent, the chain, the account and the lane (R39).
 */
export class CosmosDevSigner implements TransactionSigner {
  readonly account: string;
  /** Compressed, hex. */
  readonly publicKey: string;
  readonly #key: Uint8Array;

  /** @throws ChainError `REFUSED` when the key is none. The key never appears in an error. */
  constructor(
    privateKey: string,
    private readonly chainId: string,
  ) {
    const hex = privateKey.replace(/^0x/, '');
    try {
      if (!/^[0-9a-fA-F]{64}$/.test(hex)) throw new Error('not 32 bytes');
      this.#key = Buffer.from(hex, 'hex');
      const publicKey = Secp256k1.compressPubkey(Secp256k1.makeKeypair(this.#key).pubkey);
      this.publicKey = Buffer.from(publicKey).toString('hex');
      this.account = pubkeyToAddress(encodeSecp256k1Pubkey(publicKey), ACCOUNT_PREFIX);
    } catch {
      throw new ChainError('REFUSED', 'cosmos', 'the development key is no private key (64 hex digits)');
    }
  }

  sign(unsigned: UnsignedTransaction): Promise<SignedTransaction> {
    return Promise.resolve().then(() => {
      const { doc, timeoutHeight } = this.explained(unsigned);
      const signature = Secp256k1.createSignature(sha256(Buffer.from(unsigned.bytes, 'hex')), this.#key);
      const bytes = rawTransaction(doc, Uint8Array.from([...signature.r(32), ...signature.s(32)]));
      return {
        bytes: Buffer.from(bytes).toString('hex'),
        txid: txidOf(bytes),
        lane: unsigned.lane,
        expiresAtHeight: timeoutHeight,
      };
    });
  }

  private explained(unsigned: UnsignedTransaction): { readonly doc: SignDoc; readonly timeoutHeight: bigint } {
    const bytes = Buffer.from(unsigned.bytes, 'hex');
    const { doc, body, auth } = this.takenApart(bytes, unsigned.bytes);
    if (digestOf(bytes) !== unsigned.digest) throw this.refuse('the digest is not that of the bytes');
    if (doc.chainId !== this.chainId) throw this.refuse(`the bytes are for chain ${doc.chainId}`);
    if (unsigned.lane.account !== this.account) throw this.refuse('the lane is of another account');
    if (body.memo !== memoOf(unsigned.step)) throw this.refuse('the memo is not that of the operation');
    if (body.timeoutHeight <= 0n) throw this.refuse('the transaction never expires');
    if (body.extensionOptions.length + body.nonCriticalExtensionOptions.length > 0) {
      throw this.refuse('the transaction has extensions');
    }
    this.requireSignerAndFee(auth, unsigned.lane.number);
    const [message, ...more] = body.messages;
    const wanted = messageOf(checkedIntent(unsigned.step.intent), this.account);
    if (message === undefined || more.length > 0) throw this.refuse('the transaction has not exactly one message');
    if (message.typeUrl !== wanted.typeUrl || !Buffer.from(message.value).equals(Buffer.from(wanted.value))) {
      throw this.refuse(`the message is not that of the ${unsigned.step.intent.kind}`);
    }
    return { doc, timeoutHeight: body.timeoutHeight };
  }

  private takenApart(bytes: Buffer, hex: string): { doc: SignDoc; body: TxBody; auth: AuthInfo } {
    try {
      const doc = SignDoc.decode(bytes);
      const body = TxBody.decode(doc.bodyBytes);
      const auth = AuthInfo.decode(doc.authInfoBytes);
      // Canonical: what was understood is all that there is.
      const again = SignDoc.encode({
        ...doc,
        bodyBytes: TxBody.encode(body).finish(),
        authInfoBytes: AuthInfo.encode(auth).finish(),
      }).finish();
      if (Buffer.from(again).toString('hex') !== hex) throw new Error('not canonical');
      return { doc, body, auth };
    } catch {
      throw this.refuse('the bytes are no transaction, or say more than can be read');
    }
  }

  private requireSignerAndFee(auth: AuthInfo, sequence: bigint | null): void {
    const [signer, ...others] = auth.signerInfos;
    if (signer === undefined || others.length > 0) throw this.refuse('the transaction has not exactly one signer');
    if (signer.sequence !== sequence) throw this.refuse('the sequence is not that of the lane');
    if (signer.modeInfo?.single?.mode !== SignMode.SIGN_MODE_DIRECT) throw this.refuse('it is signed in another mode');
    const key = Buffer.from(PubKey.decode(signer.publicKey?.value ?? new Uint8Array()).key).toString('hex');
    if (signer.publicKey?.typeUrl !== PubKey.typeUrl || key !== this.publicKey) throw this.refuse('the key is another');
    const { fee } = auth;
    const [coin, ...coins] = fee?.amount ?? [];
    if (fee === undefined || coin?.denom !== DENOM || coins.length > 0) throw this.refuse(`the fee is not in ${DENOM}`);
    if (fee.payer !== '' || fee.granter !== '') throw this.refuse('somebody else is to pay the fee');
    if (!/^\d{1,20}$/.test(coin.amount) || BigInt(coin.amount) > HIGHEST_FEE_UATOM)
      throw this.refuse('the fee is absurd');
  }

  private refuse(detail: string): ChainError {
    return new ChainError('REFUSED', 'cosmos', `not signed: ${detail}`);
  }
}

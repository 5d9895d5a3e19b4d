import { Keyring } from '@polkadot/api';

import type {
  ChillIntent,
  SignedTransaction,
  StakeMove,
  TransactionSigner,
  UnsignedTransaction,
} from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { JsonRpcEndpoint } from '../rpc/json-rpc.endpoint.js';
import { withoutLock } from '../stake-move.js';
import { accountOf, addressOf } from './polkadot.address.js';
import { PolkadotClient } from './polkadot.client.js';
import type { Codec } from './polkadot.codec.js';
import { kindOf, list } from './polkadot.decode.js';
import { callOf, fits, idOf, type Call } from './polkadot.fits.js';
import type { ExplainedPayload } from './polkadot.payload.js';
import { decodePayee } from './polkadot.state.js';

export interface PolkadotDevSignerOptions {
  /** 0x and 64 hex digits: the seed of an ed25519 key (its signatures are the same every time). */
  readonly privateKey: string;
  /** Where the runtime's types are read: bytes that cannot be explained are not signed. */
  readonly url: string;
  readonly genesisHash: string;
  readonly ss58Prefix?: number;
  /** The cold account, when this key acts as its Staking proxy. */
  readonly stash?: string;
  /** The only account that rewards may be sent to; if absent, the stash itself. */
  readonly rewardsAccount?: string;
  readonly timeoutMs?: number;
}

const LONGEST_LIFE = 4_096n;

/**
 * A key in memory, for development only. As the signer of a real treasury does, it signs nothing that it cannot explain:
 * the bytes are taken apart and held against the intent, the chain, the account and the lane (R39).
 */
export class PolkadotDevSigner implements TransactionSigner {
  readonly account: string;
  readonly #pair: ReturnType<Keyring['addFromSeed']>;
  private readonly endpoint: JsonRpcEndpoint;
  private readonly ss58Prefix: number;
  private readonly memory = { codecs: new Map<string, Promise<Codec>>(), facts: new Map<string, unknown>() };

  /** @throws ChainError `REFUSED` when the key is none. The key never appears in an error. */
  constructor(private readonly options: PolkadotDevSignerOptions) {
    if (!/^0x[0-9a-f]{64}$/i.test(options.privateKey)) {
      throw new ChainError('REFUSED', 'polkadot', 'the development key is no seed (0x and 64 hex digits)');
    }
    this.ss58Prefix = options.ss58Prefix ?? 0;
    const seed = Buffer.from(options.privateKey.slice(2), 'hex');
    this.#pair = new Keyring({ type: 'ed25519' }).addFromSeed(seed);
    this.account = addressOf(`0x${Buffer.from(this.#pair.publicKey).toString('hex')}`, this.ss58Prefix);
    this.endpoint = new JsonRpcEndpoint({
      url: options.url,
      chain: 'polkadot',
      label: "the signer's endpoint",
      timeoutMs: options.timeoutMs ?? 10_000,
      maxAnswerBytes: 32 * 1024 * 1024,
      maxBatch: 10,
    });
  }

  async sign(unsigned: UnsignedTransaction): Promise<SignedTransaction> {
    const { endpoint, memory } = this;
    const signal = AbortSignal.timeout(this.options.timeoutMs ?? 10_000);
    const client = new PolkadotClient(endpoint, signal, memory, this.options.genesisHash.toLowerCase());
    const codec = await client.codecAt((await client.final()).hash);
    const explained = this.explained(unsigned, codec);
    const [birth] = await client.headers([explained.blockHash]);
    if (birth === undefined) throw this.refuse('the block that the bytes are bound to is not known');
    const message = explained.signable.length > 256 ? codec.hash(hexOf(explained.signable)) : hexOf(explained.signable);
    const signature = this.#pair.sign(Buffer.from(message.slice(2), 'hex'), { withType: true });
    const bytes = codec.signed(unsigned.bytes, hexOf(this.#pair.publicKey), hexOf(signature));
    return {
      bytes,
      txid: codec.hash(bytes),
      lane: unsigned.lane,
      // Valid from the block after its birth, and not in the one with which the next era of that length begins.
      expiresAtHeight: birth.height + (explained.blocks ?? 0n) - 1n,
    };
  }

  async close(): Promise<void> {
    this.endpoint.close();
    for (const codec of await Promise.allSettled(this.memory.codecs.values())) {
      if (codec.status === 'fulfilled') await codec.value.close();
    }
  }

  private explained(unsigned: UnsignedTransaction, codec: Codec): ExplainedPayload {
    const explained = codec.explain(unsigned.bytes);
    if (codec.hash(unsigned.bytes) !== unsigned.digest) throw this.refuse('the digest is not that of the bytes');
    if (unsigned.lane.account !== this.account) throw this.refuse('the lane is of another account');
    if (explained.nonce !== unsigned.lane.number) throw this.refuse('the nonce is not that of the lane');
    if (explained.genesisHash !== this.options.genesisHash.toLowerCase())
      throw this.refuse('the bytes are for another chain');
    if (explained.specVersion !== codec.parts.specVersion) throw this.refuse('the bytes are for another runtime');
    if (explained.tip !== 0n) throw this.refuse('the transaction gives a tip');
    if (explained.blocks === null || explained.blocks > LONGEST_LIFE)
      throw this.refuse('the transaction would be valid for too long');
    this.requireIntent(callOf(explained.call), withoutLock('polkadot', unsigned.step.intent));
    return explained;
  }

  private requireIntent(call: Call, intent: StakeMove | ChillIntent): void {
    const own = accountOf(this.account, this.ss58Prefix);
    const stash = this.options.stash === undefined ? own : accountOf(this.options.stash, this.ss58Prefix);
    let inner = call;
    if (call.name === 'proxy.proxy') {
      const real = idOf(call.args['real']);
      const type = call.args['forceProxyType'];
      if (real !== stash || type === null || kindOf(type, 'a kind of proxy') !== 'Staking')
        throw this.refuse('the call is not for our stash by its Staking proxy');
      inner = callOf(call.args['call'] ?? null);
    } else if (stash !== own && !call.name.startsWith('staking.payout') && call.name !== 'utility.batchAll') {
      throw this.refuse('the call would act for the hot key itself');
    }
    const calls = inner.name === 'utility.batchAll' ? list(inner.args['calls'], 'calls').map(callOf) : [inner];
    const account = (address: string): string => accountOf(address, this.ss58Prefix);
    const { rewardsAccount } = this.options;
    const payee = rewardsAccount === undefined ? 'Stash' : `Account(${account(rewardsAccount)})`;
    const bond = calls.find((one) => one.name === 'staking.bond');
    if (bond !== undefined && decodePayee(bond.args['payee'] ?? null) !== payee)
      throw this.refuse('rewards would go to another account');
    if (!fits(calls, intent, stash, account)) throw this.refuse(`the calls are not those of the ${intent.kind}`);
    const payouts = calls.every((one) => one.name === 'staking.payoutStakersByPage');
    if (inner === call && stash !== own && !payouts) throw this.refuse('the call would act for the hot key itself');
  }

  private refuse(detail: string): ChainError {
    return new ChainError('REFUSED', 'polkadot', `not signed: ${detail}`);
  }
}

function hexOf(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

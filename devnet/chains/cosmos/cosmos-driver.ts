/** The verbs: what people and validators do on the local chain, and how its time passes. */
import { Secp256k1 } from '@cosmjs/crypto';
import { MsgSend } from 'cosmjs-types/cosmos/bank/v1beta1/tx';
import { MsgSetWithdrawAddress, MsgWithdrawDelegatorReward } from 'cosmjs-types/cosmos/distribution/v1beta1/tx';
import { MsgUnjail } from 'cosmjs-types/cosmos/slashing/v1beta1/tx';
import { PubKey } from 'cosmjs-types/cosmos/crypto/secp256k1/keys';
import {
  MsgBeginRedelegate,
  MsgDelegate,
  MsgEditValidator,
  MsgUndelegate,
} from 'cosmjs-types/cosmos/staking/v1beta1/tx';
import { SignMode } from 'cosmjs-types/cosmos/tx/signing/v1beta1/signing';
import { AuthInfo, SignDoc, TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';

import type { CosmosChain } from './cosmos-chain.js';
import { decOf, ONE } from './dec.js';
import { FAUCET, STRANGERS } from './genesis.js';
import type { Act } from './infractions.js';
import { accountOf, devKey, pick, sha256, type DevKey } from './keys.js';
import { disableTokenize, enableTokenize } from './liquid.js';
import type { AnyMessage } from './messages.js';

const DAY_MS = 86_400_000;
/** Quiet blocks inside a day. */
const BLOCK_EVERY_MS = 3 * 3_600_000;
const BLOCK_MS = 6_000;
const LAST_OF_DAY_MS = 4_000;

export interface SignedChange {
  readonly sequence?: bigint;
  readonly fee?: bigint;
  readonly gasLimit?: bigint;
  readonly timeoutHeight?: bigint;
}

export class CosmosDriver {
  constructor(readonly chain: CosmosChain) {}

  get headMs(): number {
    return Number(this.chain.timeNs / 1_000_000n); // a time, not money
  }

  /** Operators of all validators, by the names in the genesis. */
  get operators(): readonly string[] {
    const state = this.chain.state;
    return this.chain.genesis.validators.map(({ name }) => {
      const found = state.validators.values().find((one) => one.moniker === name);
      if (found === undefined) throw new Error(`${name} is no validator any more`);
      return found.operator;
    });
  }

  /**
   * Lives to that time: a few blocks a day with some strangers' traffic, one four seconds before each midnight, one at
   * the time itself, and one more, so that everything up to it is final. Nothing when the chain is there already.
   */
  advanceTo(unixMs: number): void {
    const height = this.chain.height;
    for (;;) {
      const head = this.headMs;
      const quiet = nextQuietBlock(head);
      const midnight = (Math.floor(head / DAY_MS) + 1) * DAY_MS;
      const evening = midnight - LAST_OF_DAY_MS;
      const next = [quiet, evening, midnight].filter((at) => at > head).reduce((a, b) => Math.min(a, b));
      if (next >= unixMs) break;
      if (next === quiet) this.strangersTraffic(new Date(next).toISOString());
      this.block(next);
    }
    const hasLived = this.chain.height > height;
    const isNews =
      hasLived || this.chain.pending > 0 || unixMs - this.headMs >= BLOCK_MS || isLater(unixMs, this.headMs);
    if (unixMs > this.headMs && isNews) {
      this.block(unixMs);
      this.block(unixMs + 1_000);
    }
    this.chain.flush();
  }

  /** What waits gets into a block, and one more makes that final. */
  includePending(): void {
    this.blocks(2);
  }

  /** Blocks at the usual distance, the first with all that waits. */
  blocks(count: number): void {
    for (let i = 0; i < count; i++) this.block(this.headMs + BLOCK_MS);
    this.chain.flush();
  }

  /** To the first block of the next UTC day, and one more. */
  nextDay(): void {
    this.advanceTo((Math.floor(this.headMs / DAY_MS) + 1) * DAY_MS + 1_000);
  }

  /** Coins for the treasury, in a block that is final. */
  fundTreasury(uatom: bigint): void {
    this.transfer(devKey('treasury').address, uatom);
  }

  transfer(to: string, uatom: bigint): void {
    const from = devKey(FAUCET);
    const value = MsgSend.encode({ fromAddress: from.address, toAddress: to, amount: [coin(uatom)] }).finish();
    this.act(from, { typeUrl: MsgSend.typeUrl, value });
  }

  /** Too many missed blocks: 0.01 % slashed, jailed for ten minutes. Three blocks follow, as then the set has changed. */
  downtime(validator: string): void {
    this.withActs([{ kind: 'downtime', validator }]);
  }

  /** Two blocks signed at one height: 5 % of all that stood behind it, tombstoned. */
  doubleSign(validator: string, infractionHeight = this.chain.height): void {
    this.withActs([{ kind: 'double-sign', validator, infractionHeight: String(infractionHeight) }]);
  }

  unjail(validator: string): void {
    const value = MsgUnjail.encode({ validatorAddr: validator }).finish();
    this.act(this.operatorKey(validator), { typeUrl: MsgUnjail.typeUrl, value });
  }

  /** `0.07`. */
  setCommission(validator: string, rate: string): void {
    const keep = '[do-not-modify]';
    const value = MsgEditValidator.encode({
      description: { moniker: keep, identity: keep, website: keep, securityContact: keep, details: keep },
      validatorAddress: validator,
      commissionRate: String(decOf(rate)),
      minSelfDelegation: '',
    }).finish();
    this.act(this.operatorKey(validator), { typeUrl: MsgEditValidator.typeUrl, value });
  }

  /** A change of authority by the treasury's own key: what an alarm must see. */
  setWithdrawAddress(withdrawAddress: string): void {
    const key = devKey('treasury');
    const value = MsgSetWithdrawAddress.encode({ delegatorAddress: key.address, withdrawAddress }).finish();
    this.act(key, { typeUrl: MsgSetWithdrawAddress.typeUrl, value });
  }

  lockTokenizing(key: DevKey): void {
    this.act(key, disableTokenize(key.address));
  }

  /** What a thief would do first, 21 days before it helps. */
  unlockTokenizing(key: DevKey): void {
    this.act(key, enableTokenize(key.address));
  }

  foreignDelegate(validator: string, uatom: bigint, stranger = 0): void {
    const { address: delegatorAddress } = this.stranger(stranger);
    const value = MsgDelegate.encode({ delegatorAddress, validatorAddress: validator, amount: coin(uatom) }).finish();
    this.act(this.stranger(stranger), { typeUrl: MsgDelegate.typeUrl, value });
  }

  foreignUndelegate(validator: string, uatom: bigint, stranger = 0): void {
    const { address: delegatorAddress } = this.stranger(stranger);
    const value = MsgUndelegate.encode({ delegatorAddress, validatorAddress: validator, amount: coin(uatom) }).finish();
    this.act(this.stranger(stranger), { typeUrl: MsgUndelegate.typeUrl, value });
  }

  foreignRedelegate(from: string, to: string, uatom: bigint, stranger = 0): void {
    const { address: delegatorAddress } = this.stranger(stranger);
    const value = MsgBeginRedelegate.encode({
      delegatorAddress,
      validatorSrcAddress: from,
      validatorDstAddress: to,
      amount: coin(uatom),
    }).finish();
    this.act(this.stranger(stranger), { typeUrl: MsgBeginRedelegate.typeUrl, value });
  }

  /** Signs and hands in one message; nothing is made a block. */
  submit(key: DevKey, message: AnyMessage): void {
    const received = this.chain.receive(this.signed(key, message));
    if (received.kind === 'checked' && received.code !== 0) throw new Error(`the local chain: ${received.log}`);
  }

  /** One message, in a block that is final. Throws when the chain refuses it. */
  act(key: DevKey, message: AnyMessage): void {
    this.submit(key, message);
    const height = this.chain.height + 1n;
    this.includePending();
    const failed = this.chain.block(height)?.results.find((one) => one.code !== 0);
    if (failed !== undefined) throw new Error(`the local chain: ${failed.log}`);
  }

  private block(atMs: number): void {
    // Blocks have nanoseconds, and readers must not trip over them.
    const nanos = pick(`nanoseconds of ${atMs}`, 1_000_000n);
    this.chain.makeBlock(BigInt(atMs) * 1_000_000n + nanos);
  }

  private withActs(acts: readonly Act[]): void {
    const atMs = this.headMs + BLOCK_MS;
    this.chain.makeBlock(BigInt(atMs) * 1_000_000n, acts);
    this.blocks(3);
  }

  /** Odd amounts come and go, so that no share stays round; decided by the words alone. */
  private strangersTraffic(words: string): void {
    const operators = this.operators.filter((one) => this.chain.state.validators.get(one)?.jailed === false);
    const into = operators[Number(pick(`into ${words}`, BigInt(operators.length || 1)))];
    const key = devKey(STRANGERS[Number(pick(`who ${words}`, BigInt(STRANGERS.length)))] ?? STRANGERS[0]);
    if (into === undefined || pick(`whether ${words}`, 4n) === 0n) return;
    const delegatorAddress = key.address;
    const held = this.chain.state.delegations.get(`${delegatorAddress}/${into}`) ?? 0n;
    if (held > 50n * 1_000_000n * ONE) {
      const value = MsgWithdrawDelegatorReward.encode({ delegatorAddress, validatorAddress: into }).finish();
      this.submit(key, { typeUrl: MsgWithdrawDelegatorReward.typeUrl, value });
      return;
    }
    const amount = coin(1_000_000n + pick(`amount ${words}`, 40_000_000n));
    const value = MsgDelegate.encode({ delegatorAddress, validatorAddress: into, amount }).finish();
    this.submit(key, { typeUrl: MsgDelegate.typeUrl, value });
  }

  private stranger(n: number): DevKey {
    return devKey(STRANGERS[n] ?? STRANGERS[0]);
  }

  private operatorKey(validator: string): DevKey {
    const moniker = this.chain.state.validators.get(validator)?.moniker ?? '';
    const key = devKey(`operator ${moniker}`);
    if (key.address !== accountOf(validator)) throw new Error(`the key of ${validator} is not known`);
    return key;
  }

  /** A signed transaction with one message; `change` is for what must be refused. */
  signed(key: DevKey, message: AnyMessage, change: SignedChange = {}): Uint8Array {
    const account = this.chain.state.accounts.get(key.address);
    if (account === undefined) throw new Error(`${key.address} is not on the local chain`);
    const gasLimit = change.gasLimit ?? 600_000n;
    const price = this.chain.state.params.gasPrice ?? this.chain.state.params.minimumGasPrice;
    const value = PubKey.encode({ key: key.publicKey }).finish();
    const bodyBytes = TxBody.encode(
      TxBody.fromPartial({ messages: [message], timeoutHeight: change.timeoutHeight ?? 0n }),
    ).finish();
    const authInfoBytes = AuthInfo.encode(
      AuthInfo.fromPartial({
        signerInfos: [
          {
            publicKey: { typeUrl: PubKey.typeUrl, value },
            modeInfo: { single: { mode: SignMode.SIGN_MODE_DIRECT } },
            sequence: change.sequence ?? account.sequence,
          },
        ],
        fee: { amount: [coin(change.fee ?? (gasLimit * price) / ONE + 1n)], gasLimit },
      }),
    ).finish();
    const { chainId } = this.chain.genesis;
    const doc = { bodyBytes, authInfoBytes, chainId, accountNumber: account.number };
    const signature = Secp256k1.createSignature(sha256(SignDoc.encode(doc).finish()), key.privateKey);
    const signatures = [Uint8Array.from([...signature.r(32), ...signature.s(32)])];
    return TxRaw.encode({ bodyBytes, authInfoBytes, signatures }).finish();
  }
}

/** Of a later UTC day. */
function isLater(unixMs: number, headMs: number): boolean {
  return Math.floor(unixMs / DAY_MS) > Math.floor(headMs / DAY_MS);
}

/** The next full three hours, some seconds late: block times are never round. */
function nextQuietBlock(headMs: number): number {
  for (let slot = Math.floor(headMs / BLOCK_EVERY_MS); ; slot++) {
    const at = slot * BLOCK_EVERY_MS;
    const late = at + 1_000 + Number(pick(`late ${at}`, 9_000n));
    if (late > headMs + BLOCK_MS && at % DAY_MS !== 0) return late;
  }
}

function coin(uatom: bigint): { denom: string; amount: string } {
  return { denom: 'uatom', amount: String(uatom) };
}

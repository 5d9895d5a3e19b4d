import { Transaction, type Wallet } from 'ethers';

import type { BlockStamp, BnbChain } from './bnb-chain.js';
import { BLOCK_SECONDS, BNB_SYSTEM, DAY_SECONDS } from './bnb-constants.js';
import type { RecordedBlock } from './block-record.js';
import { devWallet } from './dev-keys.js';
import { loadInterfaces, revertName, signDevCall, type BnbInterfaces, type DevCall } from './dev-transaction.js';
import { readElection, type ElectedSet } from './hub-reads.js';
import { JsonRpcError } from './json-rpc.js';

/** A transaction of the driver's own was mined and reverted. `reason` is the custom error's name. */
export class DriverReverted extends Error {
  constructor(
    readonly reason: string,
    readonly txHash: string,
  ) {
    super(`reverted: ${reason} (${txHash})`);
    this.name = 'DriverReverted';
  }
}

/** How the driver gets its transactions into blocks: signed, in turn, checked, with the breathe call where it is due. */
export class DriverTransactions {
  readonly interfaces: BnbInterfaces;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    readonly chain: BnbChain,
    root?: string,
  ) {
    this.interfaces = loadInterfaces(root);
  }

  /** Several calls in one block. Throws DriverReverted when one of them reverts (the block stays). */
  act(calls: readonly DevCall[], timestamp?: number): Promise<BlockStamp> {
    return this.inTurn(async () => {
      const head = await this.chain.head();
      const at = timestamp ?? head.timestamp + BLOCK_SECONDS;
      const all = [...calls];
      const newDay = Math.floor(at / DAY_SECONDS) !== Math.floor(head.timestamp / DAY_SECONDS);
      if (newDay) all.push(this.breatheCall(await readElection(this.chain, this.interfaces)));
      const raws = await this.sign(all);
      const block = newest(await this.chain.mine([{ timestamp: at, raws }]));
      await this.throwIfReverted(block, raws);
      return { number: block.number, hash: block.hash, timestamp: block.timestamp };
    });
  }

  hubCall(from: Wallet, name: string, args: readonly unknown[], value = 0n): DevCall {
    return { from, to: BNB_SYSTEM.stakeHub, data: this.interfaces.hub.encodeFunctionData(name, [...args]), value };
  }

  breatheCall(elected: ElectedSet): DevCall {
    const args = [elected.consensus, elected.powers, elected.votes];
    const data = this.interfaces.validatorSet.encodeFunctionData('updateValidatorSetV2', args);
    return { from: devWallet('system'), to: BNB_SYSTEM.validatorSet, data, gasLimit: 20_000_000n };
  }

  private async sign(calls: readonly DevCall[]): Promise<string[]> {
    const nonces = new Map<string, number>();
    const raws: string[] = [];
    for (const call of calls) {
      const from = call.from.address;
      let nonce = nonces.get(from);
      nonce ??= Number.parseInt(await this.chain.rpc<string>('eth_getTransactionCount', [from, 'latest']), 16);
      nonces.set(from, nonce + 1);
      raws.push(await signDevCall(call, nonce));
    }
    return raws;
  }

  private async throwIfReverted(block: RecordedBlock, raws: readonly string[]): Promise<void> {
    for (const raw of raws) {
      const tx = Transaction.from(raw);
      const receipt = await this.chain.rpc<{ status: string }>('eth_getTransactionReceipt', [tx.hash]);
      if (receipt.status === '0x1') continue;
      const call = { from: tx.from, to: tx.to, data: tx.data, value: `0x${tx.value.toString(16)}` };
      const again = this.chain.rpc('eth_call', [call, `0x${block.number.toString(16)}`]);
      const data: unknown = await again.then(
        () => undefined,
        (error: unknown) => (error instanceof JsonRpcError ? error.data : undefined),
      );
      throw new DriverReverted(revertName(data, this.interfaces), tx.hash ?? '');
    }
  }

  /** Verbs never overlap: each reads nonces that the one before may have used. */
  protected inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

export function newest<T>(items: readonly T[]): T {
  const item = items.at(-1);
  if (item === undefined) throw new Error('no block');
  return item;
}

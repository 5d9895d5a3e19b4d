import type { Wallet } from 'ethers';

import { BNB_SYSTEM } from './bnb-constants.js';
import { devWallet } from './dev-keys.js';
import { revertName, signDevCall } from './dev-transaction.js';
import { view } from './hub-reads.js';
import { JsonRpcError } from './json-rpc.js';
import type { RunningBnbChain } from './start-bnb-chain.js';

/** JSON-RPC over the endpoint, as the product speaks it. */
export async function ask<T>(url: string, method: string, params: unknown[] = []): Promise<T> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const answer = (await response.json()) as { result: T; error?: { code: number; message: string; data?: unknown } };
  if (answer.error) throw new JsonRpcError(method, answer.error.code, answer.error.message, answer.error.data);
  return answer.result;
}

/** A staker in a test: sends to the mempool through the endpoint, and reads the credit contracts. */
export class SpecStaker {
  constructor(
    private readonly bnb: RunningBnbChain,
    readonly wallet: Wallet = devWallet('treasury'),
  ) {}

  /** Broadcasts a hub call; the driver mines it later. Returns the transaction's hash. */
  async send(name: string, args: unknown[], value = 0n): Promise<string> {
    const nonce = await ask<string>(this.bnb.url, 'eth_getTransactionCount', [this.wallet.address, 'pending']);
    const call = this.bnb.driver.hubCall(this.wallet, name, args, value);
    return ask<string>(this.bnb.url, 'eth_sendRawTransaction', [await signDevCall(call, Number.parseInt(nonce, 16))]);
  }

  /** Sends, mines, and gives the receipt's status and logs (decoded by the hub and the credit contract). */
  async run(name: string, args: unknown[], value = 0n): Promise<{ ok: boolean; events: SpecEvent[] }> {
    const hash = await this.send(name, args, value);
    await this.bnb.driver.mine();
    const receipt = await ask<{ status: string }>(this.bnb.url, 'eth_getTransactionReceipt', [hash]);
    return { ok: receipt.status === '0x1', events: await this.eventsOf(hash) };
  }

  async eventsOf(hash: string): Promise<SpecEvent[]> {
    const receipt = await ask<SpecReceipt>(this.bnb.url, 'eth_getTransactionReceipt', [hash]);
    return decodeEvents(this.bnb, receipt.logs);
  }

  /** The custom error a call would revert with now. */
  async errorOf(name: string, args: unknown[], value = 0n): Promise<string> {
    const { to, data } = this.bnb.driver.hubCall(this.wallet, name, args, value);
    const call = { from: this.wallet.address, to, data, value: `0x${value.toString(16)}` };
    try {
      await ask(this.bnb.url, 'eth_call', [call, 'latest']);
    } catch (error) {
      if (error instanceof JsonRpcError) return revertName(error.data, this.bnb.driver.interfaces);
      throw error;
    }
    throw new Error(`${name} did not revert`);
  }

  async credit(credit: string, name: string, args: unknown[] = [this.wallet.address]): Promise<bigint> {
    return (await view(this.bnb.chain, this.bnb.driver.interfaces.credit, credit, name, args))[0] as bigint;
  }

  balance(address: string = this.wallet.address): Promise<bigint> {
    return balanceOf(this.bnb.url, address);
  }

  systemReward(): Promise<bigint> {
    return balanceOf(this.bnb.url, BNB_SYSTEM.systemReward);
  }
}

export interface SpecEvent {
  readonly name: string;
  readonly args: unknown[];
}

interface SpecReceipt {
  readonly logs: { topics: string[]; data: string }[];
}

function decodeEvents(bnb: RunningBnbChain, logs: SpecReceipt['logs']): SpecEvent[] {
  const { hub, credit, validatorSet } = bnb.driver.interfaces;
  return logs.map((log) => {
    const parsed = hub.parseLog(log) ?? credit.parseLog(log) ?? validatorSet.parseLog(log);
    return parsed ? { name: parsed.name, args: [...parsed.args] as unknown[] } : { name: 'unknown', args: [] };
  });
}

/** Every event of one block, in order. */
export async function eventsOfBlock(bnb: RunningBnbChain, hash: string): Promise<SpecEvent[]> {
  const logs = await ask<SpecReceipt['logs']>(bnb.url, 'eth_getLogs', [{ blockHash: hash }]);
  return decodeEvents(bnb, logs);
}

async function balanceOf(url: string, address: string): Promise<bigint> {
  return BigInt(await ask<string>(url, 'eth_getBalance', [address, 'latest']));
}

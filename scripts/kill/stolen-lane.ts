import { BNB_CHAIN_ID, devWallet } from '../../devnet/chains/bnb/index.js';

const GWEI = 10n ** 9n;

/**
 * A transaction of the treasury's that is not ours takes the next nonce: what our own process has signed for it can
 * never be included any more. Sent through the same endpoint that the product uses; whoever mines next includes it.
 */
export async function useLane(rpcUrl: string): Promise<void> {
  const treasury = devWallet('treasury');
  const nonce = await rpc<string>(rpcUrl, 'eth_getTransactionCount', [treasury.address, 'latest']);
  const bytes = await treasury.signTransaction({
    type: 0,
    chainId: BNB_CHAIN_ID,
    nonce: Number.parseInt(nonce, 16),
    to: treasury.address,
    gasPrice: GWEI,
    gasLimit: 21_000n,
  });
  await rpc<string>(rpcUrl, 'eth_sendRawTransaction', [bytes]);
}

async function rpc<T>(url: string, method: string, params: readonly unknown[]): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const answer = (await response.json()) as { result?: T; error?: { message: string } };
  if (answer.result === undefined) throw new Error(`${method}: ${answer.error?.message ?? 'no result'}`);
  return answer.result;
}

import { Registry, type EncodeObject } from '@cosmjs/proto-signing';
import { defaultRegistryTypes, GasPrice, SigningStargateClient } from '@cosmjs/stargate';
import { MsgUnjail } from 'cosmjs-types/cosmos/slashing/v1beta1/tx';
import { MsgUpdateParams } from 'cosmjs-types/cosmos/staking/v1beta1/tx';

import { devAccount, devWallet, type DevRole } from './dev-accounts.js';

const GAS = 1_500_000;

/** What the client knows by itself, and what operators and governance send besides. */
const registry = new Registry([
  ...defaultRegistryTypes,
  ['/cosmos.slashing.v1beta1.MsgUnjail', MsgUnjail],
  ['/cosmos.staking.v1beta1.MsgUpdateParams', MsgUpdateParams],
]);

/**
 * Signs and sends messages of one development account with the unmodified client, and waits until they are in a block.
 * `include` makes that block in driven time; null: blocks come by themselves. Throws when the chain refuses them.
 */
export async function sendAs(
  url: string,
  who: { readonly role: DevRole; readonly index?: number },
  messages: readonly EncodeObject[],
  include: (() => Promise<void>) | null,
): Promise<string> {
  const wallet = await devWallet(who.role, who.index);
  const { address } = await devAccount(who.role, who.index);
  const client = await SigningStargateClient.connectWithSigner(url, wallet, {
    gasPrice: GasPrice.fromString('0.01uatom'),
    registry,
  });
  try {
    const fee = { amount: [{ denom: 'uatom', amount: `${GAS / 100}` }], gas: `${GAS}` };
    const hash = await client.signAndBroadcastSync(address, messages, fee);
    await include?.();
    for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
      const found = await client.getTx(hash);
      if (found !== null && found.code !== 0) throw new Error(`${found.rawLog} (code ${found.code})`);
      if (found !== null) return hash;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`transaction ${hash} is in no block after 30 s`);
  } finally {
    client.disconnect();
  }
}

export async function sendFromFaucet(
  url: string,
  to: string,
  atoms: bigint,
  include: (() => Promise<void>) | null,
): Promise<void> {
  const { address } = await devAccount('faucet');
  const value = { fromAddress: address, toAddress: to, amount: [{ denom: 'uatom', amount: `${atoms}` }] };
  await sendAs(url, { role: 'faucet' }, [{ typeUrl: '/cosmos.bank.v1beta1.MsgSend', value }], include);
}

import { coinText, SdkError, type ChainState } from './state.js';

/** Module accounts; they have no key. */
export const FEE_COLLECTOR = 'module:fee_collector';
export const BONDED_POOL = 'module:bonded_tokens_pool';
export const NOT_BONDED_POOL = 'module:not_bonded_tokens_pool';
export const DISTRIBUTION = 'module:distribution';

export function balanceOf(state: ChainState, address: string): bigint {
  return state.balances.get(address) ?? 0n;
}

export function send(state: ChainState, from: string, to: string, amount: bigint): void {
  if (amount === 0n) return;
  const has = balanceOf(state, from);
  if (has < amount) {
    const log = `spendable balance ${coinText(has)} is smaller than ${coinText(amount)}: insufficient funds`;
    throw new SdkError('sdk', 5, log);
  }
  state.balances.set(from, has - amount);
  state.balances.set(to, balanceOf(state, to) + amount);
  if (!to.startsWith('module:') && state.accounts.get(to) === undefined) {
    state.accounts.set(to, { number: BigInt(state.accounts.entries().length), sequence: 0n, publicKey: null });
  }
}

export function mint(state: ChainState, to: string, amount: bigint): void {
  state.balances.set(to, balanceOf(state, to) + amount);
  state.supply += amount;
}

export function burn(state: ChainState, from: string, amount: bigint): void {
  const has = balanceOf(state, from);
  if (has < amount) throw new Error(`the model burns ${amount} of ${has} in ${from}`);
  state.balances.set(from, has - amount);
  state.supply -= amount;
}

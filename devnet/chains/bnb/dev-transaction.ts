import { Interface, Wallet } from 'ethers';

import { loadArtifact } from './artifacts.js';
import { BNB_CHAIN_ID } from './bnb-constants.js';

/** The local contracts' interfaces, read from the committed artifacts. */
export interface BnbInterfaces {
  readonly hub: Interface;
  readonly credit: Interface;
  readonly validatorSet: Interface;
}

export function loadInterfaces(root?: string): BnbInterfaces {
  return {
    hub: new Interface(loadArtifact('LocalStakeHub', root).abi),
    credit: new Interface(loadArtifact('LocalStakeCredit', root).abi),
    validatorSet: new Interface(loadArtifact('LocalValidatorSet', root).abi),
  };
}

/** Something a published key is to do: a call, or a plain transfer when `data` is absent. */
export interface DevCall {
  readonly from: Wallet;
  readonly to: string;
  readonly data?: string;
  readonly value?: bigint;
  readonly gasLimit?: bigint;
}

/** Free of charge (the chain's base fee is 0), replay-protected, the same bytes for the same input. */
export function signDevCall(call: DevCall, nonce: number): Promise<string> {
  return call.from.signTransaction({
    type: 0,
    chainId: BNB_CHAIN_ID,
    nonce,
    to: call.to,
    value: call.value ?? 0n,
    data: call.data ?? '0x',
    gasPrice: 0n,
    gasLimit: call.gasLimit ?? 3_000_000n,
  });
}

/** The name of the custom error in revert data, such as `DelegationAmountTooSmall`, or the bytes when it has none. */
export function revertName(data: unknown, interfaces: BnbInterfaces): string {
  if (typeof data !== 'string' || data.length < 10) return `unknown (${String(data)})`;
  for (const abi of [interfaces.hub, interfaces.credit, interfaces.validatorSet]) {
    const error = abi.parseError(data);
    if (error) return error.name;
  }
  return data;
}

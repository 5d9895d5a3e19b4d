export type { AdapterHarness } from './adapter-harness.js';
export { describeAdapterContract } from './describe-adapter-contract.js';
export { FaultProxy } from './fault-proxy.js';
export type { Fault, FaultKind, ProxiedCall } from './fault-proxy.js';

export type { AdapterHarness, ReplayFacts } from './adapter-harness.js';
export { expectCrossChecks, expectIdentity, sumOf, totalOf } from './contract-observing.js';
export { describeAdapterContract, describeReplayContract } from './describe-adapter-contract.js';
export { FaultProxy } from './fault-proxy.js';
export type { Fault, FaultKind, ProxiedCall } from './fault-proxy.js';
export { finalNow, operate, patience, prepare } from './operate.js';

export { buildCosmosNode, whyNoGo } from './build-cosmos-node.js';
export { devAccount, devWallet, type DevAccount, type DevRole } from './dev-accounts.js';
export {
  DEFAULT_SEATS,
  HUB_UNBONDING_SECONDS,
  ONE_ATOM,
  type CosmosNodeSettings,
  type SeatSpec,
} from './node-config.js';
export { NodeControl, type NodeStatus, type Seat } from './node-control.js';
export { sendAs } from './node-transactions.js';
export { startCosmosNode, type RunningCosmosNode, type StartCosmosNodeOptions } from './start-cosmos-node.js';

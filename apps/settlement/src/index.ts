/** For scripts and tests; apps do not import each other. */
export { FAULT_POINTS, type FaultPoint } from './fault-points.js';
export { settleCommand, type SettleRequest } from './settle-command.js';
export { archiveCommand, type ArchiveVerb } from './retention/archive-command.js';

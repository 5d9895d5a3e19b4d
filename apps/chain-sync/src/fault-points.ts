/**
 * Every place where the kill suite may end this process, in the order in which work passes them. After a crash at any
 * of them and a restart, the books hold exactly what they would have held without it.
 */
export const CHAIN_SYNC_FAULT_POINTS = [
  'chain-sync.lease-held',
  'chain-sync.final-read',
  'chain-sync.cut-observed',
  'chain-sync.rows-written',
  'chain-sync.cursor-moved',
  'chain-sync.cut-stored',
  'chain-sync.operations-planned',
  'chain-sync.lane-reserved',
  'chain-sync.bytes-signed',
  'chain-sync.bytes-stored',
  'chain-sync.bytes-sent',
  'chain-sync.broadcast-stored',
  'chain-sync.included-stored',
  'chain-sync.final-stored',
  'chain-sync.effect-stored',
  'chain-sync.dead-stored',
] as const;

export type ChainSyncFaultPoint = (typeof CHAIN_SYNC_FAULT_POINTS)[number];

/** Called at a fault point; the process passes `faultPoint` of the platform, tests one that throws. */
export type ReachPoint = (point: ChainSyncFaultPoint) => void;

/**
 * Every place where the kill suite ends this process: around each commit and each call to the core, so that a crash
 * falls on both sides of everything that lasts. Names are `settlement.<step>.<moment>`; `pieces` and
 * `piece` are passed by each step that goes by ranges of users: once for all ranges, and once for each.
 */
export const FAULT_POINTS = [
  'settlement.gate.before-commit',
  'settlement.gate.committed',
  'settlement.inputs.before-commit',
  'settlement.inputs.committed',
  'settlement.measure.before-commit',
  'settlement.measure.committed',
  'settlement.pieces.before-commit',
  'settlement.pieces.committed',
  'settlement.piece.before-commit',
  'settlement.piece.committed',
  'settlement.qualify.before-commit',
  'settlement.qualify.committed',
  'settlement.split.attached',
  'settlement.split.before-commit',
  'settlement.split.committed',
  'settlement.check.before-commit',
  'settlement.check.committed',
  'settlement.plan.before-commit',
  'settlement.plan.committed',
  'settlement.claim.before-commit',
  'settlement.claim.committed',
  'settlement.send.before-post',
  'settlement.send.posted',
  'settlement.send.before-ask',
  'settlement.send.asked',
  'settlement.acknowledge.before-commit',
  'settlement.acknowledge.committed',
  'settlement.credited.before-commit',
  'settlement.credited.committed',
  'settlement.reconcile.before-list',
  'settlement.reconcile.listed',
  'settlement.reconcile.before-commit',
  'settlement.reconcile.committed',
  'settlement.log-index.before-commit',
  'settlement.log-index.committed',
  'settlement.fold.before-build',
  'settlement.fold.built',
  'settlement.fold.before-swap',
  'settlement.fold.swapped',
] as const;

export type FaultPoint = (typeof FAULT_POINTS)[number];

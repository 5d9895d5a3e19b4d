import { parseFaultSpec, type FaultSpec } from '../env.js';

let armed: FaultSpec | undefined;
let looked = false;
let hits = 0;

/**
 * Arms one crash point for tests; without this call the first `faultPoint` looks at FAULT_AT itself. The environment
 * parser refuses FAULT_AT in production; this refuses it again, because a process that kills itself half-way through
 * a payout must not be one forgotten variable away.
 */
export function armFaultPoint(
  spec: FaultSpec | undefined,
  nodeEnv: string | undefined = process.env['NODE_ENV'],
): void {
  if (spec && nodeEnv === 'production') throw new Error('FAULT_AT: production refuses crash points; unset it');
  armed = spec;
  looked = true;
  hits = 0;
}

/**
 * A named place where the kill suite may end the process, as abruptly as a power cut: with FAULT_AT=name:n the n-th
 * passing kills it. Does nothing unless armed. Names are `step.moment`, for example `credit.sent`.
 */
export function faultPoint(name: string): void {
  if (!looked) armFaultPoint(parseFaultSpec(process.env['FAULT_AT']));
  if (armed?.name !== name) return;
  hits += 1;
  if (hits === armed.hit) process.kill(process.pid, 'SIGKILL');
}

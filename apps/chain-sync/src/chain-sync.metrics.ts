import type { FinalStamp, Observation } from '@app/chains';
import type { Metrics } from '@app/platform';
import type { FinalityState } from './observe/finality-alarm.js';

const MS_PER_SECOND = 1000n;

/** What an operator sees of the chains. Heights, seconds and counts only: no amount of money passes through a gauge. */
export class ChainMetrics {
  private readonly alarms = new Map<string, FinalityState['alarm']>();

  constructor(private readonly metrics: Metrics) {}

  followed(chain: string, final: FinalStamp, cursorHeight: bigint): void {
    this.gauge('chain_final_height', 'Newest final block').set({ chain }, Number(final.height));
    this.gauge('chain_cursor_height', 'Last block the books have read').set({ chain }, Number(cursorHeight));
    this.halted(chain, false);
  }

  /** @returns whether the alarm started, ended or changed */
  finality(chain: string, state: FinalityState): boolean {
    this.gauge('chain_finality_lag_seconds', 'How far final is behind the head').set({ chain }, seconds(state.lagMs));
    if (state.silenceMs !== null) {
      this.gauge('chain_silence_seconds', 'How far the head is behind the clock').set(
        { chain },
        seconds(state.silenceMs),
      );
    }
    this.gauge('chain_finality_alarm', '1 while finality lags or the chain is silent').set(
      { chain },
      state.alarm ? 1 : 0,
    );
    const changed = (this.alarms.get(chain) ?? null) !== state.alarm;
    this.alarms.set(chain, state.alarm);
    return changed;
  }

  finalityAlarm(chain: string): FinalityState['alarm'] {
    return this.alarms.get(chain) ?? null;
  }

  cutStored(chain: string, observation: Observation): void {
    this.counter('chain_cuts_total', 'Cuts stored').inc({ chain });
    this.counter('chain_rewards_observed_total', 'Reward rows stored').inc({ chain }, observation.rewards.length);
    this.counter('chain_slashes_observed_total', 'Slash rows seen').inc({ chain }, observation.slashes.length);
    this.gauge('chain_cursor_height', 'Last block the books have read').set({ chain }, Number(observation.to.height));
  }

  halted(chain: string, halted: boolean): void {
    this.gauge('chain_halted', '1 while the chain waits for a person').set({ chain }, halted ? 1 : 0);
  }

  leading(chain: string, leading: boolean): void {
    this.gauge('chain_leader', '1 while this process leads the chain').set({ chain }, leading ? 1 : 0);
  }

  failed(chain: string, code: string): void {
    this.metrics
      .counter('chain_sync_errors_total', 'Looks at a chain that ended in an error', ['chain', 'code'])
      .inc({ chain, code });
  }

  parameterChanged(chain: string): void {
    this.counter('chain_parameter_changes_total', 'Parameters the chain changed').inc({ chain });
  }

  operation(chain: string, state: string): void {
    this.metrics
      .counter('chain_operation_moves_total', 'Moves of operations, by the state reached', ['chain', 'state'])
      .inc({ chain, state });
  }

  openOperations(chain: string, count: number): void {
    this.gauge('chain_operations_open', 'Operations under way').set({ chain }, count);
  }

  private gauge(name: string, help: string) {
    return this.metrics.gauge(name, help, ['chain']);
  }

  private counter(name: string, help: string) {
    return this.metrics.counter(name, help, ['chain']);
  }
}

const seconds = (ms: bigint): number => Number(ms / MS_PER_SECOND);

export interface ShutdownOptions {
  /** After this long the process ends anyway, with exit code 1. */
  readonly deadlineMs?: number;
  /** Told the reason before draining starts. */
  readonly onStart?: (reason: ShutdownReason) => void;
  /** Told of a drain that failed. */
  readonly onError?: (error: unknown) => void;
}

export type ShutdownReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'parent gone' | 'asked';

export interface Shutdown {
  /** Aborts at the first sign of shutdown: pass it to loops and waits. */
  readonly signal: AbortSignal;
  /** Starts the shutdown from inside, for example after a fatal error. */
  begin(exitCode?: number): void;
  /** Takes the listeners away again (tests). */
  dispose(): void;
}

/**
 * Ends the process well: at the first SIGINT, SIGTERM or SIGHUP, or when the launcher that forked it is gone (its IPC
 * channel closes, also after SIGKILL), `drain` runs once and the process exits 0; after the deadline it exits 1.
 * Later signals are ignored while draining, so a second Ctrl-C cannot cut a payout in two.
 */
export function onShutdown(drain: () => Promise<void> | void, options: ShutdownOptions = {}): Shutdown {
  const controller = new AbortController();
  const start = (reason: ShutdownReason, exitCode: number): void => {
    if (controller.signal.aborted) return;
    setTimeout(() => process.exit(1), options.deadlineMs ?? 10_000);
    options.onStart?.(reason);
    controller.abort(reason);
    Promise.resolve()
      .then(drain)
      .then(
        () => process.exit(exitCode),
        (error: unknown) => {
          options.onError?.(error);
          process.exit(1);
        },
      );
  };
  const onSignal = (name: NodeJS.Signals): void => start(name as ShutdownReason, 0);
  const onDisconnect = (): void => start('parent gone', 0);
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const name of signals) process.on(name, onSignal);
  if (process.channel !== undefined && process.channel !== null) {
    process.on('disconnect', onDisconnect);
    // The 'disconnect' listener alone does not keep the channel, and must not keep the process, alive.
    process.channel.unref();
  } else if (process.connected === false) {
    // The launcher went away before we listened: there will be no event.
    setImmediate(onDisconnect);
  }
  return {
    signal: controller.signal,
    begin: (exitCode = 1) => start('asked', exitCode),
    dispose: () => {
      for (const name of signals) process.off(name, onSignal);
      process.off('disconnect', onDisconnect);
    },
  };
}

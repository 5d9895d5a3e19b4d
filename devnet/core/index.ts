import { createLogger, type Logger } from '@app/platform';
import { SampleCore, type SampleCoreOptions } from './sample-core.js';
import type { OpeningDefaults } from './dev-routes.js';
import { createServer } from './server.js';

export { castOf, type Person, type Role } from './people.js';
export { FAULT_KINDS, type FaultKind } from './faults.js';
export { SampleCore, type SampleCoreOptions } from './sample-core.js';
export { WORLD_TIME_HEADER } from './credit-routes.js';

export interface StartOptions extends SampleCoreOptions {
  /** 0: any free port. Default 4811. */
  readonly port?: number;
  readonly devKey: string;
  readonly webhookSecret: string;
  /** Of an opening whose request does not say; default seed 7, 200 users. */
  readonly defaults?: OpeningDefaults;
  readonly log?: Logger;
}

export interface RunningCore {
  readonly url: string;
  readonly core: SampleCore;
  stop(): Promise<void>;
}

/** Starts the sample exchange core in this process, on loopback; ready when this resolves. */
export async function startSampleCore(options: StartOptions): Promise<RunningCore> {
  const log = options.log ?? createLogger({ app: 'sample-core', level: 'silent' });
  const core = await SampleCore.open(options);
  const { devKey, webhookSecret, defaults = { seed: 7, users: 200 } } = options;
  const server = createServer(core, { devKey, webhookSecret, log, defaults });
  try {
    const url = await server.listen({ host: '127.0.0.1', port: options.port ?? 4811 });
    const stop = async (): Promise<void> => {
      await server.close();
      await core.close();
    };
    return { url, core, stop };
  } catch (error) {
    await core.close();
    throw error;
  }
}

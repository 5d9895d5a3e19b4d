import 'reflect-metadata';
import { readOptions, UsageError } from './options.js';
import { apiBench } from './api/api-bench.js';
import { ingestBench } from './ingest/ingest-bench.js';
import { creditsBench } from './credits/credits-bench.js';
import { concurrentBench } from './concurrent/concurrent-bench.js';
import { killBench } from './kill/kill-bench.js';
import { sizesBench } from './sizes/sizes-bench.js';
import { settleBench } from './settle/settle-bench.js';

const BENCHES = {
  settle: settleBench,
  ingest: ingestBench,
  api: apiBench,
  credits: creditsBench,
  concurrent: concurrentBench,
  kill: killBench,
  sizes: sizesBench,
};

try {
  const options = readOptions(process.argv.slice(2));
  const figures = await BENCHES[options.verb](options);
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(26)} ${JSON.stringify(value)}`);
  if (figures['hashOk'] !== true) {
    process.stderr.write('the hash differs from the oracle: this run has no time\n');
    process.exitCode = 1;
  }
  if (options.json) console.log(JSON.stringify(figures));
} catch (error) {
  if (error instanceof UsageError) process.exitCode = 2;
  process.stderr.write(`${error instanceof UsageError ? error.message : String((error as Error).stack)}\n`);
  process.exitCode ??= 1;
}

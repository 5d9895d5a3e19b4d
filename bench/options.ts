import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- settle|ingest|api|concurrent|kill|sizes [--users N] [--seed S] [--repeat N] [--json]
       npm run bench -- credits [--credits N] [--latency MS] [--kill] [--json]`;

const VERBS = ['settle', 'ingest', 'api', 'credits', 'concurrent', 'kill', 'sizes'] as const;

export type BenchVerb = (typeof VERBS)[number];

export interface BenchOptions {
  readonly verb: BenchVerb;
  readonly users: number;
  readonly seed: number;
  /** Repetitions; by default five, three from 200,000 users on. */
  readonly repeat: number;
  readonly json: boolean;
  /** Of `credits`: how many, how long the core takes to answer, and whether the sender is killed on the way. */
  readonly credits: number;
  readonly latencyMs: number;
  readonly kill: boolean;
}

export class UsageError extends Error {}

/** @throws UsageError with one sentence */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args);
  const verb = VERBS.find((one) => one === positionals[0]);
  if (positionals.length !== 1 || verb === undefined) {
    throw new UsageError(`say what to measure: ${USAGE}`);
  }
  const users = wholeNumber('users', values.users ?? '10000', 1_000, 10_000_000);
  return {
    verb,
    users,
    seed: wholeNumber('seed', values.seed ?? '1', 0, 4_294_967_295),
    repeat: wholeNumber('repeat', values.repeat ?? (users < 200_000 ? '5' : '3'), 1, 100),
    json: values.json ?? false,
    credits: wholeNumber('credits', values.credits ?? '100000', 1_000, 20_000_000),
    latencyMs: wholeNumber('latency', values.latency ?? '50', 0, 4_000),
    kill: values.kill ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        users: { type: 'string' },
        seed: { type: 'string' },
        repeat: { type: 'string' },
        json: { type: 'boolean' },
        credits: { type: 'string' },
        latency: { type: 'string' },
        kill: { type: 'boolean' },
      },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}: ${USAGE}`);
  }
}

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${flag} is a whole number from ${min} to ${max}, not "${text}"`);
}

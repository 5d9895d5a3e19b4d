import { parseArgs } from 'node:util';

export const USAGE = 'npm run bench -- settle|ingest|api [--users N] [--seed S] [--repeat N] [--json]';

export type BenchVerb = 'settle' | 'ingest' | 'api';

export interface BenchOptions {
  readonly verb: BenchVerb;
  readonly users: number;
  readonly seed: number;
  /** Repetitions; by default five, three from 200,000 users on. */
  readonly repeat: number;
  readonly json: boolean;
}

export class UsageError extends Error {}

/** @throws UsageError with one sentence */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args);
  const verb = positionals[0];
  if (positionals.length !== 1 || (verb !== 'settle' && verb !== 'ingest' && verb !== 'api')) {
    throw new UsageError(`say what to measure: ${USAGE}`);
  }
  const users = wholeNumber('users', values.users ?? '10000', 1_000, 10_000_000);
  return {
    verb,
    users,
    seed: wholeNumber('seed', values.seed ?? '1', 0, 4_294_967_295),
    repeat: wholeNumber('repeat', values.repeat ?? (users < 200_000 ? '5' : '3'), 1, 100),
    json: values.json ?? false,
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

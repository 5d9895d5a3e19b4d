import { parseArgs, type ParseArgsConfig } from 'node:util';

/** A sentence for the person at the terminal: printed without a stack, exit code 1 (2 for wrong usage). */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message);
    this.name = 'CommandError';
  }
}

/** Runs a command's body; whatever it throws ends the process with one sentence. DEBUG=1 shows the stack. */
export function runCommand(body: () => Promise<void>): void {
  body().catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    console.error(`\n${message}`);
    if (process.env['DEBUG'] && error instanceof Error) console.error(error.stack);
    process.exit(error instanceof CommandError ? error.exitCode : 1);
  });
}

/** Flags of a command. An unknown or malformed one is refused with the usage line. */
export function flags<Options extends NonNullable<ParseArgsConfig['options']>>(usage: string, options: Options) {
  try {
    return parseArgs({ args: process.argv.slice(2), options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : String(error)}\nusage: ${usage}`, 2);
  }
}

/** A whole number within bounds, or a refusal that names the flag. */
export function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max))
    throw new CommandError(`--${flag} is a whole number from ${min} to ${max}, not "${text}"`, 2);
  return value;
}

/** A UTC day like 2026-11-17, or a refusal that names the flag. */
export function dayFlag(flag: string, text: string | undefined): string {
  const valid =
    text !== undefined &&
    /^\d{4}-\d{2}-\d{2}$/.test(text) &&
    !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) &&
    new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);
  if (!valid)
    throw new CommandError(`--${flag} is a UTC day like 2026-11-17${text === undefined ? '' : `, not "${text}"`}`, 2);
  return text;
}

/** Symbols separated by commas, each one of `known`; all of them when the flag is absent. */
export function tokenList(text: string | undefined, known: readonly string[]): string[] {
  if (text === undefined) return [...known];
  const wanted = text.split(',').map((part) => part.trim().toUpperCase());
  const unknown = wanted.filter((token) => !known.includes(token));
  if (unknown.length > 0 || wanted.length === 0)
    throw new CommandError(`--tokens is some of ${known.join(',')}, not "${text}"`, 2);
  return [...new Set(wanted)];
}

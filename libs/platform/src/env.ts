import { z } from 'zod';
import { CHAIN_DEFAULTS, CHAIN_RULES, CHAIN_SYMBOLS, refuseChains, type ChainEnv } from './env-chains.js';
import { HTTP, integerText, isUrl, type EnvRule } from './env-rule.js';
import { nearestName } from './nearest-name.js';
import { Secret } from './secret.js';

/** Values that exist so that a development run needs no configuration; production refuses every one of them. */
export const DEVELOPMENT_DEFAULTS = {
  CORE_URL: 'http://127.0.0.1:4811',
  CORE_WEBHOOK_SECRET: 'whsec_' + Buffer.from('soft-staking development secret.').toString('base64'),
  CORE_API_KEY: 'dev-core-key',
  BNB_RPC_URLS: 'http://127.0.0.1:8545',
} as const;

export type FaultSpec = { readonly name: string; readonly hit: number };

/** The environment after parsing. A key without a value and without a default is absent (`undefined`). */
export interface Env extends ChainEnv {
  readonly NODE_ENV: 'development' | 'test' | 'production';
  /** Absent means: start the embedded PostgreSQL (development only). */
  readonly DATABASE_URL?: string;
  readonly API_PORT: number;
  readonly CORE_URL: string;
  /** Standard Webhooks secret, `whsec_` + base64 of at least 24 bytes. */
  readonly CORE_WEBHOOK_SECRET: Secret;
  /** Bearer the core uses to call us in development. */
  readonly CORE_API_KEY: Secret;
  readonly CLOCK: 'database' | 'world';
  /** Crash point for tests: the `hit`-th time `name` is passed the process kills itself. */
  readonly FAULT_AT?: FaultSpec;
  readonly LOG_LEVEL: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** Pause between two looks for work, milliseconds. */
  readonly TICK_MS: number;
  /** Ranges of users the settlement works on at once; without it: as many as there are cores. */
  readonly SETTLE_SHARDS?: number;
  /** Days of the Spot log that stay in the database; older ones are archived. */
  readonly RETENTION_LOG_DAYS: number;
  /** Days of rewards that stay in the database. */
  readonly RETENTION_REWARD_DAYS: number;
  /** Folder of the archives. */
  readonly ARCHIVE_DIR: string;
}

export type EnvName = keyof Env;

/** Thrown before anything listens; `problems` holds one line for each thing that is wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG_INVALID';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/** `name:n`; undefined for an absent value or another form (loadEnv reports the latter). */
export function parseFaultSpec(text: string | undefined): FaultSpec | undefined {
  const match = /^([A-Za-z0-9._-]+):([1-9][0-9]{0,5})$/.exec(text ?? '');
  return match ? { name: match[1]!, hit: Number(match[2]) } : undefined;
}

const httpUrl = z.string().refine((text) => isUrl(text, HTTP), 'must be an http(s) URL');

function isWebhookSecret(text: string): boolean {
  const base64 = text.slice('whsec_'.length);
  if (!text.startsWith('whsec_') || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return false;
  return Buffer.from(base64, 'base64').length >= 24;
}

const RULES: Record<EnvName, EnvRule> = {
  NODE_ENV: {
    schema: z.enum(['development', 'test', 'production'], 'must be development, test or production'),
    example: 'development',
  },
  DATABASE_URL: {
    schema: z
      .string()
      .refine((text) => isUrl(text, ['postgres:', 'postgresql:']), 'must be a postgres:// URL with a database name')
      .refine((text) => URL.canParse(text) && new URL(text).pathname.length > 1, 'must name a database after the host'),
    example: 'postgres://staking:password@db.example:5432/soft_staking',
    secret: true,
  },
  API_PORT: { schema: integerText(0, 65535, 'must be a port number from 0 to 65535'), example: '4800' },
  CORE_URL: { schema: httpUrl, example: 'https://core.example' },
  CORE_WEBHOOK_SECRET: {
    schema: z
      .string()
      .refine(isWebhookSecret, 'must be whsec_ followed by base64 of at least 24 bytes')
      .transform((text) => new Secret(text)),
    example: 'whsec_<base64 of 32 random bytes>',
    secret: true,
  },
  CORE_API_KEY: {
    schema: z
      .string()
      .regex(/^[\x21-\x7e]{8,256}$/, 'must be 8 to 256 visible ASCII characters')
      .transform((text) => new Secret(text)),
    example: '<32 or more random characters>',
    secret: true,
  },
  ...CHAIN_RULES,
  CLOCK: { schema: z.enum(['database', 'world'], 'must be database or world'), example: 'database' },
  FAULT_AT: {
    schema: z
      .string()
      .regex(/^[A-Za-z0-9._-]+:[1-9][0-9]{0,5}$/, 'must be name:n, n from 1')
      .transform((text) => parseFaultSpec(text)),
    example: 'credit.sent:2',
  },
  LOG_LEVEL: {
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'must be a pino level'),
    example: 'info',
  },
  TICK_MS: { schema: integerText(10, 3_600_000, 'must be milliseconds from 10 to 3600000'), example: '1000' },
  SETTLE_SHARDS: { schema: integerText(1, 64, 'must be 1 to 64'), example: '2' },
  // Below a week a late correction or a token that is behind would find its days gone.
  RETENTION_LOG_DAYS: { schema: integerText(8, 3_650, 'must be days from 8 to 3650'), example: '35' },
  RETENTION_REWARD_DAYS: { schema: integerText(400, 36_500, 'must be days from 400 to 36500'), example: '400' },
  ARCHIVE_DIR: { schema: z.string().min(1).max(4_096), example: '.local/archive' },
};

export const ENV_NAMES = Object.keys(RULES) as readonly EnvName[];

/** Names that begin so are ours: an unknown one is a typing mistake, not somebody else's variable. */
const OUR_PREFIXES = [
  'API_',
  'ARCHIVE_DIR',
  'RETENTION_',
  'CORE_',
  'CLOCK',
  'FAULT_',
  'TICK_',
  'SETTLE_',
  ...CHAIN_SYMBOLS.map((chain) => `${chain}_`),
];

/** Begin like ours and belong to others (an editor's folder). */
const FOREIGN_NAMES = ['ATOM_HOME'];

type Source = Readonly<Record<string, string | undefined>>;

/**
 * Parses the environment once, before anything listens.
 * @param source usually `process.env`; an empty value counts as absent
 * @param options.needs names this process cannot do without
 * @returns typed values, defaults filled in (none of the development ones in production)
 * @throws ConfigError with one line a problem: the key, what is wrong, an example
 */
export function loadEnv<Needed extends EnvName = never>(
  source: Source,
  options: { readonly needs?: readonly Needed[] } = {},
): Env & Required<Pick<Env, Needed>> {
  const problems: string[] = unknownNames(source);
  const production = source['NODE_ENV'] === 'production';
  const defaults = defaultsFor(production);
  const values: Partial<Record<EnvName, unknown>> = {};
  for (const name of ENV_NAMES) {
    const text = source[name] || defaults[name];
    if (text === undefined) {
      if (options.needs?.some((needed) => needed === name)) {
        problems.push(`${name}: is missing; example: ${name}=${RULES[name].example}`);
      }
      continue;
    }
    const parsed = RULES[name].schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else problems.push(problemLine(name, parsed.error.issues[0]?.message ?? 'is not valid', text));
  }
  if (production) problems.push(...productionRefusals(values as Partial<Env>));
  if (problems.length > 0) throw new ConfigError(problems);
  return values as unknown as Env & Required<Pick<Env, Needed>>;
}

function problemLine(name: EnvName, message: string, text: string): string {
  const rule = RULES[name];
  const got = rule.secret ? '' : `, got ${JSON.stringify(text.slice(0, 80))}`;
  return `${name}: ${message}${got}; example: ${name}=${rule.example}`;
}

function defaultsFor(production: boolean): Partial<Record<EnvName, string>> {
  const always = {
    NODE_ENV: 'development',
    API_PORT: '4800',
    ...CHAIN_DEFAULTS,
    LOG_LEVEL: 'info',
    TICK_MS: '1000',
    RETENTION_LOG_DAYS: '35',
    RETENTION_REWARD_DAYS: '400',
    ARCHIVE_DIR: '.local/archive',
  };
  return production ? { ...always, CLOCK: 'database' } : { ...always, ...DEVELOPMENT_DEFAULTS, CLOCK: 'world' };
}

function unknownNames(source: Source): string[] {
  const problems: string[] = [];
  for (const name of Object.keys(source)) {
    if ((ENV_NAMES as readonly string[]).includes(name) || FOREIGN_NAMES.includes(name)) continue;
    const nearest = nearestName(name, ENV_NAMES)!;
    const ours = OUR_PREFIXES.some((prefix) => name.startsWith(prefix));
    // A near miss of a longer name is refused under any prefix (DATABSE_URL, LOG_LEVLE): silently unset is worse.
    const nearMiss = nearest.distance <= 2 && name.length >= 7;
    if (ours || nearMiss) problems.push(`${name}: is not a known name; did you mean ${nearest.name}?`);
  }
  return problems;
}

/** What production refuses, each with its own line. Roles that never use a value need not set it. */
function productionRefusals(env: Partial<Env>): string[] {
  const lines: string[] = [];
  const refuse = (name: EnvName, why: string) => lines.push(`${name}: ${why}; example: ${name}=${RULES[name].example}`);
  if (env.DATABASE_URL === undefined) refuse('DATABASE_URL', 'is required in production, there is no embedded server');
  refuseChains(env, refuse, (line) => lines.push(line));
  if (env.FAULT_AT) lines.push('FAULT_AT: production refuses crash points; unset it');
  if (env.CLOCK === 'world') refuse('CLOCK', "production refuses the local world's time");
  if (env.CORE_WEBHOOK_SECRET?.reveal() === DEVELOPMENT_DEFAULTS.CORE_WEBHOOK_SECRET) {
    refuse('CORE_WEBHOOK_SECRET', 'production refuses the sample secret');
  }
  if (env.CORE_API_KEY && (env.CORE_API_KEY.reveal().startsWith('dev-') || env.CORE_API_KEY.reveal().length < 32)) {
    refuse('CORE_API_KEY', 'production refuses the development key and keys under 32 characters');
  }
  return lines;
}

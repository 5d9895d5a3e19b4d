import { z } from 'zod';
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
export interface Env {
  readonly NODE_ENV: 'development' | 'test' | 'production';
  /** Absent means: start the embedded PostgreSQL (development only). */
  readonly DATABASE_URL?: string;
  readonly API_PORT: number;
  readonly CORE_URL: string;
  /** Standard Webhooks secret, `whsec_` + base64 of at least 24 bytes. */
  readonly CORE_WEBHOOK_SECRET: Secret;
  /** Bearer the core uses to call us in development. */
  readonly CORE_API_KEY: Secret;
  readonly BNB_RPC_URLS: readonly string[];
  readonly BNB_CHAIN_ID: number;
  readonly BNB_TREASURY_ADDRESS?: string;
  /** Hex private key, development only. */
  readonly BNB_DEV_KEY?: Secret;
  readonly CLOCK: 'database' | 'world';
  /** Crash point for tests: the `hit`-th time `name` is passed the process kills itself. */
  readonly FAULT_AT?: FaultSpec;
  readonly LOG_LEVEL: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** Pause between two looks for work, milliseconds. */
  readonly TICK_MS: number;
  /** Ranges of users the settlement works on at once; without it: as many as there are cores. */
  readonly SETTLE_SHARDS?: number;
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

const integerText = (min: number, max: number, what: string) =>
  z
    .string()
    .regex(/^(0|[1-9][0-9]{0,8})$/, what)
    .transform(Number)
    .refine((value) => value >= min && value <= max, what);

function isUrl(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}

const HTTP = ['http:', 'https:'];
const httpUrl = z.string().refine((text) => isUrl(text, HTTP), 'must be an http(s) URL');

function isWebhookSecret(text: string): boolean {
  const base64 = text.slice('whsec_'.length);
  if (!text.startsWith('whsec_') || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return false;
  return Buffer.from(base64, 'base64').length >= 24;
}

type Rule = { readonly schema: z.ZodType; readonly example: string; readonly secret?: true };

const RULES: Record<EnvName, Rule> = {
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
  BNB_RPC_URLS: {
    schema: z
      .string()
      .transform((text) => text.split(',').map((part) => part.trim()))
      .refine((urls) => urls.every((url) => isUrl(url, HTTP)), 'must be http(s) URLs separated by commas'),
    example: 'https://rpc-one.example,https://rpc-two.example',
    // Providers put access keys into the path of the URL.
    secret: true,
  },
  BNB_CHAIN_ID: { schema: integerText(1, 999_999_999, 'must be a chain id, a whole number above 0'), example: '56' },
  BNB_TREASURY_ADDRESS: {
    schema: z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'must be 0x and 40 hex digits'),
    example: '0x00000000000000000000000000000000000000aa',
  },
  BNB_DEV_KEY: {
    schema: z
      .string()
      .regex(/^0x[0-9a-fA-F]{64}$/, 'must be 0x and 64 hex digits')
      .transform((text) => new Secret(text)),
    example: '0x<64 hex digits>',
    secret: true,
  },
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
};

export const ENV_NAMES = Object.keys(RULES) as readonly EnvName[];

/** Names that begin so are ours: an unknown one is a typing mistake, not somebody else's variable. */
const OUR_PREFIXES = ['API_', 'BNB_', 'CORE_', 'CLOCK', 'FAULT_', 'TICK_', 'SETTLE_'];

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
  const always = { NODE_ENV: 'development', API_PORT: '4800', BNB_CHAIN_ID: '56', LOG_LEVEL: 'info', TICK_MS: '1000' };
  return production ? { ...always, CLOCK: 'database' } : { ...always, ...DEVELOPMENT_DEFAULTS, CLOCK: 'world' };
}

function unknownNames(source: Source): string[] {
  const problems: string[] = [];
  for (const name of Object.keys(source)) {
    if ((ENV_NAMES as readonly string[]).includes(name)) continue;
    const nearest = nearestName(name, ENV_NAMES)!;
    const ours = OUR_PREFIXES.some((prefix) => name.startsWith(prefix));
    // A near miss of a longer name is refused under any prefix (DATABSE_URL, LOG_LEVLE): silently unset is worse.
    const nearMiss = nearest.distance <= 2 && name.length >= 7;
    if (ours || nearMiss) problems.push(`${name}: is not a known name; did you mean ${nearest.name}?`);
  }
  return problems;
}

const LOOPBACK = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1\]|\[::\]|\[::ffff:7f.*\])$/i;

/** What production refuses, each with its own line. Roles that never use a value need not set it. */
function productionRefusals(env: Partial<Env>): string[] {
  const lines: string[] = [];
  const refuse = (name: EnvName, why: string) => lines.push(`${name}: ${why}; example: ${name}=${RULES[name].example}`);
  if (env.DATABASE_URL === undefined) refuse('DATABASE_URL', 'is required in production, there is no embedded server');
  if (env.BNB_DEV_KEY) lines.push('BNB_DEV_KEY: production refuses a private key in the environment; unset it');
  if (env.FAULT_AT) lines.push('FAULT_AT: production refuses crash points; unset it');
  if (env.CLOCK === 'world') refuse('CLOCK', "production refuses the local world's time");
  if (env.BNB_CHAIN_ID !== undefined && env.BNB_CHAIN_ID !== 56) {
    refuse('BNB_CHAIN_ID', `production runs on chain 56, got ${env.BNB_CHAIN_ID}`);
  }
  if (env.CORE_WEBHOOK_SECRET?.reveal() === DEVELOPMENT_DEFAULTS.CORE_WEBHOOK_SECRET) {
    refuse('CORE_WEBHOOK_SECRET', 'production refuses the sample secret');
  }
  if (env.CORE_API_KEY && (env.CORE_API_KEY.reveal().startsWith('dev-') || env.CORE_API_KEY.reveal().length < 32)) {
    refuse('CORE_API_KEY', 'production refuses the development key and keys under 32 characters');
  }
  if (env.BNB_RPC_URLS) {
    const hosts = env.BNB_RPC_URLS.map((url) => new URL(url).hostname.replace(/\.$/, '').toLowerCase());
    if (hosts.length < 2) refuse('BNB_RPC_URLS', 'production needs two sources, one cannot contradict itself');
    else if (new Set(hosts).size < hosts.length) refuse('BNB_RPC_URLS', 'production needs sources on different hosts');
    if (hosts.some((host) => LOOPBACK.test(host))) refuse('BNB_RPC_URLS', 'production refuses a loopback address');
  }
  return lines;
}

import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

const REDACTED = '[redacted]';

/** Compared with a key's lower-case letters only: apiKey, api_key and API-KEY are one. */
const SECRET_KEYS =
  /^(authorization|proxyauthorization|cookie|setcookie|password|passwd|passphrase|.*secret|mnemonic|seedphrase|(.*)(apikey|privatekey|devkey|accesstoken|refreshtoken)|bearer|pwfile)$/;
const MAYBE_SECRET_KEY = /"[^"]*(authorization|cookie|passw|passphrase|secret|mnemonic|seed|key|token|bearer)[^"]*":/i;
/** 64 hex digits under these keys are hashes, which are public and needed whole to find a transaction. */
const HASH_KEYS = /(hash|root|digest|txid|topic|topics|blockid)$/i;
const HEX_64 = /(?<![0-9a-fA-F])(0x)?([0-9a-fA-F]{6})[0-9a-fA-F]{58}(?![0-9a-fA-F])/g;
const KEYED_HEX_64 = /"([A-Za-z0-9_]+)":"((?:0x)?[0-9a-fA-F]{64})"/g;

function redactKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redactKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      SECRET_KEYS.test(key.replace(/[^A-Za-z]/g, '').toLowerCase()) ? REDACTED : redactKeys(inner),
    ]),
  );
}

/**
 * Takes secrets out of text: bearer and basic credentials, webhook secrets, passwords in URLs, and anything that
 * could be a private key (64 hex digits; six stay to recognise a hash by).
 */
export function redactText(text: string): string {
  return text
    .replace(/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${REDACTED}`)
    .replace(/whsec_[A-Za-z0-9+/=]+/g, `whsec_${REDACTED}`)
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*):[^\s/"]*@/gi, `$1:${REDACTED}@`)
    .replace(HEX_64, (_whole, prefix: string | undefined, first: string) => `${prefix ?? ''}${first}…[64 hex]`);
}

/** One finished log line. JSON is parsed only when a key in it looks like a secret's. */
export function redactLine(line: string): string {
  let text = line;
  if (MAYBE_SECRET_KEY.test(text)) {
    try {
      text = JSON.stringify(redactKeys(JSON.parse(text))) + (line.endsWith('\n') ? '\n' : '');
    } catch {
      // Not JSON: the patterns below still apply.
    }
  }
  const hashes: string[] = [];
  const kept = text.replace(KEYED_HEX_64, (whole: string, key: string) =>
    HASH_KEYS.test(key) ? `"\u0001${hashes.push(whole) - 1}"` : whole,
  );
  // The marker cannot occur in JSON text, which escapes control characters.
  return redactText(kept).replace(/"\u0001(\d+)"/g, (_whole, index: string) => hashes[Number(index)]!);
}

/**
 * JSON lines on standard output, UTC times, secrets taken out of every line whatever the caller passed in.
 * @param options.app becomes the field `app` of every line
 */
export function createLogger(
  options: { readonly app: string; readonly level?: string },
  destination?: DestinationStream,
): Logger {
  const settings = {
    level: options.level ?? 'info',
    base: { app: options.app, pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: { streamWrite: redactLine },
  };
  return destination ? pino(settings, destination) : pino(settings, pino.destination({ fd: 1, sync: true }));
}

import type { ChainName } from '../chain-adapter.js';
import { ChainError, type ChainErrorCode } from '../chain-error.js';
import { scrub } from './scrub.js';

/** The error object of a JSON-RPC answer. */
export interface RpcErrorBody {
  readonly code: string;
  readonly message: string;
  /** Revert data, when the node gives it. */
  readonly data: string | null;
}

/** The node answered, with an error of its own. The transport worked. */
export class RpcAnswerError extends ChainError {
  constructor(
    code: ChainErrorCode,
    chain: ChainName,
    label: string,
    readonly body: RpcErrorBody,
  ) {
    super(code, chain, `${label}: ${scrub(body.message)} (${scrub(body.code)})`);
    this.name = 'RpcAnswerError';
  }
}

/** The call was executed and reverted: every honest endpoint says the same, so nobody else is asked. */
export class RevertError extends RpcAnswerError {}

/** The log query was too wide for this endpoint: ask for fewer blocks. */
export class LogRangeError extends RpcAnswerError {}

/** Providers' own words, gathered from geth, erigon, anvil and the large providers; the first match decides. */
const MEANINGS: readonly (readonly [RegExp, ChainErrorCode])[] = [
  [/rate.?limit|too many requests|request limit|capacity|throttl|compute units/i, 'RATE_LIMITED'],
  [
    /missing trie node|prun(ed|ing)|state (is )?(not available|unavailable|missing)|historical state|state already discarded|archive/i,
    'STATE_PRUNED',
  ],
  [
    /header not found|(unknown|missing) (block|header)|block (with .* )?not found|could not find block|not.*canonical|UnknownBlock/i,
    'BLOCK_UNKNOWN',
  ],
  [/timeout|timed out|deadline/i, 'TIMEOUT'],
  [/method .*(not found|does not exist|not (supported|available))|unsupported method/i, 'REFUSED'],
];

const TOO_WIDE =
  /(exceed|limit|too (large|wide|big)|max).*\brange|\brange.*(exceed|limit|too (large|wide|big)|max)|more than [\d,]+ (results|logs)|(response|result).*(too (large|big)|size|exceed)|too many (results|logs)|query (returned|timeout)/i;

export function faultOf(chain: ChainName, label: string, method: string, body: RpcErrorBody): RpcAnswerError {
  if (body.code === '3' || /execution reverted|\brevert(ed)?\b/i.test(body.message)) {
    return new RevertError('REFUSED', chain, label, body);
  }
  if (method === 'eth_getLogs' && TOO_WIDE.test(body.message)) return new LogRangeError('REFUSED', chain, label, body);
  for (const [pattern, code] of MEANINGS) {
    if (pattern.test(body.message)) return new RpcAnswerError(code, chain, label, body);
  }
  if (body.code === '-32005' || body.code === '429') return new RpcAnswerError('RATE_LIMITED', chain, label, body);
  if (body.code === '-32601') return new RpcAnswerError('REFUSED', chain, label, body);
  return new RpcAnswerError('BAD_ANSWER', chain, label, body);
}

/** What an HTTP status means when the body is no JSON-RPC answer; null: look into the body. */
export function httpFault(chain: ChainName, label: string, status: number): ChainError | null {
  if (status >= 200 && status < 300) return null;
  if (status === 429) return new ChainError('RATE_LIMITED', chain, `${label}: HTTP 429`);
  if (status === 408 || status === 504) return new ChainError('TIMEOUT', chain, `${label}: HTTP ${status}`);
  if (status >= 500) return new ChainError('UNREACHABLE', chain, `${label}: HTTP ${status}`);
  if (status === 401 || status === 402 || status === 403) {
    return new ChainError('REFUSED', chain, `${label}: HTTP ${status}, the endpoint does not let us in`);
  }
  return new ChainError('BAD_ANSWER', chain, `${label}: HTTP ${status}`);
}

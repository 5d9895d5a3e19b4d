import { HttpException } from '@nestjs/common';
import { codeForStatus, PROBLEM_CODES, type CommonProblemCode } from './problem-codes.js';
import { Problem, type ProblemItem } from './problem.js';

/** What Standard Schema and zod say about one field. */
export interface SchemaIssue {
  readonly message: string;
  readonly code?: string | undefined;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly keys?: readonly string[] | undefined;
}

const MAX_ITEMS = 100;

/**
 * Turns schema issues into one problem: status 400, an item for each field. A refinement may name its own stable code
 * with zod's `params: { code: 'AMOUNT_FORMAT' }`; when there is exactly one issue, its code becomes the problem's.
 * @param prefix put before each pointer, for example `?` for query parameters
 */
export function problemFromIssues(issues: readonly SchemaIssue[], prefix = ''): Problem {
  const items = issues.slice(0, MAX_ITEMS).flatMap((issue) => itemsOf(issue, prefix));
  const codes = new Set(items.map((item) => item.code));
  const only = codes.size === 1 ? items[0]!.code : 'INVALID';
  const more = issues.length > MAX_ITEMS ? ` (the first ${MAX_ITEMS} of ${issues.length})` : '';
  const first = items[0];
  const detail = first
    ? `${items.length === 1 ? '1 field is' : `${items.length} fields are`} not valid${more}: ${first.pointer || 'the body'}: ${first.message}`
    : PROBLEM_CODES.INVALID;
  return new Problem({ status: 400, code: only, title: 'Invalid request', detail, errors: items });
}

function itemsOf(issue: SchemaIssue, prefix: string): ProblemItem[] {
  const path = (issue.path ?? []).map((part) => (typeof part === 'object' && part !== null ? part.key : part));
  const pointer = (parts: readonly PropertyKey[]) =>
    prefix
      ? prefix + parts.map(String).join('.')
      : parts.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  if (issue.code === 'unrecognized_keys' && issue.keys) {
    return issue.keys.slice(0, MAX_ITEMS).map((key) => ({
      pointer: pointer([...path, key]),
      code: 'UNKNOWN_FIELD',
      message: 'is not a known field',
    }));
  }
  const own = issue.params?.['code'];
  return [{ pointer: pointer(path), code: typeof own === 'string' ? own : 'INVALID', message: issue.message }];
}

/** Passed to Nest's `StandardSchemaValidationPipe({ exceptionFactory: problemFromSchema })`. */
export const problemFromSchema = (issues: readonly unknown[]): Problem =>
  problemFromIssues(issues as readonly SchemaIssue[]);

const FASTIFY: Readonly<Record<string, readonly [status: number, code: CommonProblemCode]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'BODY_TOO_LARGE'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'CONTENT_TYPE'],
  FST_ERR_CTP_INVALID_JSON_BODY: [400, 'JSON_SYNTAX'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'BODY_MISSING'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'BODY_INVALID'],
  FST_ERR_BAD_URL: [400, 'URL_INVALID'],
  FST_ERR_MAX_PARAM_LENGTH: [414, 'URL_INVALID'],
  FST_ERR_NOT_FOUND: [404, 'NOT_FOUND'],
  ECONNRESET: [400, 'BODY_INVALID'],
  ERR_STREAM_PREMATURE_CLOSE: [400, 'BODY_INVALID'],
  Z_BUF_ERROR: [400, 'BODY_INVALID'],
  Z_DATA_ERROR: [400, 'BODY_INVALID'],
};

interface Coded {
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly message?: unknown;
  readonly issues?: unknown;
  readonly name?: unknown;
}

/**
 * The problem an error stands for. Everything unknown becomes 500 INTERNAL with a fixed text: the message of an
 * unknown error can hold SQL, paths or secrets, so it goes to the log and nowhere else.
 */
export function problemFromError(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const coded: Coded = typeof error === 'object' && error !== null ? error : {};
  if (Array.isArray(coded.issues)) {
    return problemFromIssues(coded.issues as SchemaIssue[]);
  }
  if (isServerAway(coded)) {
    const { UNAVAILABLE: detail } = PROBLEM_CODES;
    return new Problem({ status: 503, code: 'UNAVAILABLE', detail, headers: { 'retry-after': '1' }, cause: error });
  }
  // Nest wraps Fastify's own errors and keeps the original as the cause; the original tells more.
  const cause = error instanceof HttpException ? (error.cause as Coded | undefined) : undefined;
  const known = fastifyProblem(coded, error) ?? (cause ? fastifyProblem(cause, error) : undefined);
  if (known) return known;
  if (error instanceof HttpException) return problemFromHttpException(error);
  if (coded.name === 'SyntaxError' && coded.statusCode === 400) return simple(400, 'JSON_SYNTAX', error);
  if (typeof coded.statusCode === 'number' && coded.statusCode >= 400 && coded.statusCode < 500) {
    return simple(coded.statusCode, codeForStatus(coded.statusCode), error);
  }
  return simple(500, 'INTERNAL', error);
}

/** What PostgreSQL and its driver say while the server stops, starts, is gone or takes no more connections. */
const SERVER_AWAY = new Set(['ECONNREFUSED', '57P01', '57P02', '57P03', '08000', '08003', '08006', '53300']);

function isServerAway({ code, name, message }: Coded): boolean {
  if (typeof code === 'string' && SERVER_AWAY.has(code)) return true;
  // A reset that the ORM reports is the database's; one that Fastify reports is the caller's.
  const ofDatabase = name === 'QueryFailedError' && code === 'ECONNRESET';
  return ofDatabase || (typeof message === 'string' && /^Connection terminated/.test(message));
}

function fastifyProblem(coded: Coded, error: unknown): Problem | undefined {
  const known = typeof coded.code === 'string' ? FASTIFY[coded.code] : undefined;
  return known && simple(known[0], known[1], error);
}

function simple(status: number, code: CommonProblemCode, cause: unknown): Problem {
  return new Problem({ status, code, detail: PROBLEM_CODES[code], cause });
}

function problemFromHttpException(error: HttpException): Problem {
  const status = error.getStatus();
  const code = codeForStatus(status);
  if (status >= 500) return simple(status, code, error);
  // Texts of 4xx exceptions were written for callers; Nest's own for broken JSON and unknown routes echo the input.
  const echoes = status === 404 || /JSON|Unexpected token/i.test(error.message);
  if (status === 400 && echoes) return simple(400, 'JSON_SYNTAX', error);
  const response = error.getResponse();
  const messages: unknown = typeof response === 'object' ? (response as { message?: unknown }).message : undefined;
  const errors = Array.isArray(messages)
    ? messages.slice(0, MAX_ITEMS).map((message) => ({ pointer: '', code: 'INVALID', message: String(message) }))
    : [];
  const detail = echoes || errors.length > 0 ? PROBLEM_CODES[errors.length > 0 ? 'INVALID' : code] : error.message;
  return new Problem({ status, code: errors.length > 0 ? 'INVALID' : code, detail, errors, cause: error });
}

/**
 * Codes of problem+json answers that belong to no single subject. A code is a promise to callers: it is never renamed
 * and never changes its meaning. Subjects (participation, spot events, ...) add their own beside their routes.
 */
export const PROBLEM_CODES = {
  JSON_SYNTAX: 'The body is not valid JSON.',
  BODY_MISSING: 'A body is needed and there was none.',
  BODY_INVALID: 'The body could not be read: wrong length, broken encoding or not what its headers say.',
  BODY_TOO_LARGE: 'The body is larger than this route takes.',
  CONTENT_TYPE: 'The content type is not one this route takes.',
  INVALID: 'One or more fields are not valid; `errors` names each with a JSON pointer.',
  UNKNOWN_FIELD: 'The body has a field this route does not know.',
  URL_INVALID: 'The URL cannot be decoded.',
  REQUEST_INVALID: 'The request is not valid HTTP, or its headers are too large.',
  REQUEST_TIMEOUT: 'The request took too long to arrive.',
  UNAUTHENTICATED: 'No valid credential was given.',
  FORBIDDEN: 'The credential does not allow this.',
  NOT_FOUND: 'There is nothing here.',
  METHOD_NOT_ALLOWED: 'The path exists, with other methods; the `Allow` header lists them.',
  CONFLICT: 'The request contradicts what is stored.',
  TOO_MANY_REQUESTS: 'Too many requests; wait as `Retry-After` says.',
  BAD_REQUEST: 'The request cannot be understood.',
  UNPROCESSABLE: 'The request is well formed and cannot be carried out.',
  UNAVAILABLE: 'The service cannot answer now; the request may be repeated.',
  INTERNAL: 'Something went wrong on our side; nothing about it is shown, the log has it under the same request id.',
} as const;

export type CommonProblemCode = keyof typeof PROBLEM_CODES;

const BY_STATUS: Readonly<Record<number, CommonProblemCode>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  408: 'REQUEST_TIMEOUT',
  409: 'CONFLICT',
  413: 'BODY_TOO_LARGE',
  415: 'CONTENT_TYPE',
  422: 'UNPROCESSABLE',
  429: 'TOO_MANY_REQUESTS',
  431: 'REQUEST_INVALID',
  503: 'UNAVAILABLE',
};

/** The code for an error that brought only an HTTP status. */
export function codeForStatus(status: number): CommonProblemCode {
  return BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'BAD_REQUEST' : 'INTERNAL');
}

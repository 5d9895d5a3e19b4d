import { Problem } from '@app/platform';

/** Answers that several subjects give. */
export function tokenUnknown(name: string, known: readonly string[], status: 404 | 422, pointer = '/token'): Problem {
  const list = known.join(', ');
  return new Problem({
    status,
    code: 'TOKEN_UNKNOWN',
    detail: `no such token; listed: ${list}`,
    errors: [{ pointer, code: 'TOKEN_UNKNOWN', message: `${JSON.stringify(name.slice(0, 20))} is not one of ${list}` }],
  });
}

export function userUnknown(): Problem {
  return new Problem({
    status: 404,
    code: 'USER_UNKNOWN',
    detail: 'no such user; tell us of users by PUT /v1/users/{user}',
  });
}

export function refused(status: number, code: string, detail: string, pointer?: string): Problem {
  return new Problem({
    status,
    code,
    detail,
    ...(pointer === undefined ? {} : { errors: [{ pointer, code, message: detail }] }),
  });
}

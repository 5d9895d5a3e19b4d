import { StandardSchemaValidationPipe } from '@nestjs/common';
import { problemFromIssues, type Problem, type SchemaIssue } from '@app/platform';

const CODED = /^([A-Z][A-Z0-9_]{2,40}): (.*)$/s;

/** Takes the code out of messages like `DATE_FORMAT: a day is written YYYY-MM-DD`. */
export function problemFromCodedIssues(issues: readonly unknown[]): Problem {
  return problemFromIssues(
    (issues as readonly SchemaIssue[]).map((issue) => {
      const coded = CODED.exec(issue.message);
      return coded ? { ...issue, message: coded[2]!, params: { code: coded[1]! } } : issue;
    }),
  );
}

/** Nest's own pipe over zod schemas: `@Body({ schema })`, `@Query({ schema })`, `@Param('user', { schema })`. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({ exceptionFactory: problemFromCodedIssues });
}

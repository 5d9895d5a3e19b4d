/** We are wrong, not the outside: hold, alarm, pay nobody. Never caught to carry on. */
export class InvariantViolation extends Error {
  readonly code = 'INVARIANT_VIOLATION';

  constructor(
    message: string,
    /** The numbers that disagree, as text, for the log and the alarm. */
    readonly facts: Readonly<Record<string, string>> = {},
  ) {
    super(withFacts(message, facts));
    this.name = 'InvariantViolation';
  }
}

export type InvariantFacts = Readonly<Record<string, bigint | number | string | boolean | null>>;

/** Throws `InvariantViolation` unless `condition` holds. */
export function invariant(condition: boolean, message: string, facts: InvariantFacts = {}): asserts condition {
  if (condition) return;
  const text: Record<string, string> = {};
  for (const [name, value] of Object.entries(facts)) text[name] = String(value);
  throw new InvariantViolation(message, text);
}

function withFacts(message: string, facts: Readonly<Record<string, string>>): string {
  const listed = Object.entries(facts).map(([name, value]) => `${name}=${value}`);
  return listed.length === 0 ? message : `${message} (${listed.join(', ')})`;
}

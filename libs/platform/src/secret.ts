import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/** A string that must not reach a log, an error text or JSON by accident: it has to be asked for by `reveal()`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

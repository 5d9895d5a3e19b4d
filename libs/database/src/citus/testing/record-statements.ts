import { Database, type Sql, type Transaction } from '../../database.js';
import { lintStatement } from '../statement-rules.js';

export interface RecordedStatements {
  /** Text of every statement that a repository has run, and the repository's file. */
  readonly texts: ReadonlyMap<string, string>;
  /** `rule file: detail`, each once, sorted. */
  findings(): string[];
  stop(): void;
}

/** Writes down what repositories run in this process, from now on: not what a test runs for itself. */
export function recordStatements(): RecordedStatements {
  const texts = new Map<string, string>();
  const { rows, often, oftenAsArrays, affected, transaction } = Database.prototype;
  const note = (text: string): void => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 20;
    const file = /repositories\/([a-z0-9-]+(?:\.repository)?\.ts)/.exec(new Error().stack ?? '')?.[1];
    Error.stackTraceLimit = limit;
    if (file) texts.set(text, file);
  };
  const noting = <T extends Sql>(sql: T): T =>
    new Proxy(sql, {
      get(target, name): unknown {
        const value: unknown = Reflect.get(target, name);
        if (
          typeof value !== 'function' ||
          !/^(rows|often|affected|affectedOften|copyIn|copyOut|copyRows)$/.test(String(name))
        )
          return value;
        return (text: string, ...rest: unknown[]): unknown => {
          note(text);
          return (value as (...all: unknown[]) => unknown).call(target, text, ...rest);
        };
      },
    });
  Database.prototype.rows = function <Row>(this: Database, text: string, values?: readonly unknown[]): Promise<Row[]> {
    note(text);
    return rows.call(this, text, values) as Promise<Row[]>;
  };
  Database.prototype.often = function <Row>(this: Database, text: string, values?: readonly unknown[]): Promise<Row[]> {
    note(text);
    return often.call(this, text, values) as Promise<Row[]>;
  };
  Database.prototype.oftenAsArrays = function (this: Database, text: string, values?: readonly unknown[]) {
    note(text);
    return oftenAsArrays.call(this, text, values);
  };
  Database.prototype.affected = function (this: Database, text: string, values?: readonly unknown[]): Promise<number> {
    note(text);
    return affected.call(this, text, values);
  };
  Database.prototype.transaction = function <T>(
    this: Database,
    work: (tx: Transaction) => Promise<T>,
    isolation?: 'READ COMMITTED' | 'REPEATABLE READ',
  ): Promise<T> {
    return transaction.call(this, (tx: Transaction) => work(noting(tx)), isolation) as Promise<T>;
  };
  return {
    texts,
    findings: () =>
      [
        ...new Set(
          [...texts].flatMap(([text, file]) =>
            lintStatement(text).map((finding) => `${finding.rule} ${file}: ${finding.detail}`),
          ),
        ),
      ].sort(),
    stop: () => Object.assign(Database.prototype, { rows, often, oftenAsArrays, affected, transaction }),
  };
}

import type pg from 'pg';

/** A plan of a dozen leaves takes some 100 kB of the server's memory, on every connection that has it. */
const KEPT = 64;

/**
 * Statements that the server parses and plans once a connection. The least recently used ones are given back; a name is
 * never used twice, because the driver remembers every name it has ever sent.
 */
export class PreparedStatements {
  /** Text to name, in order of use. */
  private readonly kept = new WeakMap<pg.PoolClient, Map<string, string>>();
  private made = 0;

  /** @param as objects by column, or as arrays of columns where every microsecond counts */
  async run<Row>(
    client: pg.PoolClient,
    text: string,
    values: readonly unknown[],
    as: 'objects' | 'arrays',
  ): Promise<Row[]> {
    return (await this.result(client, text, values, as)).rows as Row[];
  }

  /** @returns how many rows an INSERT, UPDATE or DELETE touched */
  async affected(client: pg.PoolClient, text: string, values: readonly unknown[]): Promise<number> {
    return (await this.result(client, text, values, 'arrays')).rowCount ?? 0;
  }

  private async result(
    client: pg.PoolClient,
    text: string,
    values: readonly unknown[],
    as: 'objects' | 'arrays',
  ): Promise<pg.QueryResult | pg.QueryArrayResult> {
    const names = this.namesOf(client);
    const name = names.get(text) ?? this.newName();
    names.delete(text);
    names.set(text, name);
    if (names.size > KEPT) await this.giveBack(client, names, names.keys().next().value as string);
    try {
      const given = [...values];
      return as === 'arrays'
        ? await client.query({ name, text, values: given, rowMode: 'array' })
        : await client.query({ name, text, values: given });
    } catch (error) {
      // It may be about a table that is gone: then it can never run again.
      await this.giveBack(client, names, text).catch(() => undefined);
      throw error;
    }
  }

  private namesOf(client: pg.PoolClient): Map<string, string> {
    let names = this.kept.get(client);
    if (!names) this.kept.set(client, (names = new Map()));
    return names;
  }

  private newName(): string {
    this.made += 1;
    return `kept_${this.made}`;
  }

  private async giveBack(client: pg.PoolClient, names: Map<string, string>, text: string): Promise<void> {
    const name = names.get(text);
    names.delete(text);
    if (name !== undefined) await client.query(`DEALLOCATE ${name}`);
  }
}

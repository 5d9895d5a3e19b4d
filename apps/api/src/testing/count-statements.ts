import pg from 'pg';

/** How often this process asks the database while `work` runs, over all connections: what a call costs, whatever the machine. */
export async function countStatements(work: () => Promise<unknown>): Promise<number> {
  const asked = jest.spyOn(pg.Client.prototype, 'query');
  try {
    await work();
    return asked.mock.calls.length;
  } finally {
    asked.mockRestore();
  }
}

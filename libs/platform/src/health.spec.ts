import { HealthChecks } from './health.js';

describe('HealthChecks', () => {
  it('is ok when every probe is', async () => {
    const report = await new HealthChecks().add('db', () => Promise.resolve('2 ms')).report();
    expect(report).toEqual({ status: 'ok', checks: { db: { status: 'ok', detail: '2 ms' } } });
  });

  it('fails with the failing probe, and one that throws or hangs does not hide the others', async () => {
    const checks = new HealthChecks(30)
      .add('ok', () => Promise.resolve())
      .add('down', () => Promise.reject(new Error('no route')))
      .add('throws', () => {
        throw new Error('at once');
      })
      .add('hangs', () => new Promise(() => undefined));
    expect(await checks.report()).toEqual({
      status: 'failing',
      checks: {
        ok: { status: 'ok' },
        down: { status: 'failing', detail: 'no route' },
        throws: { status: 'failing', detail: 'at once' },
        hangs: { status: 'failing', detail: 'no answer in 30 ms' },
      },
    });
  });
});

import {
  recordStatements,
  type RecordedStatements,
} from '../../../libs/database/src/citus/testing/record-statements.js';
import { ApiFixture, line } from './testing/api-fixture.js';

/** What is known not to run on a cluster yet, each with what is to be done (docs/scale.md, "Not ready yet"). */
const KNOWN: readonly string[] = [];

describe('every statement of the API’s calls, as Citus sees it', () => {
  let api: ApiFixture;
  let recorded: RecordedStatements;

  beforeAll(async () => {
    recorded = recordStatements();
    api = await ApiFixture.open('statements on citus');
  });
  afterAll(async () => {
    recorded.stop();
    await api.close();
  });

  it('is of no shape that Citus refuses', async () => {
    const call = async (method: string, url: string, body?: unknown): Promise<void> => {
      const { status, text } = await api.call(method, url, body === undefined ? {} : { body });
      if (status >= 500) throw new Error(`${method} ${url}: ${status} ${text}`);
    };
    const at = '2026-03-10T10:00:00.000Z';
    for (const user of ['u1', 'u2'])
      await call('PUT', `/v1/users/${user}`, { region: 'DE', owner: 'o', status: 'active', at });
    await call('POST', '/v1/prices', { at, prices: { BNB: '600.1' } });
    for (const active of [true, false, true])
      await call('PUT', '/v1/users/u1/participation', {
        active,
        at: `2026-03-10T10:0${active ? 0 : 1}:00.000Z`,
        termsVersion: '2026-01',
      });
    await call('PUT', '/v1/users/u1/tokens/BNB', { enabled: false });
    await call('PUT', '/v1/users/u1/tokens/BNB', { enabled: true });
    await feedOfAllKinds(api);
    await call('PUT', '/v1/users/u2', { region: 'DE', status: 'banned', at: '2026-03-10T11:00:00.000Z' });
    await call('PUT', '/v1/users/u2', { region: 'US', status: 'active', at: '2026-03-10T11:30:00.000Z' });
    for (const url of [
      '/v1/users/u1/participation',
      '/v1/users/u1/rewards',
      '/v1/users/u1/rewards?token=BNB&from=2026-03-01&to=2026-03-09',
      '/v1/users/u1/rewards/BNB/2026-03-09/explain',
      '/v1/users/u1/pending',
      '/v1/tokens',
      '/v1/tokens/BNB/apr?from=2026-03-01&to=2026-03-09',
      '/v1/days/2026-03-09',
      '/v1/credits?day=2026-03-09&token=BNB&state=credited',
    ])
      await call('GET', url);
    // Fewer would mean that nothing was recorded, or that the calls were refused.
    expect(recorded.texts.size).toBeGreaterThan(50);
    expect(new Set(recorded.texts.values()).size).toBeGreaterThan(8);
    expect(recorded.findings()).toEqual(KNOWN);
  });
});

/** Snapshots, changes, a replay, a mismatch, a stranger, a hole, ends of days, and a line about a closed day. */
async function feedOfAllKinds(api: ApiFixture): Promise<void> {
  const first = [
    line(1, 'u1', '2026-03-09T00:00:00.000Z', null, '10'),
    line(2, 'u2', '2026-03-09T00:00:00.000Z', null, '10'),
    line(3, 'u1', '2026-03-09T10:00:00.000Z', '1', '11'),
    line(4, 'u2', '2026-03-09T10:00:00.000Z', '5', '11'),
    line(5, 'stranger', '2026-03-09T11:00:00.000Z', '1', '1'),
  ];
  await api.feed(first);
  await api.feed(first);
  await api.feed([line(9, 'u1', '2026-03-09T12:00:00.000Z', '1', '12')]);
  await api.feed([{ shard: 0, seq: 6, endOfDay: '2026-03-09' }]);
  const late = line(7, 'u1', '2026-03-09T13:00:00.000Z', '1', '12');
  await api.feed([late, line(8, 'u1', '2026-03-10T01:00:00.000Z', '1', '13')]);
  await api.feed([late]);
}

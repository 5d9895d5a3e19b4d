import { KeptReading, MAX_AGE_MS } from './kept-reading.js';

describe('R43: what is read once for all who ask within a short time', () => {
  let now = 0;
  beforeEach(() => {
    now = 1_000;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(() => jest.restoreAllMocks());

  /** Readings that end when the test says so. */
  function readings() {
    const begun: { end: (value: string) => void; fail: (error: Error) => void }[] = [];
    const read = () => new Promise<string>((end, fail) => begun.push({ end, fail }));
    return { begun, read };
  }

  it('R43: is never older than a quarter of a second, counted from before it was read', async () => {
    expect(MAX_AGE_MS).toBeLessThanOrEqual(1_000 / 4);
    const { begun, read } = readings();
    const kept = new KeptReading(read);
    const first = kept.get();
    now += 200;
    begun[0]!.end('old');
    expect(await first).toBe('old');
    now += MAX_AGE_MS - 201;
    expect(await kept.get()).toBe('old');
    now += 1;
    const second = kept.get();
    expect(begun).toHaveLength(2);
    begun[1]!.end('new');
    expect(await second).toBe('new');
  });

  it('those who ask while it is read wait for the same reading, unless that began too long ago', async () => {
    const { begun, read } = readings();
    const kept = new KeptReading(read);
    const asked = [kept.get(), kept.get(), kept.get()];
    expect(begun).toHaveLength(1);
    now += MAX_AGE_MS;
    const late = kept.get();
    expect(begun).toHaveLength(2);
    begun[1]!.end('second');
    begun[0]!.end('first');
    expect(await Promise.all([...asked, late])).toEqual(['first', 'first', 'first', 'second']);
    expect(await kept.get()).toBe('second');
  });

  it('R19: a reading that failed is remembered by nobody, and nothing older takes its place', async () => {
    const { begun, read } = readings();
    const kept = new KeptReading(read);
    const good = kept.get();
    begun[0]!.end('good');
    await good;
    now += MAX_AGE_MS;
    const both = [kept.get(), kept.get()];
    begun[1]!.fail(new Error('no connection'));
    expect((await Promise.allSettled(both)).map((one) => one.status)).toEqual(['rejected', 'rejected']);
    const again = kept.get();
    expect(begun).toHaveLength(3);
    begun[2]!.end('back');
    expect(await again).toBe('back');
  });

  it('a reading that fails late does not take a newer one away', async () => {
    const { begun, read } = readings();
    const kept = new KeptReading(read);
    const failing = kept.get();
    const newer = kept.fresh();
    begun[1]!.end('newer');
    await newer;
    begun[0]!.fail(new Error('late'));
    await expect(failing).rejects.toThrow('late');
    expect(await kept.get()).toBe('newer');
    expect(begun).toHaveLength(2);
  });
});

import { Lanes } from './lanes.js';

describe('lanes', () => {
  const gate = () => {
    let open = (): void => undefined;
    const passed = new Promise<void>((resolve) => (open = resolve));
    return { open, passed };
  };

  it('R21: at most so many at once; the heaviest goes first, equals in the order they came', async () => {
    const lanes = new Lanes(2);
    const order: string[] = [];
    const gates = new Map(['a', 'b'].map((name) => [name, gate()]));
    let busy = 0;
    let most = 0;
    const work = (name: string) => async () => {
      most = Math.max(most, ++busy);
      order.push(name);
      await gates.get(name)?.passed;
      busy -= 1;
    };
    const all = [
      lanes.run(1, work('a')),
      lanes.run(1, work('b')),
      lanes.run(5, work('small')),
      lanes.run(9, work('large')),
      lanes.run(5, work('small too')),
    ];
    expect(order).toEqual(['a', 'b']);
    expect(lanes.queued).toBe(5 + 9 + 5);
    gates.get('b')!.open();
    await Promise.all(all.slice(1));
    expect(order).toEqual(['a', 'b', 'large', 'small', 'small too']);
    gates.get('a')!.open();
    await Promise.all(all);
    expect(most).toBe(2);
    expect(lanes.queued).toBe(0);
  });

  it('work that fails gives its lane back', async () => {
    const lanes = new Lanes(1);
    await expect(lanes.run(1, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(lanes.run(1, () => Promise.resolve('yes'))).resolves.toBe('yes');
  });
});

import fc from 'fast-check';
import { RewardPrint } from './reward-print.js';

function printOf(lines: readonly (readonly string[])[]): RewardPrint {
  const print = new RewardPrint();
  for (const fields of lines) {
    fields.forEach((field, index) => {
      const bytes = new TextEncoder().encode(field);
      if (index > 0) print.tab();
      print.feed(bytes, 0, bytes.length);
    });
    print.endLine();
  }
  return print;
}

const field = fc.string({ maxLength: 6, unit: fc.constantFrom('u', '0', '1', '7', 'ä') });
const line = fc.array(field, { minLength: 3, maxLength: 3 });

describe('RewardPrint', () => {
  it('R22: the same lines have the same print, in any order, and in one piece as in fields', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), fc.infiniteStream(fc.nat()), (lines, random) => {
        const shuffled = lines.map((one) => ({ one, at: random.next().value })).sort((a, b) => a.at - b.at);
        expect(printOf(lines).equals(printOf(shuffled.map(({ one }) => one)))).toBe(true);
        expect(printOf(lines).equals(printOf(lines.map((fields) => [fields.join('\t')])))).toBe(true);
      }),
    );
  });

  it('R22: one digit, one line more or one line twice is another print', () => {
    const lines = Array.from({ length: 3_000 }, (_, user) => [`u${user}`, `${user * 7_919}`, `${user}`]);
    const all = printOf(lines);
    expect(all.equals(printOf(lines.slice(1)))).toBe(false);
    expect(all.equals(printOf([...lines, lines[5]!]))).toBe(false);
    for (let user = 0; user < lines.length; user += 97) {
      const changed = lines.map((fields, at) => (at === user ? [fields[0]!, `${fields[1]}1`, fields[2]!] : fields));
      expect(all.equals(printOf(changed))).toBe(false);
      const swapped = lines.map((fields, at) => (at === user ? [fields[0]!, fields[2]!, fields[1]!] : fields));
      expect(all.equals(printOf(swapped))).toBe(user === 0);
    }
  });

  it('R22: no two of 200,000 lines alike', () => {
    const alone = new Set<string>();
    for (let user = 0; user < 200_000; user += 1) {
      const print = printOf([[`u${user}`, '500', '500']]);
      print.equals(print);
      alone.add(JSON.stringify(print, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)));
    }
    expect(alone.size).toBe(200_000);
  });

  it('R1: sums stay exact past a million lines', () => {
    const many = new RewardPrint();
    const bytes = new TextEncoder().encode('u1');
    for (let count = 0; count < 1_200_000; count += 1) {
      many.feed(bytes, 0, bytes.length);
      many.endLine();
    }
    const one = printOf([['u1']]);
    one.equals(one);
    many.equals(many);
    const sums = (print: RewardPrint) => {
      const { lowSum, highSum } = print as unknown as { lowSum: bigint; highSum: bigint };
      return [lowSum, highSum];
    };
    expect(sums(many)).toEqual(sums(one).map((sum) => sum * 1_200_000n));
  });
});

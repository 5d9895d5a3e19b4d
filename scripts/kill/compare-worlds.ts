import { INPUTS, type WorldBooks } from './world-result.js';

export interface WorldDifference {
  readonly section: string;
  readonly key: string;
  /** undefined: not there. */
  readonly expected: string | undefined;
  readonly got: string | undefined;
}

export interface Comparison {
  /** Atoms that users of the reference have and users of the other world do not, and the other way round. */
  readonly lost: bigint;
  readonly doubled: bigint;
  /** True when chain, trading and feed were the same: only then do the other differences say something. */
  readonly sameInputs: boolean;
  readonly differences: readonly WorldDifference[];
}

/** Everything in which a world differs from its reference. Pure. */
export function compareWorlds(expected: WorldBooks, got: WorldBooks): Comparison {
  const sections = new Set([...expected.result.keys(), ...got.result.keys()]);
  const differences = [...sections].flatMap((section) =>
    differencesOf(section, expected.result.get(section) ?? new Map(), got.result.get(section) ?? new Map()),
  );
  const { lost, doubled } = unitsAstray(expected.received, got.received);
  const sameInputs = !differences.some(({ section }) => INPUTS.includes(section));
  return { lost, doubled, sameInputs, differences };
}

function differencesOf(
  section: string,
  expected: ReadonlyMap<string, string>,
  got: ReadonlyMap<string, string>,
): WorldDifference[] {
  return [...new Set([...expected.keys(), ...got.keys()])]
    .map((key) => ({ section, key, expected: expected.get(key), got: got.get(key) }))
    .filter((line) => line.expected !== line.got);
}

/** By user, token and day: what somebody got too little of does not make up for what somebody got too much of. */
function unitsAstray(
  expected: ReadonlyMap<string, string>,
  got: ReadonlyMap<string, string>,
): { lost: bigint; doubled: bigint } {
  let lost = 0n;
  let doubled = 0n;
  for (const key of new Set([...expected.keys(), ...got.keys()])) {
    const off = BigInt(got.get(key) ?? '0') - BigInt(expected.get(key) ?? '0');
    if (off < 0n) lost -= off;
    else doubled += off;
  }
  return { lost, doubled };
}

/** A token of the benchmark: the real tokens with their real decimals, and one whose amounts need 78 digits. */
export interface BenchToken {
  readonly symbol: string;
  readonly decimals: number;
  readonly payoutDecimals: number;
  /** Atoms. */
  readonly minimum: bigint;
  readonly cap: bigint;
}

function token(symbol: string, decimals: number, minimum: string, cap: bigint, payoutDecimals = 8): BenchToken {
  const [whole = '0', part = ''] = minimum.split('.');
  const one = 10n ** BigInt(decimals);
  const atoms = BigInt(whole) * one + BigInt(part.padEnd(decimals, '0') || '0');
  return { symbol, decimals, payoutDecimals, minimum: atoms, cap: cap * one };
}

/** BNB comes first: everybody holds it. WIDE comes last: one account holds more of it than 256 bits can say. */
export const TOKENS: readonly BenchToken[] = [
  token('BNB', 18, '0.5', 1_000n),
  token('NEAR', 24, '100', 50_000_000n),
  token('SOL', 9, '1', 10_000n),
  token('ADA', 6, '150', 800_000n, 6),
  token('SUI', 9, '100', 200_000n),
  token('TON', 9, '100', 250_000n),
  token('POL', 18, '500', 1_000_000n),
  token('ALGO', 6, '1000', 1_000_000n, 6),
  token('S', 18, '200', 1_000_000n),
  token('AXS', 18, '100', 100_000n),
  token('ATOM', 6, '0.5', 50_000n, 6),
  token('DOT', 10, '0.1', 50_000n),
  token('WIDE', 30, '1', 5n * 10n ** 47n),
];

export const BNB = 0;
export const NEAR = 1;
export const WIDE = TOKENS.length - 1;

/** The catalogue as `TokenSeedRepository` reads it (JSON is YAML). */
export function benchCatalogue(): string {
  const whole = (atoms: bigint, decimals: number): string => {
    const digits = atoms.toString().padStart(decimals + 1, '0');
    const fraction = digits.slice(-decimals).replace(/0+$/, '');
    return digits.slice(0, -decimals) + (fraction === '' ? '' : `.${fraction}`);
  };
  const tokens = TOKENS.map((one) => [
    one.symbol,
    {
      name: one.symbol,
      chain: 'bench',
      decimals: one.decimals,
      payoutDecimals: one.payoutDecimals,
      aliases: [],
      listedFrom: '2025-01-01',
      rules: [
        {
          from: '2025-01-01',
          minimum: whole(one.minimum, one.decimals),
          cap: whole(one.cap, one.decimals),
          releaseDays: 1,
          feeBps: 0,
          countedBalance: 'free',
          maxDailyRatePpb: 550_000,
          trendMultiple: 5,
          rulesVersion: 'bench',
          madeBy: 'generator',
          approvedBy: 'benchmark',
        },
      ],
    },
  ]);
  return JSON.stringify({
    terms: [{ version: '2026-01', validFrom: '2025-01-01T00:00:00.000Z' }],
    regions: [{ region: '*', from: '2025-01-01', allowed: true }],
    tokens: Object.fromEntries(tokens) as Record<string, unknown>,
  });
}

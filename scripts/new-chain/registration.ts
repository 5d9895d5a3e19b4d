import type { ChainToMake } from './chain-to-make.js';

/** What a person still has to write elsewhere, file by file, in the order in which it makes sense. */
export function registration({ name, className, token, decimals }: ChainToMake): string {
  const steps: readonly (readonly [file: string, ...lines: string[]])[] = [
    [
      'libs/chains/src/chain-adapter.ts',
      `add '${name}' to ChainName; then CHAIN in ${name}.options.ts is plain '${name}'`,
    ],
    [
      'libs/chains/src/chain-adapters.ts',
      `| ({ readonly chain: '${name}' } & ${className}Options)`,
      `case '${name}': {`,
      `  const { ${className}Adapter } = await import('./${name}/${name}.adapter.js');`,
      `  return new ${className}Adapter(options);`,
      '}',
      'and the same for the signer in openDevSigner',
    ],
    [
      '.dependency-cruiser.cjs',
      `'${name}' in adapters-do-not-know-each-other, and a line ['${name}', '<its SDK>'] in the list of SDKs`,
    ],
    [
      'libs/platform/src/env-chains.ts',
      `${token}_RPC_URLS, ${token}_CHAIN_ID, ${token}_TREASURY_ADDRESS, ${token}_DEV_KEY; '${token}' in CHAIN_SYMBOLS; docs/environment.md`,
    ],
    ['apps/chain-sync/src/chains/', `${name}.wiring.ts beside bnb.wiring.ts, and a line in configured-chains.ts`],
    [
      'config/tokens.yaml',
      `${token}: { chain: ${name}, decimals: ${decimals}, … } with rules that are in force (R10, R15, R22, R29)`,
    ],
    ['devnet/core/tokens.ts', `a line for ${token}, so that the people of the sample exchange hold some`],
    ['scripts/local-world/chains/', `${name}.local.ts beside bnb.local.ts, and a line in index.ts`],
  ];
  return steps
    .map(([file, ...lines], index) => `${index + 1}. ${file}\n${lines.map((line) => `     ${line}`).join('\n')}`)
    .join('\n');
}

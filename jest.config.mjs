const typescript = {
  swcrc: false,
  sourceMaps: 'inline',
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true, dynamicImport: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
  },
  module: { type: 'commonjs' },
};

const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': ['@swc/jest', typescript],
    '/node_modules/.+\\.m?js$': '<rootDir>/test/esm-to-cjs-transform.cjs',
  },
  transformIgnorePatterns: [],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.local/', '<rootDir>/devnet/chains/.+/node_modules/'],
  moduleNameMapper: {
    '^@app/chains/testing$': '<rootDir>/libs/chains/src/testing/index.ts',
    '^@app/(.*)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
};

/** One project a kind of test, so that `jest --selectProjects unit` needs no database and no chain. */
export default {
  rootDir: import.meta.dirname,
  maxWorkers: 2,
  // For all projects: a project's own value is not looked at. Real servers and chains start in these tests.
  testTimeout: 120_000,
  // The PostgreSQL that the suites share outlives each of them, and no run.
  globalTeardown: '<rootDir>/test/support/stop-test-postgres.cjs',
  testSequencer: '<rootDir>/test/support/slow-first.cjs',
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: [
        '<rootDir>/libs/staking-core/src/**/*.spec.ts',
        '<rootDir>/libs/platform/src/**/*.spec.ts',
        '<rootDir>/scripts/**/*.spec.ts',
        '<rootDir>/test/simulation/*.spec.ts',
      ],
    },
    {
      ...shared,
      displayName: 'database',
      testMatch: [
        '<rootDir>/libs/database/**/*.spec.ts',
        '<rootDir>/apps/**/*.spec.ts',
        '<rootDir>/devnet/core/**/*.spec.ts',
        '<rootDir>/bench/**/*.spec.ts',
        '<rootDir>/test/simulation/database/*.spec.ts',
      ],
    },
    {
      ...shared,
      displayName: 'chain',
      testMatch: [
        '<rootDir>/libs/chains/**/*.spec.ts',
        '<rootDir>/devnet/chains/**/*.spec.ts',
        '<rootDir>/test/localnet/**/*.spec.ts',
      ],
    },
    {
      ...shared,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/e2e/**/*.spec.ts', '<rootDir>/test/golden/**/*.spec.ts'],
    },
    { ...shared, displayName: 'kill', testMatch: ['<rootDir>/test/kill/**/*.spec.ts'] },
  ],
};

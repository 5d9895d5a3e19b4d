// Specs and what only they use may reach for whatever they need.
const TESTS = '(\\.spec\\.ts$|/testing/)';

/** Who may know whom, each rule with its reason. `npm run check` runs it; docs/architecture.md draws from it. */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle has no first file to read.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'core-is-pure',
      comment: 'The rules of the product must be readable and testable without IO, a framework or a clock.',
      severity: 'error',
      from: { path: '^libs/staking-core/', pathNot: TESTS },
      to: { pathNot: ['^libs/staking-core/', 'node_modules/decimal\\.js/'] },
    },
    {
      name: 'chains-know-the-core-only',
      comment: 'An adapter turns chain facts into the types of the core; storing and scheduling are others’ work.',
      severity: 'error',
      from: { path: '^libs/chains/', pathNot: TESTS },
      to: { path: '^(libs/(database|platform)|apps|devnet)/' },
    },
    {
      name: 'adapters-do-not-know-each-other',
      comment: 'What two chains share belongs to rpc/ or wrap/; else the second chain becomes a copy of the first.',
      severity: 'error',
      from: { path: '^libs/chains/src/(bnb|solana|cosmos|polkadot)/' },
      to: { path: '^libs/chains/src/(bnb|solana|cosmos|polkadot)/', pathNot: '^libs/chains/src/$1/' },
    },
    ...[
      ['bnb', 'ethers/'],
      ['solana', '@solana/'],
      ['cosmos', '(@cosmjs/|cosmjs-types/)'],
      ['polkadot', '@polkadot/'],
    ].map(([chain, sdk]) => ({
      name: `sdk-of-${chain}-in-its-folder-only`,
      comment:
        'A chain’s SDK is imported in that chain’s folder only: a poisoned release reaches one adapter, and the api loads none.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: [`^libs/chains/src/${chain}/`, TESTS] },
      to: { path: `node_modules/${sdk}` },
    })),
    {
      name: 'database-knows-the-core-only',
      comment: 'Repositories speak in the types of the core; they know no app, no chain and no HTTP.',
      severity: 'error',
      from: { path: '^libs/database/', pathNot: TESTS },
      to: { path: '^(libs/(chains|platform)|apps|devnet)/' },
    },
    {
      name: 'platform-knows-no-product',
      comment: 'What runs any service stays apart from what this one does.',
      severity: 'error',
      from: { path: '^libs/platform/', pathNot: TESTS },
      to: { path: '^(libs/(staking-core|chains|database)|apps|devnet)/' },
    },
    {
      name: 'sql-drivers-in-database-only',
      comment: 'SQL lives in libs/database and nowhere else, so that it can be read, reviewed and distributed as one.',
      severity: 'error',
      from: { path: '^apps/', pathNot: TESTS },
      to: { path: 'node_modules/(pg|pg-copy-streams|typeorm)/' },
    },
    {
      name: 'libs-by-their-index',
      comment: 'A lib is entered by its index.ts: what is not exported there may change.',
      severity: 'error',
      from: { path: '^(?:apps|devnet|scripts|bench|libs)/([^/]+)', pathNot: TESTS },
      to: { path: '^libs/([^/]+)/src/(?!index\\.ts$|testing/)', pathNot: '^libs/$1/' },
    },
    {
      name: 'apps-do-not-know-each-other',
      comment: 'Processes meet in PostgreSQL.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: TESTS },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'api-loads-no-chain',
      comment: 'The api starts fast and holds no chain SDK; what it shows of chains comes from the database.',
      severity: 'error',
      from: { path: '^apps/(api|settlement)/' },
      to: { path: '^libs/chains/' },
    },
    {
      name: 'product-does-not-know-its-tests',
      comment: 'Nothing that ships imports test, bench, devnet or scripts.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: TESTS },
      to: { path: '^(test|bench|devnet|scripts)/' },
    },
    {
      name: 'no-orphans',
      comment: 'A file nobody imports is dead.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: ['\\.spec\\.ts$', '/testing/', 'main\\.ts$', '^scripts/', '^test/', '\\.cjs$', '\\.mjs$'],
      },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist/|devnet/.+/node_modules/)' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
    reporterOptions: { archi: { collapsePattern: '^(apps|libs)/[^/]+' } },
  },
};

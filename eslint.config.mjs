import tseslint from 'typescript-eslint';

// Money is exact: what turns an integer into a float has no place in the pure core or beside stored amounts.
const noFloats = [
  { selector: "CallExpression[callee.name='Number']", message: 'Money is bigint: Number() rounds above 2^53 (R1).' },
  { selector: "CallExpression[callee.name='parseFloat']", message: 'Money is bigint: no floats (R1).' },
  {
    selector: "CallExpression[callee.name='parseInt']",
    message: 'Money is bigint: use BigInt on a checked string (R1).',
  },
  { selector: "MemberExpression[object.name='Math']", message: 'Math works on floats; the core uses bigint (R1).' },
  { selector: 'Literal[raw=/^[0-9]*\\.[0-9]+$/]', message: 'No float literals in the core (R1).' },
];
const noClock = [
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: 'The core takes time as data (R2).',
  },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'The core takes time as data (R2).' },
  {
    selector: ':matches(FunctionDeclaration, FunctionExpression, ArrowFunctionExpression)[async=true]',
    message: 'The core is synchronous: IO belongs to the apps.',
  },
];
const ormAggregates = [
  {
    selector:
      'CallExpression[callee.property.name=/^(sum|average|minimum|maximum)$/][callee.object.property.name=/[Rr]epository$/]',
    message: 'The ORM answers aggregates as floats; write the SQL (R1).',
  },
];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '.local/**', 'coverage/**', '**/*.cjs', '**/*.mjs'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-syntax': ['error', ...ormAggregates],
    },
  },
  {
    files: ['libs/staking-core/src/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', ...noFloats, ...noClock] },
  },
  {
    files: ['libs/database/src/repositories/**/*.ts', 'apps/settlement/src/**/*.ts', 'libs/chains/src/**/*.decode.ts'],
    ignores: ['**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', ...ormAggregates, ...noFloats.slice(0, 2)] },
  },
  {
    files: ['apps/**/*.ts', 'libs/**/*.ts', 'devnet/**/*.ts', 'scripts/**/*.ts'],
    // A migration is a list of statements: one long function is its plain form.
    ignores: ['**/*.spec.ts', '**/testing/**', 'libs/database/src/migrations/**'],
    rules: { 'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }] },
  },
);

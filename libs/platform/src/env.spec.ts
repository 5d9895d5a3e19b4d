import { CHAIN_SYMBOLS, MAIN_NETWORKS } from './env-chains.js';
import { ConfigError, DEVELOPMENT_DEFAULTS, loadEnv } from './env.js';

function problemsOf(source: Record<string, string>, needs: Parameters<typeof loadEnv>[1] = {}): readonly string[] {
  try {
    loadEnv(source, needs);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
}

const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://staking:pw@db.internal/soft_staking',
  CORE_URL: 'https://core.internal',
  CORE_WEBHOOK_SECRET: 'whsec_' + Buffer.alloc(32, 7).toString('base64'),
  CORE_API_KEY: 'k'.repeat(40),
  BNB_RPC_URLS: 'https://one.example/key,https://two.example/key',
  BNB_TREASURY_ADDRESS: '0x' + 'ab'.repeat(20),
};

const SOL_ACCOUNT = 'So11111111111111111111111111111111111111112';
const ATOM_ACCOUNT = `cosmos1${'q'.repeat(38)}`;
const DOT_ACCOUNT = '15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5';

/** All four chains, as production would have them. */
const FOUR_CHAINS = {
  ...PRODUCTION,
  SOL_RPC_URLS: 'https://sol-one.example/key,https://sol-two.example',
  SOL_TREASURY_ADDRESS: SOL_ACCOUNT,
  SOL_WITHDRAWER_ADDRESS: SOL_ACCOUNT,
  ATOM_RPC_URLS: 'https://atom-one.example,https://atom-two.example',
  ATOM_TREASURY_ADDRESS: ATOM_ACCOUNT,
  ATOM_REWARDS_ADDRESS: ATOM_ACCOUNT,
  DOT_RPC_URLS: 'wss://dot-one.example,wss://dot-two.example',
  DOT_TREASURY_ADDRESS: DOT_ACCOUNT,
  DOT_REWARDS_ADDRESS: DOT_ACCOUNT,
};

describe('loadEnv', () => {
  it('needs nothing in development', () => {
    const env = loadEnv({});
    expect(env).toMatchObject({ NODE_ENV: 'development', API_PORT: 4800, CLOCK: 'world', BNB_CHAIN_ID: 56 });
    expect(env.CORE_API_KEY.reveal()).toBe('dev-core-key');
    expect(env.BNB_RPC_URLS).toEqual(['http://127.0.0.1:8545']);
    expect(env.DATABASE_URL).toBeUndefined();
  });

  it('configures no chain but the local BNB by itself', () => {
    const env = loadEnv({});
    expect([env.SOL_RPC_URLS, env.ATOM_RPC_URLS, env.DOT_RPC_URLS]).toEqual([undefined, undefined, undefined]);
    expect(env).toMatchObject({ ...MAIN_NETWORKS, BNB_CHAIN_ID: 56 });
  });

  it('parses every name', () => {
    const env = loadEnv({
      NODE_ENV: 'test',
      DATABASE_URL: 'postgresql://u:p@h:5432/d',
      API_PORT: '0',
      BNB_RPC_URLS: 'http://a.example, http://b.example',
      BNB_CHAIN_ID: '97',
      BNB_DEV_KEY: '0x' + '1'.repeat(64),
      FAULT_AT: 'credit.sent:2',
      LOG_LEVEL: 'debug',
      TICK_MS: '50',
      CLOCK: 'database',
      PATH: '/bin',
    });
    expect(env).toMatchObject({
      API_PORT: 0,
      BNB_RPC_URLS: ['http://a.example', 'http://b.example'],
      BNB_CHAIN_ID: 97,
      FAULT_AT: { name: 'credit.sent', hit: 2 },
      TICK_MS: 50,
      CLOCK: 'database',
    });
    expect(JSON.stringify(env)).not.toContain('1'.repeat(64));
  });

  it.each([
    [{ API_PORT: 'abc' }, 'API_PORT: must be a port number from 0 to 65535, got "abc"; example: API_PORT=4800'],
    [{ API_PORT: '70000' }, /^API_PORT: .*example/],
    [{ API_PORT: '0x10' }, /^API_PORT: /],
    [{ API_PORT: ' 4800' }, /^API_PORT: /],
    [{ DATABASE_URL: 'mysql://x/y' }, /^DATABASE_URL: must be a postgres:\/\/ URL/],
    [{ DATABASE_URL: 'postgres://host' }, /^DATABASE_URL: must name a database/],
    [{ CORE_URL: 'core' }, /^CORE_URL: must be an http/],
    [{ CORE_WEBHOOK_SECRET: 'whsec_short' }, /^CORE_WEBHOOK_SECRET: must be whsec_/],
    [{ BNB_RPC_URLS: 'http://a,,' }, /^BNB_RPC_URLS: must be http/],
    [{ BNB_CHAIN_ID: '0x38' }, /^BNB_CHAIN_ID: /],
    [{ BNB_TREASURY_ADDRESS: '0x12' }, /^BNB_TREASURY_ADDRESS: must be 0x and 40/],
    [{ BNB_DEV_KEY: '0x12' }, /^BNB_DEV_KEY: must be 0x and 64/],
    [{ SOL_RPC_URLS: 'ws://a.example' }, /^SOL_RPC_URLS: must be http\(s\) URLs.*example: SOL_RPC_URLS=https/],
    [{ SOL_GENESIS_HASH: '0x38' }, /^SOL_GENESIS_HASH: must be a base58 key/],
    [{ SOL_TREASURY_ADDRESS: `${SOL_ACCOUNT.slice(0, -1)}0` }, /^SOL_TREASURY_ADDRESS: must be a base58/],
    [{ SOL_WITHDRAWER_ADDRESS: 'me' }, /^SOL_WITHDRAWER_ADDRESS: must be a base58/],
    [{ SOL_DEV_KEY: '0x' + '1'.repeat(66) }, /^SOL_DEV_KEY: must be 0x and 64 \(seed\) or 128/],
    [{ ATOM_RPC_URLS: 'tcp://a:26657' }, /^ATOM_RPC_URLS: must be http/],
    [{ ATOM_CHAIN_ID: '4 hub' }, /^ATOM_CHAIN_ID: must be a chain id/],
    [{ ATOM_TREASURY_ADDRESS: `cosmosvaloper1${'q'.repeat(38)}` }, /^ATOM_TREASURY_ADDRESS: must be a cosmos1/],
    [{ ATOM_REWARDS_ADDRESS: ATOM_ACCOUNT.toUpperCase() }, /^ATOM_REWARDS_ADDRESS: must be a cosmos1/],
    [{ ATOM_PUBLIC_KEY: '04' + 'ab'.repeat(64) }, /^ATOM_PUBLIC_KEY: must be 02 or 03/],
    [{ ATOM_DEV_KEY: 'abandon abandon about' }, /^ATOM_DEV_KEY: must be 0x and 64/],
    [{ DOT_RPC_URLS: 'wss://a.example,tcp://b' }, /^DOT_RPC_URLS: must be http\(s\) or ws\(s\)/],
    [{ DOT_GENESIS_HASH: MAIN_NETWORKS.DOT_GENESIS_HASH.slice(2) }, /^DOT_GENESIS_HASH: must be 0x and 64/],
    [{ DOT_TREASURY_ADDRESS: '0x' + 'ab'.repeat(32) }, /^DOT_TREASURY_ADDRESS: must be an SS58/],
    [{ DOT_REWARDS_ADDRESS: 'l'.repeat(47) }, /^DOT_REWARDS_ADDRESS: must be an SS58/],
    [{ DOT_DEV_KEY: '//Alice' }, /^DOT_DEV_KEY: must be 0x and 64/],
    [{ CLOCK: 'system' }, /^CLOCK: must be database or world, got "system"/],
    [{ FAULT_AT: 'x' }, /^FAULT_AT: must be name:n/],
    [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL: /],
    [{ TICK_MS: '1' }, /^TICK_MS: /],
    [{ NODE_ENV: 'prod' }, /^NODE_ENV: must be development, test or production/],
  ])('says what is wrong with %j', (source, expected) => {
    const problems = problemsOf(source as Record<string, string>);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toEqual(expected instanceof RegExp ? expect.stringMatching(expected) : expected);
  });

  it.each(CHAIN_SYMBOLS)('never repeats a secret of %s in its message', (chain) => {
    const lines = problemsOf({ [`${chain}_DEV_KEY`]: 'deadbeefdeadbeef', [`${chain}_RPC_URLS`]: 'gopher://deadbeef' });
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain('deadbeef');
  });

  it('refuses unknown names of ours and near misses with the nearest name', () => {
    expect(
      problemsOf({ API_PROT: '1', BNB_RPC_URL: 'http://a', DATABSE_URL: 'x', CLOCKS: 'w', SOL_RPC_URL: 'x' }),
    ).toEqual([
      'API_PROT: is not a known name; did you mean API_PORT?',
      'BNB_RPC_URL: is not a known name; did you mean BNB_RPC_URLS?',
      'DATABSE_URL: is not a known name; did you mean DATABASE_URL?',
      'CLOCKS: is not a known name; did you mean CLOCK?',
      'SOL_RPC_URL: is not a known name; did you mean SOL_RPC_URLS?',
    ]);
    expect(
      problemsOf({
        TEST_DATABASE_URL: 'x',
        LOGNAME: 'me',
        NODE_OPTIONS: '',
        HOME: '/',
        npm_config_cache: 'x',
        ATOM_HOME: '/',
      }),
    ).toEqual([]);
  });

  it('reports all problems at once, and missing needs with an example', () => {
    const problems = problemsOf({ API_PORT: 'x', TICK_MS: 'y' }, { needs: ['BNB_TREASURY_ADDRESS'] });
    expect(problems.map((line) => line.split(':')[0])).toEqual(['API_PORT', 'BNB_TREASURY_ADDRESS', 'TICK_MS']);
    expect(problems[1]).toMatch(/is missing; example: BNB_TREASURY_ADDRESS=0x/);
  });

  describe('production', () => {
    it('accepts a complete configuration', () => {
      expect(loadEnv(PRODUCTION)).toMatchObject({ CLOCK: 'database', BNB_CHAIN_ID: 56 });
    });

    it('accepts all four chains', () => {
      expect(loadEnv(FOUR_CHAINS)).toMatchObject({ DOT_RPC_URLS: ['wss://dot-one.example', 'wss://dot-two.example'] });
    });

    it.each([
      [{ SOL_DEV_KEY: '0x' + '1'.repeat(64) }, /^SOL_DEV_KEY: production refuses/],
      [{ ATOM_DEV_KEY: '0x' + '1'.repeat(64) }, /^ATOM_DEV_KEY: production refuses/],
      [{ DOT_DEV_KEY: '0x' + '1'.repeat(64) }, /^DOT_DEV_KEY: production refuses/],
      [{ DOT_GENESIS_FILE: './raw.json' }, /^DOT_GENESIS_FILE: production refuses/],
      [{ SOL_RPC_URLS: 'https://one.example' }, /^SOL_RPC_URLS: production needs two/],
      [{ ATOM_RPC_URLS: 'https://one.example/a,https://one.example./b' }, /^ATOM_RPC_URLS: .*different hosts/],
      [{ DOT_RPC_URLS: 'wss://one.example,ws://localhost:9944' }, /^DOT_RPC_URLS: .*loopback/],
      [{ SOL_GENESIS_HASH: SOL_ACCOUNT }, /^SOL_GENESIS_HASH: production runs on mainnet-beta, got So1/],
      [{ ATOM_CHAIN_ID: 'theta-testnet-001' }, /^ATOM_CHAIN_ID: production runs on cosmoshub-4, got theta/],
      [{ DOT_GENESIS_HASH: '0x' + '9'.repeat(64) }, /^DOT_GENESIS_HASH: production runs on Polkadot Asset Hub, got/],
    ])('refuses %j beside three sound chains', (change, expected) => {
      expect(problemsOf({ ...FOUR_CHAINS, ...change } as Record<string, string>)).toEqual([
        expect.stringMatching(expected),
      ]);
    });

    it.each([
      [{ BNB_DEV_KEY: '0x' + '1'.repeat(64) }, /^BNB_DEV_KEY: production refuses/],
      [{ CLOCK: 'world' }, /^CLOCK: production refuses/],
      [{ BNB_RPC_URLS: 'https://one.example' }, /^BNB_RPC_URLS: production needs two/],
      [{ BNB_RPC_URLS: 'https://one.example/a,https://ONE.example:444/b' }, /^BNB_RPC_URLS: .*different hosts/],
      [{ BNB_RPC_URLS: 'https://one.example,http://127.0.0.1:8545' }, /^BNB_RPC_URLS: .*loopback/],
      [{ BNB_RPC_URLS: 'https://one.example,http://[::1]:8545' }, /^BNB_RPC_URLS: .*loopback/],
      [{ BNB_CHAIN_ID: '97' }, /^BNB_CHAIN_ID: production runs on chain 56, got 97/],
      [{ FAULT_AT: 'a:1' }, /^FAULT_AT: production refuses/],
      [{ CORE_API_KEY: 'dev-core-key' }, /^CORE_API_KEY: production refuses/],
      [{ CORE_WEBHOOK_SECRET: DEVELOPMENT_DEFAULTS.CORE_WEBHOOK_SECRET }, /^CORE_WEBHOOK_SECRET: production refuses/],
      [{ DATABASE_URL: '' }, /^DATABASE_URL: is required in production/],
    ])('refuses %j', (change, expected) => {
      expect(problemsOf({ ...PRODUCTION, ...change } as Record<string, string>)).toEqual([
        expect.stringMatching(expected),
      ]);
    });

    it('has no development defaults', () => {
      const problems = problemsOf(
        { NODE_ENV: 'production', DATABASE_URL: PRODUCTION.DATABASE_URL },
        { needs: ['CORE_URL', 'CORE_WEBHOOK_SECRET', 'CORE_API_KEY', 'BNB_RPC_URLS'] },
      );
      expect(problems).toHaveLength(4);
    });
  });
});

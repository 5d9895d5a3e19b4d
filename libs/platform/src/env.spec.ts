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

describe('loadEnv', () => {
  it('needs nothing in development', () => {
    const env = loadEnv({});
    expect(env).toMatchObject({ NODE_ENV: 'development', API_PORT: 4800, CLOCK: 'world', BNB_CHAIN_ID: 56 });
    expect(env.CORE_API_KEY.reveal()).toBe('dev-core-key');
    expect(env.BNB_RPC_URLS).toEqual(['http://127.0.0.1:8545']);
    expect(env.DATABASE_URL).toBeUndefined();
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

  it('never repeats a secret in its message', () => {
    const [line] = problemsOf({ BNB_DEV_KEY: 'deadbeefdeadbeef' });
    expect(line).not.toContain('deadbeef');
  });

  it('refuses unknown names of ours and near misses with the nearest name', () => {
    expect(problemsOf({ API_PROT: '1', BNB_RPC_URL: 'http://a', DATABSE_URL: 'x', CLOCKS: 'w' })).toEqual([
      'API_PROT: is not a known name; did you mean API_PORT?',
      'BNB_RPC_URL: is not a known name; did you mean BNB_RPC_URLS?',
      'DATABSE_URL: is not a known name; did you mean DATABASE_URL?',
      'CLOCKS: is not a known name; did you mean CLOCK?',
    ]);
    expect(
      problemsOf({ TEST_DATABASE_URL: 'x', LOGNAME: 'me', NODE_OPTIONS: '', HOME: '/', npm_config_cache: 'x' }),
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

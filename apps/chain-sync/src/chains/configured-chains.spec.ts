import { ConfigError, loadEnv, MAIN_NETWORKS } from '@app/platform';
import { BNB_WIRING } from './bnb.wiring.js';
import { CHAIN_WIRINGS, configuredChains } from './configured-chains.js';

const TREASURY = '0x00000000000000000000000000000000000000AA';

function problemsOf(source: Record<string, string>): readonly string[] {
  try {
    configuredChains(loadEnv(source));
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
}

describe('configuredChains', () => {
  it('a chain without endpoints is not configured; BNB has a local default in development', () => {
    const [only, ...others] = configuredChains(loadEnv({ BNB_TREASURY_ADDRESS: TREASURY }));
    expect(others).toEqual([]);
    expect(only).toMatchObject({
      wiring: BNB_WIRING,
      urls: ['http://127.0.0.1:8545'],
      account: TREASURY.toLowerCase(),
    });
  });

  it('a chain with endpoints needs to know whose positions to read', () => {
    expect(problemsOf({})).toEqual(['BNB_TREASURY_ADDRESS: is missing; BNB_RPC_URLS says that this chain is followed']);
  });

  it('the local BNB endpoint that is there by itself asks for nothing when another chain is followed', () => {
    const source = { ATOM_RPC_URLS: 'http://a.example', ATOM_TREASURY_ADDRESS: `cosmos1${'q'.repeat(38)}` };
    expect(configuredChains(loadEnv(source)).map(({ wiring }) => wiring.symbol)).toEqual(['ATOM']);
    expect(problemsOf({ ...source, BNB_RPC_URLS: 'http://b.example' })).toEqual([
      expect.stringMatching(/^BNB_TREASURY_ADDRESS: is missing/),
    ]);
  });

  it('no chain at all is refused with the names that would configure one', () => {
    const production = { NODE_ENV: 'production', DATABASE_URL: 'postgres://u:p@h/d' };
    expect(problemsOf(production)).toEqual([expect.stringMatching(/no chain is configured; set one of BNB_RPC_URLS/)]);
  });

  it('R36: each chain has a policy in its own atoms, with something kept for fees', () => {
    expect(new Set(CHAIN_WIRINGS.map(({ chain }) => chain)).size).toBe(CHAIN_WIRINGS.length);
    for (const { policy } of CHAIN_WIRINGS) {
      expect(policy.shareBps).toBeLessThan(10_000n);
      expect(policy.reserve).toBeGreaterThan(0n);
    }
  });

  const FOUR = {
    BNB_TREASURY_ADDRESS: TREASURY,
    SOL_RPC_URLS: 'http://s.example',
    SOL_TREASURY_ADDRESS: 'So11111111111111111111111111111111111111112',
    SOL_WITHDRAWER_ADDRESS: 'Vote111111111111111111111111111111111111111',
    ATOM_RPC_URLS: 'http://a.example',
    ATOM_TREASURY_ADDRESS: `cosmos1${'q'.repeat(38)}`,
    ATOM_PUBLIC_KEY: `02${'ab'.repeat(32)}`,
    DOT_RPC_URLS: 'http://d.example',
    DOT_TREASURY_ADDRESS: '15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5',
  };

  it('follows all four side by side, each with what its adapter asks for', () => {
    const env = loadEnv(FOUR);
    const options = configuredChains(env).map(({ wiring, urls }) => wiring.adapter(env, urls, false));
    expect(options).toMatchObject([
      { chain: 'bnb', chainId: 56n },
      { chain: 'solana', genesisHash: MAIN_NETWORKS.SOL_GENESIS_HASH, withdrawer: FOUR.SOL_WITHDRAWER_ADDRESS },
      { chain: 'cosmos', chainId: 'cosmoshub-4', publicKeys: [FOUR.ATOM_PUBLIC_KEY] },
      { chain: 'polkadot', genesisHash: MAIN_NETWORKS.DOT_GENESIS_HASH, stash: FOUR.DOT_TREASURY_ADDRESS },
    ]);
    // R24: Solana's days are told in the morning after, not with their epoch.
    expect(options[1]).toMatchObject({ midnightCuts: true });
  });

  it.each(CHAIN_WIRINGS)('production believes money reads of $symbol only when two sources agree', (wiring) => {
    expect(wiring.adapter(loadEnv(FOUR), ['http://a', 'http://b'], true)).toMatchObject({ confirm: 'required' });
  });

  it('R39: who may withdraw SOL has to be said, and in production it is not the hot account', () => {
    const { SOL_WITHDRAWER_ADDRESS: _left, ...nobody } = FOUR;
    const solana = CHAIN_WIRINGS.find(({ symbol }) => symbol === 'SOL')!;
    expect(() => solana.adapter(loadEnv(nobody), ['http://s'], false)).toThrow(/^SOL_WITHDRAWER_ADDRESS: is missing/);
    const hot = loadEnv({ ...FOUR, SOL_WITHDRAWER_ADDRESS: FOUR.SOL_TREASURY_ADDRESS });
    expect(() => solana.adapter(hot, ['http://s'], true)).toThrow(/production refuses the hot account/);
  });

  it('production asks for two sources and the main network to its genesis block', () => {
    const env = loadEnv({});
    expect(BNB_WIRING.adapter(env, ['http://a'], true)).toMatchObject({
      confirm: 'required',
      genesisHash: expect.stringMatching(/^0x0d21840a/) as string,
    });
    expect(BNB_WIRING.adapter(env, ['http://a'], false)).not.toHaveProperty('confirm');
  });
});

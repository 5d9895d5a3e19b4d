import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chainToMake, type ChainToMake } from './chain-to-make.js';
import { registration } from './registration.js';
import { skeletonOf, takenNames, writeSkeleton } from './write-skeleton.js';

jest.setTimeout(240_000);

const KNOWN = { chains: takenNames('.'), tokens: ['BNB', 'SOL'] };
const CARDANO: ChainToMake = { name: 'cardano', className: 'Cardano', token: 'ADA', decimals: 6 };

/** A program of node_modules, as the commands run it. */
function run(cwd: string, program: string, args: readonly string[]): Promise<{ failed: boolean; said: string }> {
  return new Promise((ended) => {
    const path = resolve('node_modules', program);
    const { NODE_OPTIONS: _inherited, ...env } = process.env;
    execFile(process.execPath, [path, ...args], { cwd, env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
      ended({ failed: error !== null, said: stdout + stderr }),
    );
  });
}

describe('npm run new:chain', () => {
  it('takes a name, and a token and decimals if they are said', () => {
    expect(chainToMake({ name: 'cardano', token: 'ADA', decimals: '6' }, KNOWN)).toEqual(CARDANO);
    expect(chainToMake({ name: 'sui' }, KNOWN)).toEqual({ name: 'sui', className: 'Sui', token: 'SUI', decimals: 18 });
  });

  it.each([
    [{ name: undefined }, 'the name of the chain is missing'],
    [{ name: 'Cardano' }, 'a chain\'s name is 2 to 20 of a-z and 0-9, starting with a letter, not "Cardano"'],
    [{ name: '../bnb' }, /^a chain's name is .*not "\.\.\/bnb"/],
    [{ name: 'a' }, /^a chain's name is/],
    [{ name: 'bnb' }, 'there is a libs/chains/src/bnb already'],
    [{ name: 'testing' }, 'there is a libs/chains/src/testing already'],
    [{ name: 'sol' }, 'SOL is listed already in config/tokens.yaml; say another with --token'],
    [{ name: 'cardano', token: 'ada' }, '--token is a symbol like ADA, not "ada"'],
    [{ name: 'cardano', decimals: '31' }, '--decimals is a whole number from 0 to 30, not "31"'],
    [{ name: 'cardano', decimals: '6.0' }, /^--decimals is a whole number/],
  ])('refuses %j with a sentence', (given, expected) => {
    const refusal = chainToMake(given, KNOWN);
    expect(refusal).toEqual(expected instanceof RegExp ? expect.stringMatching(expected) : expected);
  });

  it('says what is left to do, with the names of this chain', () => {
    const said = registration(CARDANO);
    for (const file of said.matchAll(/^\d+\. (\S+)$/gm))
      expect([file[1], existsSync(file[1]!)]).toEqual([file[1], true]);
    expect(said).toContain("case 'cardano': {");
    expect(said).toContain('ADA_RPC_URLS');
  });

  describe('the skeleton', () => {
    const root = resolve('.local', `new-chain-${process.pid}`);

    beforeAll(() => {
      mkdirSync(root, { recursive: true });
      for (const part of ['libs', 'tsconfig.json', 'jest.config.mjs', 'package.json', '.prettierrc.json']) {
        cpSync(part, join(root, part), { recursive: true });
      }
      for (const part of ['esm-to-cjs-transform.cjs', 'support/slow-first.cjs']) {
        cpSync(join('test', part), join(root, 'test', part));
      }
      // The database of the run around this one is not this run's to stop.
      writeFileSync(join(root, 'test/support/stop-test-postgres.cjs'), 'module.exports = () => undefined;\n');
      symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
    });
    afterAll(() => rmSync(root, { recursive: true, force: true }));

    it('writes all files or none, and overwrites nothing', () => {
      const { written, inTheWay } = writeSkeleton(root, skeletonOf(CARDANO));
      expect(inTheWay).toEqual([]);
      expect(written).toHaveLength(9);
      const before = readFileSync(join(root, written[0]!), 'utf8');
      rmSync(join(root, written[1]!));
      writeFileSync(join(root, written[0]!), `${before}// mine\n`);
      expect(writeSkeleton(root, skeletonOf(CARDANO)).written).toEqual([]);
      expect(existsSync(join(root, written[1]!))).toBe(false);
      expect(readFileSync(join(root, written[0]!), 'utf8')).toContain('// mine');
      rmSync(join(root, 'libs/chains/src/cardano'), { recursive: true });
      rmSync(join(root, 'devnet'), { recursive: true });
      rmSync(join(root, 'test/localnet'), { recursive: true });
      expect(writeSkeleton(root, skeletonOf(CARDANO)).written).toEqual(written);
    });

    it('is formatted as everything here is', async () => {
      const paths = skeletonOf(CARDANO).map(({ path }) => path);
      expect(await run(root, 'prettier/bin/prettier.cjs', ['--list-different', ...paths])).toEqual({
        failed: false,
        said: '',
      });
    });

    it('type-checks as it is, before anything is registered', async () => {
      const base = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as Record<string, unknown>;
      const included = ['libs/chains/src/cardano', 'test/localnet/cardano'];
      writeFileSync(join(root, 'tsconfig.json'), JSON.stringify({ ...base, include: included }));
      expect(await run(root, 'typescript/bin/tsc', ['-p', '.'])).toEqual({ failed: false, said: '' });
    });

    it('its contract suite fails, and says what is to be written first', async () => {
      const { failed, said } = await run(root, 'jest/bin/jest.js', [
        'test/localnet/cardano',
        '--selectProjects',
        'chain',
      ]);
      expect(failed).toBe(true);
      expect(said).toContain("cardano: the local chain's advancePeriod is not written yet");
      const [, failures = '0', passed = '0'] =
        /Tests: +(\d+) failed, (?:\d+ skipped, )?(?:(\d+) passed, )?/.exec(said) ?? [];
      expect(Number(failures)).toBeGreaterThan(20);
      expect(passed).toBe('0');
    });
  });
});

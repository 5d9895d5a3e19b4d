import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseCatalogue } from '@app/database';
import { CommandError, runCommand } from './command-line.js';
import { chainToMake } from './new-chain/chain-to-make.js';
import { registration } from './new-chain/registration.js';
import { skeletonOf, takenNames, writeSkeleton } from './new-chain/write-skeleton.js';

const USAGE = 'npm run new:chain -- cardano [--token ADA] [--decimals 6]';

/** `npm run new:chain`: the skeleton of one more adapter, with a contract suite that fails until it is filled. */
runCommand(async () => {
  const given = arguments_();
  const root = resolve('.');
  const { tokens } = parseCatalogue(readFileSync(resolve('config/tokens.yaml'), 'utf8'));
  const chain = chainToMake(given, { chains: takenNames(root), tokens: Object.keys(tokens) });
  if (typeof chain === 'string') throw new CommandError(`${chain}\nusage: ${USAGE}`, 2);
  const { written, inTheWay } = writeSkeleton(root, skeletonOf(chain));
  if (inTheWay.length > 0) throw new CommandError(`nothing was written: ${inTheWay.join(', ')} is there already`);
  console.log(`written:\n${written.map((path) => `  ${path}`).join('\n')}`);
  console.log(`\nsee it fail, then fill it:  npx jest test/localnet/${chain.name} --selectProjects chain`);
  console.log(`\nto be written by hand (docs/adding-a-chain.md walks through it):\n${registration(chain)}`);
});

function arguments_(): { name: string | undefined; token?: string; decimals?: string } {
  try {
    const { values, positionals } = parseArgs({
      options: { token: { type: 'string' }, decimals: { type: 'string' } },
      allowPositionals: true,
    });
    const [name, ...more] = positionals;
    if (more.length > 0) throw new Error(`one chain at a time, not ${positionals.length}`);
    return { name, ...values };
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : String(error)}\nusage: ${USAGE}`, 2);
  }
}

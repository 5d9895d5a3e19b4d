import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CommandError, flags, runCommand } from './command-line.js';

const FILE = resolve('docs/architecture.md');
const START = '<!-- picture: made by `npm run picture`, do not edit -->';
const END = '<!-- end of picture -->';

interface Cruised {
  readonly modules: readonly {
    readonly source: string;
    readonly dependencies: readonly { readonly resolved: string }[];
  }[];
}

/** Who imports whom among apps and libs, as the direction rules see it: `api --> database`. */
export function pictureOf({ modules }: Cruised): string {
  const folderOf = (path: string) => /^(?:apps|libs)\/([^/]+)\//.exec(path)?.[1];
  const arrows = new Set<string>();
  for (const { source, dependencies } of modules) {
    if (/\.spec\.ts$|\/testing\//.test(source)) continue;
    for (const { resolved } of dependencies) {
      const [from, to] = [folderOf(source), folderOf(resolved)];
      if (from !== undefined && to !== undefined && from !== to) arrows.add(`  ${from} --> ${to}`);
    }
  }
  return ['```mermaid', 'flowchart LR', ...[...arrows].sort(), '```'].join('\n');
}

function main(): void {
  runCommand(async () => {
    const { check } = flags('npm run picture -- [--check]', { check: { type: 'boolean', default: false } });
    const cruise = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const args = [cruise, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'apps', 'libs'];
    const json = execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    const picture = pictureOf(JSON.parse(json) as Cruised);
    const text = readFileSync(FILE, 'utf8');
    const [before = '', rest = ''] = text.split(START);
    const after = rest.split(END)[1];
    if (after === undefined) throw new CommandError(`docs/architecture.md has no ${START} … ${END}`);
    const drawn = `${before}${START}\n\n${picture}\n\n${END}${after}`;
    if (check && drawn !== text)
      throw new CommandError('the picture in docs/architecture.md is old: run `npm run picture`');
    if (!check) writeFileSync(FILE, drawn);
    console.log(
      check ? 'picture: docs/architecture.md shows the imports as they are' : 'docs/architecture.md is drawn',
    );
  });
}

if (process.argv[1]?.endsWith('architecture-picture.js')) main();

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { adapterFiles, type MadeFile } from './adapter-templates.js';
import type { ChainToMake } from './chain-to-make.js';
import { pageFiles } from './page-templates.js';
import { testFiles } from './test-templates.js';

export const skeletonOf = (chain: ChainToMake): MadeFile[] => [
  ...adapterFiles(chain),
  ...pageFiles(chain),
  ...testFiles(chain),
];

/** Folders of libs/chains/src, whether they are chains or not: none of their names can be given again. */
export function takenNames(root: string): string[] {
  return readdirSync(join(root, 'libs/chains/src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

/**
 * Writes the files, or none: a file that is there already is never overwritten.
 * @returns the paths that were written, or those that are in the way
 */
export function writeSkeleton(
  root: string,
  files: readonly MadeFile[],
): { readonly written: readonly string[]; readonly inTheWay: readonly string[] } {
  const inTheWay = files.map(({ path }) => path).filter((path) => existsSync(join(root, path)));
  if (inTheWay.length > 0) return { written: [], inTheWay };
  for (const { path, text } of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { flag: 'wx' });
  }
  return { written: files.map(({ path }) => path), inTheWay };
}

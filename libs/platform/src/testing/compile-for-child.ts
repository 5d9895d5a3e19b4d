import { transformFileSync } from '@swc/core';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

/**
 * Compiles this library as it is now into a temporary folder that every account can read, so that specs can run it in
 * processes of their own (to kill them, to run them as another user) without depending on an earlier build.
 * @returns the folder: the library is in `src/`, its packages are found; the caller removes it
 */
export function compileForChild(): string {
  const source = join(process.cwd(), 'libs', 'platform', 'src');
  const target = mkdtempSync(join(tmpdir(), 'platform-spec-'));
  chmodSync(target, 0o755);
  writeFileSync(join(target, 'package.json'), '{"type":"module"}');
  symlinkSync(join(process.cwd(), 'node_modules'), join(target, 'node_modules'));
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/(?<!\.spec)\.ts$/.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    const output = join(target, 'src', relative(source, file).replace(/\.ts$/, '.js'));
    mkdirSync(dirname(output), { recursive: true, mode: 0o755 });
    writeFileSync(output, transformFileSync(file, { cwd: process.cwd(), sourceMaps: false, exclude: [] }).code);
  }
  return target;
}

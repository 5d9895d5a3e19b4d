import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const SOURCE = path.join('devnet', 'chains', 'cosmos', 'node');
const LEAST_GO = [1, 25] as const;
/** About so many packages are compiled the first time: for the progress line alone. */
const PACKAGES = 1_070;

/** A sentence for people when there is no Go that can build the node; null when there is one. */
export function whyNoGo(environment: NodeJS.ProcessEnv = process.env): string | null {
  const wanted = `the real Cosmos node needs Go ${LEAST_GO.join('.')} or newer on the PATH (https://go.dev/dl)`;
  const found = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', env: goEnvironment(environment) });
  if (found.error !== undefined || found.status !== 0) return `${wanted}; there is none`;
  const version = /^go(\d+)\.(\d+)/.exec(found.stdout.trim());
  const [major, minor] = [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)];
  const enough = major > LEAST_GO[0] || (major === LEAST_GO[0] && minor >= LEAST_GO[1]);
  return enough ? null : `${wanted}; this is ${found.stdout.trim()}`;
}

/**
 * Builds the node into `.local/cosmos-node/` and returns the binary. The first time takes minutes and about 1 GB of
 * Go's own caches; afterwards a second or two. Throws a plain sentence where Go is missing.
 */
export async function buildCosmosNode(options: {
  readonly root?: string;
  readonly log?: (line: string) => void;
}): Promise<string> {
  const root = options.root ?? process.cwd();
  const missing = whyNoGo();
  if (missing !== null) throw new Error(missing);
  const name = process.platform === 'win32' ? 'cosmos-node.exe' : 'cosmos-node';
  const binary = path.join(root, '.local', 'cosmos-node', name);
  await goBuild(path.join(root, SOURCE), binary, options.log ?? (() => undefined));
  if (!existsSync(binary)) throw new Error(`go build left no ${binary}`);
  return binary;
}

function goEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  // The toolchain that is here, and no C compiler: the same build on every machine.
  return { ...environment, GOTOOLCHAIN: 'local', CGO_ENABLED: '0' };
}

function goBuild(folder: string, binary: string, log: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const args = ['build', '-v', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w'];
    const child = spawn('go', [...args, '-o', binary, '.'], {
      cwd: folder,
      env: goEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let [compiled, downloaded, said, tail] = [0, 0, Date.now(), ''];
    child.stderr.on('data', (part: Buffer) => {
      const text = part.toString('utf8');
      tail = (tail + text).slice(-4_000);
      for (const line of text.split('\n')) {
        if (line.startsWith('go: downloading')) downloaded += 1;
        else if (line.includes('/')) compiled += 1;
      }
      if (Date.now() - said < 3_000) return;
      said = Date.now();
      log(
        compiled === 0
          ? `building the Cosmos node: ${downloaded} modules fetched`
          : `building the Cosmos node: ${compiled} of about ${PACKAGES} packages`,
      );
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`go build failed (${code}):\n${tail}`));
    });
  });
}

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { whyNoGo } from './build-cosmos-node.js';

describe('whether this machine can build the real Cosmos node', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'go-of-a-kind-'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function goThatSays(version: string): NodeJS.ProcessEnv {
    writeFileSync(path.join(folder, 'go'), `#!/bin/sh\necho ${version}\n`);
    chmodSync(path.join(folder, 'go'), 0o755);
    return { PATH: `${folder}:/bin:/usr/bin` };
  }

  it('no Go is said in a sentence', () => {
    expect(whyNoGo({ PATH: folder })).toMatch(/needs Go 1\.25 or newer on the PATH .*; there is none$/);
  });

  it.each(['go1.19.8', 'go1.24.9', 'devel'])('%s is too old, and named', (version) => {
    expect(whyNoGo(goThatSays(version))).toMatch(
      new RegExp(`needs Go 1\\.25 .*; this is ${version.replaceAll('.', '\\.')}$`),
    );
  });

  it.each(['go1.25', 'go1.25.7', 'go1.26.8', 'go2.0'])('%s will do', (version) => {
    expect(whyNoGo(goThatSays(version))).toBeNull();
  });
});

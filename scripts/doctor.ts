import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { Database, DoctorRepository, parseCatalogue, type Finding } from '@app/database';
import { embeddedPostgresStatus } from '@app/platform';
import { readFileSync } from 'node:fs';
import { runCommand } from './command-line.js';
import { LOCAL_CHAINS } from './local-world/chains/index.js';
import type { LocalChainKind } from './local-world/chains/local-chain.js';
import { readRunFile } from './local-world/run-file.js';
import { EMBEDDED_DATA_DIR, findDatabase } from './local-world/world-database.js';

const MARKS: Record<Finding['state'], string> = { ok: 'ok     ', warning: 'warning', wrong: 'WRONG  ' };

/** `npm run doctor`: what this machine lacks, whether the database is safe and whether the books hold. Changes nothing. */
runCommand(async () => {
  const findings: Finding[] = [nodeVersion(), ...LOCAL_CHAINS.map(localChain), catalogue(), await ofRun()];
  findings.push(...(await ofDatabase()));
  const width = Math.max(...findings.map((finding) => finding.name.length));
  for (const finding of findings)
    console.log(`${MARKS[finding.state]}  ${finding.name.padEnd(width)}  ${finding.detail}`);
  process.exitCode = findings.some((finding) => finding.state === 'wrong') ? 1 : 0;
});

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map((part) => Number.parseInt(part, 10));
  const fits = major > 20 || (major === 20 && minor >= 19);
  return {
    name: 'Node',
    state: fits ? 'ok' : 'wrong',
    detail: `${process.versions.node}${fits ? '' : '; 20.19 or newer is needed'}`,
  };
}

function localChain({ token, packageName, made }: LocalChainKind): Finding {
  const name = `local ${token} chain`;
  try {
    createRequire(resolve('package.json')).resolve(packageName);
    return { name, state: 'ok', detail: made };
  } catch (error) {
    // A package without a main file is installed all the same.
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return { name, state: 'ok', detail: made };
    const detail = `${packageName} is missing; run \`npm ci\` with development dependencies`;
    return { name, state: 'warning', detail };
  }
}

function catalogue(): Finding {
  try {
    const { tokens } = parseCatalogue(readFileSync(resolve('config/tokens.yaml'), 'utf8'));
    return { name: 'catalogue', state: 'ok', detail: Object.keys(tokens).join(', ') };
  } catch (error) {
    return { name: 'catalogue', state: 'wrong', detail: error instanceof Error ? error.message : String(error) };
  }
}

async function ofRun(): Promise<Finding> {
  const run = readRunFile();
  if (run === undefined) return { name: 'npm start', state: 'ok', detail: 'not running' };
  try {
    const ready = await fetch(`${run.apiUrl}/health/ready`, { signal: AbortSignal.timeout(3_000) });
    return {
      name: 'npm start',
      state: ready.ok ? 'ok' : 'wrong',
      detail: `running (process ${run.pid}), ${run.apiUrl} answers ${ready.status}`,
    };
  } catch {
    return {
      name: 'npm start',
      state: 'wrong',
      detail: `process ${run.pid} runs but ${run.apiUrl} does not answer; see .local/logs`,
    };
  }
}

async function ofDatabase(): Promise<Finding[]> {
  let url = process.env['DATABASE_URL'];
  if (!url) {
    const status = await embeddedPostgresStatus(EMBEDDED_DATA_DIR);
    if (status.state !== 'running')
      return [
        {
          name: 'database',
          state: 'ok',
          detail: 'the embedded PostgreSQL is not running; `npm start` or `npm run db:up` starts it',
        },
      ];
    url = (await findDatabase(EMBEDDED_DATA_DIR, () => undefined)).url;
  }
  try {
    const database = await Database.open(url, { poolSize: 2, applicationName: 'soft-staking-doctor' });
    try {
      return await new DoctorRepository(database).findings();
    } finally {
      await database.close();
    }
  } catch (error) {
    return [
      {
        name: 'database',
        state: 'wrong',
        detail: `cannot be reached: ${error instanceof Error ? error.message : String(error)}`,
      },
    ];
  }
}

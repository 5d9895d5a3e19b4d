// Jest's globalTeardown: stops the PostgreSQL that the suites shared, unless another test run still uses it.
// Plain CommonJS without imports of ours, because Jest loads it outside the suites' module mapping.
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

function usedByAnotherRun(home) {
  const users = path.join(home, 'users');
  let others = false;
  for (const name of fs.existsSync(users) ? fs.readdirSync(users) : []) {
    const pid = Number(name);
    if (pid !== process.pid && pid !== process.ppid && isAlive(pid)) others = true;
    else fs.rmSync(path.join(users, name), { force: true });
  }
  return others;
}

/** The server's process number, only if that process really is this cluster's server. */
function serverPid(home) {
  try {
    const { elsewhere } = JSON.parse(fs.readFileSync(path.join(home, 'server.json'), 'utf8'));
    const cluster = path.join(elsewhere ?? home, 'data');
    const pid = Number(fs.readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
    if (!isAlive(pid)) return undefined;
    if (process.platform !== 'linux') return pid;
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(cluster) ? pid : undefined;
  } catch {
    return undefined;
  }
}

module.exports = async function stopTestPostgres() {
  const home = path.join(process.cwd(), '.local', 'test-postgres');
  if (!fs.existsSync(home) || usedByAnotherRun(home)) return;
  const pid = serverPid(home);
  if (pid === undefined) return;
  // SIGINT is PostgreSQL's fast shutdown.
  process.kill(pid, 'SIGINT');
  for (let waited = 0; serverPid(home) !== undefined && waited < 20_000; waited += 50) await sleep(50);
};

import { CommandError, runCommand } from './command-line.js';
import { callJson } from './local-world/http-json.js';
import { checkName, dayTable, type LivedDay } from './local-world/day-table.js';
import { readRunFile } from './local-world/run-file.js';

/** `npm run day`: one more day passes in the running local world. */
runCommand(async () => {
  const run = readRunFile();
  if (run === undefined) throw new CommandError('nothing is running here: start it with `npm start` first');
  const lived = await callJson<LivedDay>('POST', `${run.controlUrl}/day`, {}, 120_000);
  console.log(dayTable([lived]));
  const failed = lived.checks.filter((check) => !check.passed);
  for (const check of failed) console.log(`FAILED ${checkName(check)}: ${check.detail}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
});

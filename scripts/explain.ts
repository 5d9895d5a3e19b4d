import { CommandError, dayFlag, flags, runCommand } from './command-line.js';
import { callJson } from './local-world/http-json.js';
import { readRunFile } from './local-world/run-file.js';

const USAGE = 'npm run explain -- --user u1 --token BNB --day 2026-11-17 [--all]';

/** Intervals of a busy day that are printed without --all: from the first and from the last hours. */
const SHOWN_FIRST = 6;
const SHOWN_LAST = 3;

/** The answer of `GET …/explain`, as far as it is printed here. Amounts in whole tokens, formulas in atoms. */
interface Explanation {
  readonly user: string;
  readonly token: string;
  readonly day: string;
  readonly rulesVersion: string;
  readonly limits: { readonly minimum: string; readonly cap: string };
  readonly balance: {
    readonly counts: string;
    readonly intervals: readonly {
      readonly from: string;
      readonly to: string;
      readonly milliseconds: string;
      readonly balance: string;
    }[];
    readonly excluded: readonly { readonly from: string; readonly to: string; readonly reasons: readonly unknown[] }[];
    readonly average: string;
    readonly formula: string;
  };
  readonly weight: { readonly qualifies: boolean; readonly weight: string; readonly formula: string };
  readonly chainRewards: readonly Readonly<Record<string, unknown>>[];
  readonly pool: Readonly<Record<string, string>>;
  readonly split: Readonly<Record<string, string>>;
  readonly leftover: string;
  readonly reward: string;
  readonly agrees: boolean;
  readonly receipt: Readonly<Record<string, string | null>> | null;
}

/** `npm run explain`: one reward from the chain's block to the credit, with the numbers of every step (R33). */
runCommand(async () => {
  const given = flags(USAGE, {
    user: { type: 'string' },
    token: { type: 'string', default: 'BNB' },
    day: { type: 'string' },
    all: { type: 'boolean', default: false },
  });
  if (given.user === undefined) throw new CommandError(`--user is missing\nusage: ${USAGE}`, 2);
  const day = dayFlag('day', given.day);
  const apiUrl = readRunFile()?.apiUrl ?? `http://127.0.0.1:${process.env['API_PORT'] || '4800'}`;
  const path = `/v1/users/${encodeURIComponent(given.user)}/rewards/${encodeURIComponent(given.token)}/${day}/explain`;
  print(await callJson<Explanation>('GET', apiUrl + path), given.all);
});

function print(it: Explanation, all: boolean): void {
  heading(`${it.user}: ${it.reward} ${it.token} for ${it.day}   (rules ${it.rulesVersion})`);
  heading('1  What the chain paid');
  if (it.chainRewards.length === 0) console.log('   nothing was released into this day');
  for (const reward of it.chainRewards) rowsOf(reward);
  heading('2  The pool');
  rowsOf(it.pool);
  heading(`3  The balance that counts (${it.balance.counts})`);
  printIntervals(it, all);
  for (const part of it.balance.excluded)
    console.log(`   ${part.from}  to  ${part.to}   not counted: ${JSON.stringify(part.reasons)}`);
  console.log(`   average   ${it.balance.average}   ${it.balance.formula}`);
  heading('4  The weight');
  console.log(
    `   minimum ${it.limits.minimum}, cap ${it.limits.cap}: ${it.weight.qualifies ? 'qualifies' : 'does not qualify'}`,
  );
  console.log(`   weight    ${it.weight.weight}   ${it.weight.formula}`);
  heading('5  The share');
  rowsOf(it.split);
  console.log(`   leftover of the day, opens the next pool   ${it.leftover}`);
  heading('6  The credit');
  if (it.receipt === null) console.log('   none');
  else rowsOf(it.receipt);
  console.log(
    `\n${it.agrees ? 'This computation and what was stored agree to the atom.' : 'This computation does NOT agree with what was stored.'}`,
  );
  process.exitCode = it.agrees ? 0 : 1;
}

function printIntervals({ balance, token }: Explanation, all: boolean): void {
  const parts = balance.intervals;
  const cut = !all && parts.length > SHOWN_FIRST + SHOWN_LAST + 1;
  parts.forEach((part, index) => {
    if (cut && index >= SHOWN_FIRST && index < parts.length - SHOWN_LAST) {
      if (index === SHOWN_FIRST) {
        console.log(`   … ${parts.length - SHOWN_FIRST - SHOWN_LAST} more (all of them with --all)`);
      }
      return;
    }
    console.log(`   ${part.from}  to  ${part.to}   ${part.balance.padStart(26)} ${token}   ${part.milliseconds} ms`);
  });
}

function heading(text: string): void {
  console.log(`\n${text}`);
}

function rowsOf(record: Readonly<Record<string, unknown>>): void {
  const width = Math.max(...Object.keys(record).map((key) => key.length));
  for (const [key, value] of Object.entries(record)) {
    console.log(
      `   ${key.padEnd(width)}   ${typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)}`,
    );
  }
}

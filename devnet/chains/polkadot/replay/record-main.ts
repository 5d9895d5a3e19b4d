import { devAccount } from '../dev-keys.js';
import { missingForRealChain } from '../real/chopsticks-host.js';
import { DOT, openDotWorld, type DotWorld } from '../real/dot-world.js';
import { onlyPallets, writeRecording, type Recording } from './recording.js';
import { timeOf } from './shift-clock.js';

/** 2026-11-01T00:00:00Z */
const STARTS_AT_MS = Date.UTC(2026, 10, 1);
const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const DAYS = 32;
/** An era is a day and, on Polkadot, some minutes more. */
const DRIFT = 11.7 * MINUTE;
const CUSTODY = 25_000_000n * DOT;
const STAKE = 20_000_000n * DOT + 1_234_567_891n;
const MORE = 100_000n * DOT + 9n;
const PALLETS = ['system', 'timestamp', 'balances', 'staking', 'session', 'proxy'];

/** Lives a month on a real runtime and writes down all that was staked, paid and read in it. */
async function record(): Promise<void> {
  const missing = missingForRealChain();
  if (missing !== null) throw new Error(missing);
  const genesisFile = process.env['DOT_GENESIS_FILE'] ?? '';
  const world = await openDotWorld({ genesisFile, timeMs: STARTS_AT_MS + MINUTE, treasury: CUSTODY, proxy: true });
  try {
    await liveAMonth(world);
    await write(world);
  } finally {
    await world.chain.stop();
  }
}

/**
 * Day 0: the treasury stakes, by its hot key, and short eras pass until that stake is exposed. From 10:00 on eras of a day
 * and 11.7 minutes; each is paid out ten minutes after its end, by a stranger or by the hot key in turn.
 */
async function liveAMonth({ chain, driver, validators }: DotWorld): Promise<void> {
  const at = (day: number, minutes: number): number => slot(STARTS_AT_MS + day * DAY + minutes * MINUTE);
  const stash = devAccount('treasury').address;
  const proxied = (...calls: ReturnType<typeof chain.call>[]) =>
    chain.call('proxy', 'proxy', { Id: stash }, 'Staking', chain.call('utility', 'batchAll', calls));
  const bond = chain.call('staking', 'bond', STAKE, 'Stash');
  const nominate = chain.call('staking', 'nominate', validators.slice(0, 2));
  await driver.include(at(0, 60));
  await driver.act([['hot', proxied(bond, nominate)]], at(0, 70));
  for (let era = 0; era < 2; era++) await driver.endEra();
  await driver.endEra(at(0, 600));
  const first = await driver.activeEra();
  // The short eras too: one that nobody pays out would keep its day open.
  await driver.payOut([first - 2, first - 1], 'cranker', at(0, 610));

  type Deed = readonly [number, () => Promise<void>];
  const deeds: Deed[] = [];
  for (let day = 0; day < DAYS; day++) {
    const end = 600 + 1_440 * (day + 1) + (DRIFT / MINUTE) * (day + 1);
    deeds.push([at(0, end - 720), () => driver.endSession(at(0, end - 720))]);
    deeds.push([at(0, end), () => driver.endSession(at(0, end))]);
    const payer = day % 3 === 2 ? 'hot' : 'cranker';
    deeds.push([at(0, end + 10), () => driver.payOut([first + day], payer, at(0, end + 10))]);
    if (day > 0) deeds.push([at(day, 0), () => driver.include(at(day, 0))]);
    deeds.push([at(day, 1_080), () => driver.include(at(day, 1_080))]);
  }
  const extra = chain.call('staking', 'bondExtra', MORE);
  const unbond = chain.call('staking', 'unbond', MORE / 4n);
  const withdraw = chain.call('staking', 'withdrawUnbonded', 0);
  deeds.push([at(3, 90), () => driver.act([['hot', proxied(extra)]], at(3, 90))]);
  deeds.push([at(9, 90), () => driver.act([['hot', proxied(unbond)]], at(9, 90))]);
  deeds.push([at(19, 90), () => driver.act([['hot', proxied(withdraw)]], at(19, 90))]);
  for (const [timeMs, deed] of deeds.sort(([a], [b]) => a - b)) {
    if (timeMs > at(DAYS - 1, 1_200)) break;
    await deed();
    process.stdout.write(`${new Date(timeMs).toISOString()}  block ${chain.store.headHeight}\n`);
  }
}

/** Block times fall on whole slots. */
function slot(timeMs: number): number {
  return Math.ceil(timeMs / 15_000) * 15_000;
}

async function write({ chain, validators }: DotWorld): Promise<void> {
  const { store } = chain;
  const blocks = [];
  for (let height = 2; height <= store.headHeight; height++) {
    const block = store.blockAt(height);
    if (block !== null) blocks.push(block);
  }
  const recording: Recording = {
    about: 'a month of a real staking runtime (paged pallet-staking, spec 87) made by chopsticks from a raw genesis',
    startsAtMs: STARTS_AT_MS,
    treasury: { custody: String(CUSTODY) },
    validators,
    genesis: store.genesis,
    blocks,
  };
  const prefixes = PALLETS.flatMap((pallet) => {
    const items = Object.values(chain.api.query[pallet] ?? {});
    const [item] = items;
    return item === undefined ? [] : [item.keyPrefix().slice(0, 34)];
  });
  const size = writeRecording(onlyPallets(recording, new Set(prefixes)));
  const last = blocks.at(-1);
  process.stdout.write(
    `${blocks.length} blocks, ${size} bytes, to ${last === undefined ? '' : new Date(timeOf(last)).toISOString()}\n`,
  );
}

record().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  },
);

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { commandOf, endStaleAnvil } from './anvil-process.js';
import { DAY_SECONDS, ONE_BNB, utcDay } from './bnb-constants.js';
import { devWallet } from './dev-keys.js';
import { signDevCall } from './dev-transaction.js';
import { liveDay } from './live-day.js';
import { SpecStaker, ask, eventsOfBlock } from './spec-treasury.js';
import { startBnbChain, type RunningBnbChain } from './start-bnb-chain.js';
import { TEMPORARY_GENESIS, startTemporaryBnbChain } from './temporary-chain.js';

interface Block {
  readonly hash: string;
  readonly number: string;
}

const blockAt = (url: string, tag: string): Promise<Block> => ask<Block>(url, 'eth_getBlockByNumber', [tag, false]);
const height = async (url: string, tag: string): Promise<number> =>
  Number.parseInt((await blockAt(url, tag)).number, 16);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await holds()) return;
    await pause(25);
  }
  throw new Error(`still not true: ${what}`);
}

describe('the local BNB chain remembers', () => {
  let stateDir: string;
  const start = (): Promise<RunningBnbChain> => startBnbChain({ stateDir, genesisTime: TEMPORARY_GENESIS });

  beforeEach(() => {
    stateDir = mkdtempSync(path.join(tmpdir(), 'soft-staking-bnb-'));
  });
  afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

  it('every block with its hash across a stop and a start, treasury transactions included', async () => {
    const first = await start();
    const treasury = new SpecStaker(first);
    const [validator] = await first.driver.validators();
    await liveDay(first.driver, utcDay((await first.chain.head()).timestamp));
    const hash = await treasury.send('delegate', [validator?.operator, false], 12n * ONE_BNB);
    await liveDay(first.driver, utcDay((await first.chain.head()).timestamp));
    await first.driver.reorg(2, { drop: 'none' });
    const head = await first.chain.head();
    const share = await treasury.credit(validator?.credit ?? '', 'getPooledBNB');
    await first.stop();

    const second = await startBnbChain({ stateDir, genesisTime: TEMPORARY_GENESIS + 999 });
    try {
      expect(await second.chain.head()).toEqual(head);
      expect(await blockAt(second.url, 'latest')).toMatchObject({ hash: head.hash });
      const receipt = await ask<{ status: string }>(second.url, 'eth_getTransactionReceipt', [hash]);
      expect(receipt.status).toBe('0x1');
      expect(await new SpecStaker(second).credit(validator?.credit ?? '', 'getPooledBNB')).toBe(share);
      expect((await second.driver.mine()).number).toBe(head.number + 1);
    } finally {
      await second.stop();
    }
  });

  it('the same from the same inputs: two chains that live the same days have the same hashes', async () => {
    const heads: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      const bnb = await startTemporaryBnbChain();
      await liveDay(bnb.driver, '2026-11-13');
      await liveDay(bnb.driver, '2026-11-14');
      heads.push(await bnb.chain.head());
      await bnb.stop();
    }
    expect(heads[0]).toEqual(heads[1]);
  });

  it('nothing that it had not shown: a torn last line of the record is cut off', async () => {
    const first = await start();
    const head = await first.driver.mine();
    await first.stop();
    appendFileSync(path.join(stateDir, 'blocks.jsonl'), '{"kind":"block","number":3,"times');
    const second = await start();
    expect(await second.chain.head()).toEqual(head);
    await second.driver.mine();
    await second.stop();
    const third = await start();
    expect((await third.chain.head()).number).toBe(head.number + 1);
    await third.stop();
  });

  it('a block only when it is right: a record that was changed by hand is refused', async () => {
    const first = await start();
    await first.driver.mine();
    await first.stop();
    const file = path.join(stateDir, 'blocks.jsonl');
    const [block1, block2] = readFileSync(file, 'utf8').split('\n');
    const other = { ...(JSON.parse(block2 ?? '') as object), hash: `0x${'00'.repeat(32)}` };
    writeFileSync(file, `${block1}\n${JSON.stringify(other)}\n`);
    await expect(start()).rejects.toThrow(/replay of block 2/);
  });

  it('through a kill -9 of anvil: clients wait a moment and see the same head', async () => {
    const bnb = await start();
    try {
      await liveDay(bnb.driver, utcDay((await bnb.chain.head()).timestamp));
      const head = await bnb.chain.head();
      const killed = bnb.chain.anvilPid ?? 0;
      process.kill(killed, 'SIGKILL');
      await until('anvil is another process', () => ![killed, undefined].includes(bnb.chain.anvilPid));
      expect((await blockAt(bnb.url, 'latest')).hash).toBe(head.hash);
      process.kill(bnb.chain.anvilPid ?? 0, 'SIGKILL'); // the driver's next verb finds it dead, and does its work
      expect((await bnb.driver.mine()).number).toBe(head.number + 1);
      expect((await bnb.driver.mine()).number).toBe(head.number + 2);
    } finally {
      await bnb.stop();
    }
  });

  it('through a kill -9 of the process that runs it: anvil ends with it, the chain comes back', async () => {
    const out = path.join(process.cwd(), '.local', `spec-bnb-${process.pid}`);
    const swc = path.join(process.cwd(), 'node_modules', '@swc', 'cli', 'bin', 'swc.js');
    execFileSync(process.execPath, [swc, 'devnet/chains/bnb', '-d', out, '--quiet']);
    const main = path.join(out, 'devnet', 'chains', 'bnb', 'main.js');
    const parent = spawn(process.execPath, [main, '--port', '0', '--state-dir', stateDir, '--days', '2'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const ready = JSON.parse(await firstLine(parent)) as { anvilPid: number; head: { hash: string; number: number } };
      await expect(start()).rejects.toThrow(/already run by process/);
      parent.kill('SIGKILL');
      await new Promise((resolve) => parent.once('exit', resolve));
      await until('anvil has ended too', () => commandOf(ready.anvilPid) === undefined);
      const again = await start();
      expect(await again.chain.head()).toMatchObject(ready.head);
      const pid = again.chain.anvilPid ?? 0;
      await again.stop();
      expect(commandOf(pid)).toBeUndefined();
      expect(existsSync(path.join(stateDir, 'process.json'))).toBe(false);
    } finally {
      parent.kill('SIGKILL');
      rmSync(out, { recursive: true, force: true });
    }
  });
});

describe('an anvil that was left behind', () => {
  it('is ended by its noted pid, but only when it really is an anvil of this chain', async () => {
    const genesisFile = path.join(tmpdir(), 'soft-staking-no-such', 'genesis.json');
    const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)', 'anvil'], { stdio: 'ignore' });
    const ours = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)', 'anvil', genesisFile], {
      stdio: 'ignore',
    });
    try {
      await until('both run', () => [other, ours].every((one) => commandOf(one.pid ?? 0)?.includes('anvil')));
      expect(await endStaleAnvil(other.pid ?? 0, genesisFile)).toBe(false);
      expect(await endStaleAnvil(ours.pid ?? 0, genesisFile)).toBe(true);
      await until('ours has ended', () => ours.signalCode === 'SIGKILL');
      expect(other.exitCode).toBeNull();
    } finally {
      other.kill('SIGKILL');
      ours.kill('SIGKILL');
    }
  });
});

describe('the local BNB chain’s endpoint', () => {
  let bnb: RunningBnbChain;
  beforeEach(async () => {
    bnb = await startTemporaryBnbChain();
  });
  afterEach(() => bnb.stop());

  it('says chain 56, and finalizes two blocks behind the tip', async () => {
    expect(await ask(bnb.url, 'eth_chainId')).toBe('0x38');
    const head = await bnb.driver.mine();
    expect(await height(bnb.url, 'finalized')).toBe(0);
    await bnb.driver.finalize();
    expect((await blockAt(bnb.url, 'finalized')).hash).toBe(head.hash);
    expect(await height(bnb.url, 'safe')).toBe(head.number + 1);
  });

  it('holds the finalized and safe tags while finality is stalled, in every place a tag can stand', async () => {
    await bnb.driver.mine();
    await bnb.driver.finalize();
    const held = await height(bnb.url, 'finalized');
    await bnb.driver.stallFinality();
    await bnb.driver.finalize();
    const head = await bnb.driver.finalize();
    expect(await height(bnb.url, 'latest')).toBe(head.number);
    expect(await height(bnb.url, 'finalized')).toBe(held);
    expect(await height(bnb.url, 'safe')).toBe(held + 1);
    const { wallet } = new SpecStaker(bnb);
    await bnb.driver.fund(wallet.address, 5n);
    const [latest, final] = await Promise.all(
      ['latest', 'finalized'].map((tag) => ask<string>(bnb.url, 'eth_getBalance', [wallet.address, tag])),
    );
    expect(BigInt(latest ?? 0) - BigInt(final ?? 0)).toBe(5n);
    await bnb.driver.resumeFinality();
    expect(await height(bnb.url, 'finalized')).toBe(head.number - 1);
  });

  it('shows a reorg at once: other hashes at the same heights, the dropped transaction gone but still good', async () => {
    const treasury = new SpecStaker(bnb);
    const [validator] = await bnb.driver.validators();
    await bnb.driver.addFees(10n * ONE_BNB);
    const call = bnb.driver.hubCall(treasury.wallet, 'delegate', [validator?.operator, false], 9n * ONE_BNB);
    const raw = await signDevCall(call, 0);
    const hash = await ask<string>(bnb.url, 'eth_sendRawTransaction', [raw]);
    const breathe = await bnb.driver.breathe();
    const head = await bnb.driver.mine();
    const finalBefore = await blockAt(bnb.url, 'finalized');

    await bnb.driver.reorg(2);
    expect(await height(bnb.url, 'latest')).toBe(head.number);
    expect((await blockAt(bnb.url, 'finalized')).hash).toBe(finalBefore.hash);
    const replaced = await ask<Block & { timestamp: string }>(bnb.url, 'eth_getBlockByNumber', [
      ...[`0x${breathe.number.toString(16)}`, false],
    ]);
    expect(replaced.hash).not.toBe(breathe.hash);
    expect(Number(replaced.timestamp)).toBe(breathe.timestamp);
    const paid = (await eventsOfBlock(bnb, replaced.hash)).filter((one) => one.name === 'RewardDistributed');
    expect(paid).toHaveLength(4);
    expect(await ask(bnb.url, 'eth_getTransactionReceipt', [hash])).toBeNull();
    await bnb.driver.mine();
    expect(await ask(bnb.url, 'eth_getTransactionReceipt', [hash])).toBeNull();

    expect(await ask(bnb.url, 'eth_sendRawTransaction', [raw])).toBe(hash);
    await bnb.driver.mine();
    expect(await ask(bnb.url, 'eth_getTransactionReceipt', [hash])).toMatchObject({ status: '0x1' });
    await expect(ask(bnb.url, 'eth_getLogs', [{ blockHash: breathe.hash }])).rejects.toThrow();
    await expect(bnb.driver.reorg(3)).rejects.toThrow(/final/);
  });

  it('keeps what waits in the mempool through a reorg, and mines it only afterwards', async () => {
    const [validator] = await bnb.driver.validators();
    await bnb.driver.mine();
    const hash = await new SpecStaker(bnb).send('delegate', [validator?.operator, false], 2n * ONE_BNB);
    await bnb.driver.reorg(1);
    expect(await ask(bnb.url, 'eth_getTransactionReceipt', [hash])).toBeNull();
    await bnb.driver.mine();
    expect(await ask(bnb.url, 'eth_getTransactionReceipt', [hash])).toMatchObject({ status: '0x1' });
  });

  it('answers state at an old block’s hash', async () => {
    const { wallet } = new SpecStaker(bnb);
    const early = await bnb.driver.mine();
    for (let day = 0; day < 3; day++) await bnb.driver.fund(wallet.address, 1n);
    await bnb.chain.mine(Array.from({ length: 300 }, (_, i) => ({ timestamp: early.timestamp + 20 + i })));
    const [then, now] = await Promise.all([
      ask<string>(bnb.url, 'eth_getBalance', [wallet.address, { blockHash: early.hash }]),
      ask<string>(bnb.url, 'eth_getBalance', [wallet.address, 'latest']),
    ]);
    expect(BigInt(now) - BigInt(then)).toBe(3n);
  });

  it('lets several blocks share a second, and makes any first block of a day the breathe block', async () => {
    const head = await bnb.driver.mine();
    const same = await bnb.driver.mine(head.timestamp);
    expect(same).toMatchObject({ number: head.number + 1, timestamp: head.timestamp });
    await bnb.driver.addFees(ONE_BNB);
    const midnight = (Math.floor(head.timestamp / DAY_SECONDS) + 1) * DAY_SECONDS;
    await bnb.driver.mine(midnight - 1);
    const first = await bnb.driver.mine(midnight);
    expect((await eventsOfBlock(bnb, first.hash)).at(-1)?.name).toBe('validatorSetUpdated');
    expect(await eventsOfBlock(bnb, (await bnb.driver.mine(midnight)).hash)).toEqual([]);
    await expect(bnb.driver.breathe('2026-11-13')).rejects.toThrow(/the chain is in 2026-11-14/);
  });

  it('never shows a block that is not on disk: a batch is written once, and is seen all at once', async () => {
    const head = await bnb.driver.mine();
    const record = path.join(bnb.chain.stateDir, 'blocks.jsonl');
    const seen = new Set<number>();
    let done = false;
    const looking = (async () => {
      while (!done) {
        const { hash, number } = await blockAt(bnb.url, 'latest');
        expect(readFileSync(record, 'utf8')).toContain(hash);
        seen.add(Number.parseInt(number, 16));
      }
    })();
    await until('someone looks', () => seen.size > 0);
    await bnb.chain.mine(Array.from({ length: 200 }, (_, i) => ({ timestamp: head.timestamp + i })));
    await until('the batch is seen', () => seen.size > 1);
    done = true;
    await looking;
    expect([...seen]).toEqual([head.number, head.number + 200]);
  });

  it('refuses what a replay could not repeat, and cuts connections when it is down', async () => {
    await expect(ask(bnb.url, 'evm_mine')).rejects.toThrow(/driver only/);
    await expect(ask(bnb.url, 'anvil_setBalance', [devWallet('treasury').address, '0x1'])).rejects.toThrow(
      /driver only/,
    );
    bnb.driver.rpcDown();
    await expect(blockAt(bnb.url, 'latest')).rejects.toThrow();
    bnb.driver.rpcUp();
    expect(await height(bnb.url, 'latest')).toBe(1);
  });

  it('undoes what failed half-way: a plan that cannot be mined leaves the chain as it was', async () => {
    const head = await bnb.driver.mine();
    const plans = [{ timestamp: head.timestamp + 1 }, { timestamp: head.timestamp - 5 }];
    await expect(bnb.chain.mine(plans)).rejects.toThrow();
    expect(await bnb.chain.head()).toEqual(head);
    expect((await bnb.driver.mine()).number).toBe(head.number + 1);
  });
});

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (part: Buffer) => {
      text += part.toString('utf8');
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    child.once('exit', (code) => reject(new Error(`ended early (${code}): ${text}`)));
  });
}

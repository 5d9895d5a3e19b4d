/**
 * The types of the real Polkadot Asset Hub (runtime 2.0.0, November 2025, staking-async), as they are published in
 * `@polkadot/types-support`: every name and shape that the adapter reads is there.
 */
import assetHub from '@polkadot/types-support/metadata/v15/asset-hub-polkadot-hex';
import version from '@polkadot/types-support/metadata/v15/asset-hub-polkadot-ver';

import { atoms } from '@app/staking-core';

import type { ChillIntent, StakeMove } from '../chain-adapter.js';
import { accountOf, addressOf } from './polkadot.address.js';
import { buildTransaction } from './polkadot.build.js';
import type { PolkadotClient } from './polkadot.client.js';
import { Codec } from './polkadot.codec.js';
import { decodeLedger, decodeNominations, list } from './polkadot.decode.js';
import { decodeOverview, decodePage } from './polkadot.exposures.js';
import { callOf, fits, type Call } from './polkadot.fits.js';
import { withDefaults } from './polkadot.options.js';
import { decodeProxies } from './polkadot.parameters.js';
import { decodePayee } from './polkadot.state.js';

const WHO = '11'.repeat(32);
const GENESIS = `0x${'68'.repeat(32)}`;

const u32 = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString('hex');
};
/** SCALE's compact form of a number below 64 or above 2^30. */
const compact = (value: bigint): string => {
  if (value < 64n) return Buffer.from([Number(value) << 2]).toString('hex');
  const digits = value.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex').reverse();
  return Buffer.from([((bytes.length - 4) << 2) | 3]).toString('hex') + bytes.toString('hex');
};

describe('Polkadot Asset Hub, the published runtime', () => {
  let codec: Codec;

  beforeAll(async () => {
    const { specName, specVersion, transactionVersion } = version as unknown as {
      specName: string;
      specVersion: number;
      transactionVersion: number;
    };
    // The file holds an optional list of bytes: a flag and a length stand before the metadata itself.
    const metadata = `0x${String(assetHub).slice(12)}`;
    codec = await Codec.open({ genesisHash: GENESIS, metadata, specName, specVersion, transactionVersion });
  });

  afterAll(() => codec.close());

  it.each([
    ['staking', 'activeEra'],
    ['staking', 'currentEra'],
    ['staking', 'bonded'],
    ['staking', 'ledger'],
    ['staking', 'payee'],
    ['staking', 'nominators'],
    ['staking', 'validators'],
    ['staking', 'erasStakersOverview'],
    ['staking', 'erasStakersPaged'],
    ['staking', 'erasRewardPoints'],
    ['staking', 'erasValidatorReward'],
    ['staking', 'erasValidatorPrefs'],
    ['staking', 'claimedRewards'],
    ['staking', 'unappliedSlashes'],
    ['staking', 'minNominatorBond'],
    ['staking', 'minimumActiveStake'],
    ['staking', 'forceEra'],
    ['staking', 'offenceQueue'],
    ['proxy', 'proxies'],
    ['balances', 'locks'],
    ['system', 'account'],
    ['system', 'events'],
    ['timestamp', 'now'],
  ])('R19: %s.%s is there', (pallet, item) => expect(codec.has(pallet, item)).toBe(true));

  it.each(['bond', 'bondExtra', 'nominate', 'chill', 'unbond', 'rebond', 'withdrawUnbonded', 'payoutStakersByPage'])(
    'the call staking.%s is there',
    (name) => expect(codec.hasCall('staking', name)).toBe(true),
  );

  it('reads its constants live', () => {
    expect(codec.constant('staking', 'bondingDuration')).toBe(28n);
    expect(codec.constant('staking', 'maxUnlockingChunks')).toBe(32n);
    expect(codec.constant('staking', 'historyDepth')).toBe(84n);
  });

  it('R1: a ledger beyond 2^53, to the planck, its chunks in eras', () => {
    const raw = `0x${WHO}${compact(9_007_199_254_740_995n)}${compact(9_007_199_254_740_993n)}0408b57d`;
    const ledger = decodeLedger(codec.value('staking', 'ledger', raw));
    expect(ledger.total).toBe(9_007_199_254_740_995n);
    expect(ledger.unlocking).toEqual([{ amount: 2n, era: 8_045n }]);
  });

  it('R19: bytes that are too many or too few are no ledger', () => {
    const raw = `0x${WHO}${compact(5n)}${compact(5n)}00`;
    expect(decodeLedger(codec.value('staking', 'ledger', raw)).active).toBe(5n);
    for (const broken of [`${raw}00`, raw.slice(0, -2), raw.slice(0, -20)]) {
      expect(() => codec.value('staking', 'ledger', broken)).toThrow(expect.objectContaining({ code: 'BAD_ANSWER' }));
    }
  });

  it('reads nominations, exposures, payees and proxies', () => {
    const nominations = codec.value('staking', 'nominators', `0x04${WHO}${u32(2_219)}00`);
    expect(decodeNominations(nominations)).toEqual({ targets: [`0x${WHO}`], submittedIn: 2_219n });
    const overview = codec.value('staking', 'erasStakersOverview', `0x${compact(7n)}${compact(2n)}${u32(9)}${u32(1)}`);
    expect(decodeOverview(overview)).toEqual({ total: 7n, own: 2n, pages: 1n });
    const page = codec.value('staking', 'erasStakersPaged', `0x${compact(5n)}04${WHO}${compact(5n)}`);
    expect(decodePage(page)).toEqual([{ who: `0x${WHO}`, amount: 5n }]);
    expect(decodePayee(codec.value('staking', 'payee', `0x03${WHO}`))).toBe(`Account(0x${WHO})`);
    expect(decodePayee(codec.value('staking', 'payee', '0x00'))).toBe('Staked');
    // Staking is the ninth kind of proxy.
    const proxies = codec.value('proxy', 'proxies', `0x04${WHO}08${u32(0)}${'00'.repeat(16)}`);
    expect(decodeProxies(proxies, (who) => who.slice(0, 6))).toBe('Staking:0x1111:0');
  });

  it('R39: builds what a key signs, through the Staking proxy, and takes it apart again', () => {
    const nominate = codec.call('staking', 'nominate', [{ Id: `0x${WHO}` }]);
    const inner = codec.call('utility', 'batchAll', [codec.call('staking', 'bondExtra', 10n ** 16n + 1n), nominate]);
    const call = codec.call('proxy', 'proxy', { Id: `0x${WHO}` }, 'Staking', inner);
    const life = { at: { height: 12_345_678n, hash: `0x${'ab'.repeat(32)}` }, nonce: 77n, blocks: 256 };
    const bytes = codec.payload(call, life);
    const explained = codec.explain(bytes);
    expect(explained).toMatchObject({
      nonce: 77n,
      tip: 0n,
      blocks: 256n,
      genesisHash: GENESIS,
      blockHash: life.at.hash,
    });
    expect(
      JSON.stringify(explained.call, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one)),
    ).toContain('"staking.bondExtra","args":{"maxAdditional":"10000000000000001"}');
    expect(() => codec.explain(`${bytes}00`)).toThrow(expect.objectContaining({ code: 'REFUSED' }));
  });

  describe('what has been unbonded is called back before anything free is bonded', () => {
    const HOT = addressOf(`0x${'22'.repeat(32)}`, 0);
    const STASH = addressOf(`0x${WHO}`, 0);
    const GOOD = addressOf(`0x${'33'.repeat(32)}`, 0);
    const at = { height: 12_345_678n, hash: `0x${'ab'.repeat(32)}`, timeMs: 1n };
    const settings = withDefaults({ urls: [], genesisHash: GENESIS, stash: STASH });
    /** 1,000 bonded and 500 on the way out in two chunks; nothing is nominated. */
    const LEDGER = `0x${WHO}${compact(1_500n * 2n ** 40n)}${compact(1_000n * 2n ** 40n)}08${compact(200n * 2n ** 40n)}b57d${compact(300n * 2n ** 40n)}b97d`;
    const UNIT = 2n ** 40n;

    const callsOf = async (
      intent: StakeMove | ChillIntent,
      stored: Readonly<Record<string, string>>,
    ): Promise<Call[]> => {
      const client = {
        codecAt: () => Promise.resolve(codec),
        value: (_: string, { pallet, item }: { pallet: string; item: string }) =>
          Promise.resolve(codec.value(pallet, item, stored[item] ?? null)),
      } as unknown as PolkadotClient;
      const lane = { account: HOT, number: 7n };
      const { bytes } = await buildTransaction(client, settings, { operationId: 'o', index: 0, intent }, lane, at);
      const proxied = callOf(codec.explain(bytes).call);
      expect(proxied).toMatchObject({ name: 'proxy.proxy', args: { real: { kind: 'Id', value: `0x${WHO}` } } });
      const inner = callOf(proxied.args['call'] ?? null);
      const calls = inner.name === 'utility.batchAll' ? list(inner.args['calls'], 'calls').map(callOf) : [inner];
      expect(fits(calls, intent, `0x${WHO}`, (one) => accountOf(one, 0))).toBe(true);
      return calls;
    };
    const delegate = (amount: bigint): StakeMove => ({ kind: 'delegate', validator: GOOD, amount: atoms(amount) });
    const named = (calls: readonly Call[]): unknown[] =>
      calls.map(({ name, args }) => [name, args['value'] ?? args['maxAdditional'] ?? null]);
    const bonded = { bonded: `0x${WHO}`, ledger: LEDGER };
    const nominating = { ...bonded, nominators: `0x04${'33'.repeat(32)}${u32(2_219)}00` };

    it.each<[string, bigint, unknown[]]>([
      ['less than is leaving', 499n * UNIT, [['staking.rebond', 499n * UNIT]]],
      ['all that is leaving', 500n * UNIT, [['staking.rebond', 500n * UNIT]]],
      [
        'a planck more',
        500n * UNIT + 1n,
        [
          ['staking.bondExtra', 1n],
          ['staking.rebond', 500n * UNIT],
        ],
      ],
    ])('R36, R39: %s', async (_, amount, wanted) => {
      expect(named(await callsOf(delegate(amount), nominating))).toEqual(wanted);
      expect(named(await callsOf(delegate(amount), bonded))).toEqual([...wanted, ['staking.nominate', null]]);
    });

    it('a sixteenth validator is nominated beside the others, a seventeenth is refused', async () => {
      const nominators = (count: number): string =>
        `0x${compact(BigInt(count))}${Array.from({ length: count }, (_, i) => `${64 + i}`.repeat(32)).join('')}${u32(2_219)}00`;
      const [, nominate] = await callsOf(delegate(500n * UNIT), { ...bonded, nominators: nominators(15) });
      expect(nominate?.args['targets']).toHaveLength(16);
      await expect(callsOf(delegate(1n), { ...bonded, nominators: nominators(16) })).rejects.toMatchObject({
        code: 'REFUSED',
      });
    });

    it('a first bond has nothing to call back', async () => {
      expect(named(await callsOf(delegate(UNIT), {}))).toEqual([
        ['staking.bond', UNIT],
        ['staking.nominate', null],
      ]);
    });

    it('R39: a chill is the one call, and none where nothing is nominated', async () => {
      const chill = { kind: 'chill', validator: STASH } as const;
      expect(named(await callsOf(chill, nominating))).toEqual([['staking.chill', null]]);
      await expect(callsOf(chill, bonded)).rejects.toMatchObject({ code: 'REFUSED' });
      await expect(callsOf({ kind: 'chill', validator: GOOD }, nominating)).rejects.toMatchObject({ code: 'REFUSED' });
    });

    it('R39: the signer signs no other calls for it', () => {
      const account = (one: string): string => accountOf(one, 0);
      const call = (name: string, ...args: unknown[]): Call =>
        callOf(codec.explain(codec.payload(codec.call('staking', name, ...args), { at, nonce: 1n, blocks: 256 })).call);
      const [extra, back] = [call('bondExtra', 2n), call('rebond', 3n)];
      const nominate = call('nominate', [{ Id: `0x${'33'.repeat(32)}` }]);
      const fit = (calls: readonly Call[], intent: StakeMove | ChillIntent): boolean =>
        fits(calls, intent, `0x${WHO}`, account);
      expect(fit([extra, back, nominate], delegate(5n))).toBe(true);
      for (const calls of [[extra, back], [back, extra], [extra, extra, back], [nominate], [call('unbond', 5n)]]) {
        expect(fit(calls, delegate(calls.length === 2 && calls[0] === extra ? 6n : 5n))).toBe(false);
      }
      expect(fit([call('chill'), call('unbond', 5n)], { kind: 'chill', validator: STASH })).toBe(false);
      expect(fit([call('chill')], { kind: 'chill', validator: GOOD })).toBe(false);
      expect(fit([call('chill')], delegate(0n))).toBe(false);
    });
  });
});

import type { AdapterHarness, ProxiedCall } from '@app/chains/testing';

import {
  devAccount,
  ONE_ATOM,
  sendAs,
  type RunningCosmosNode,
  type SeatSpec,
  type StartCosmosNodeOptions,
} from '../../../devnet/chains/cosmos/node/index.js';
import { CosmosDevSigner } from '../../../libs/chains/src/cosmos/cosmos-dev-signer.js';
import { CosmosAdapter } from '../../../libs/chains/src/cosmos/cosmos.adapter.js';
import type { CosmosOptions } from '../../../libs/chains/src/cosmos/cosmos.options.js';
import { alterAbciResult } from './alter-amounts.js';
import { midnightAfter, temporaryNode } from './cosmos-node-world.js';

/** Stakes so large that the amounts under test are above 2^53 uatom and still far from a third of the power. */
const SEATS: readonly SeatSpec[] = ['Lead', 'Cassiopeia', 'Lyra', 'Vela'].map((moniker, i) => ({
  moniker,
  stake: (i === 0 ? 2_000_000_000_000n : 50_000_000_000n) * ONE_ATOM,
  commission: i === 2 ? '0.070000000000000000' : '0.050000000000000000',
}));

export interface CosmosNodeHarness extends AdapterHarness {
  readonly running: RunningCosmosNode;
  readonly signer: CosmosDevSigner;
  openWith(options: Partial<CosmosOptions>): CosmosAdapter;
}

/** The real chain in driven time, with the treasury's published key as the account under test. */
export async function makeCosmosNodeHarness(options: Partial<StartCosmosNodeOptions> = {}): Promise<CosmosNodeHarness> {
  const { running, remove } = await temporaryNode({ seats: SEATS, treasuryAtoms: 10n ** 18n, ...options });
  const { control, identity, treasury, url, validators } = running;
  const signer = new CosmosDevSigner(treasury.privateKey, identity.chainId);
  const [, first, second] = validators.map((one) => one.operator);
  if (first === undefined || second === undefined) throw new Error('the chain has too few validators');
  const openWith = (options: Partial<CosmosOptions>): CosmosAdapter =>
    new CosmosAdapter({
      urls: [url],
      chainId: identity.chainId,
      publicKeys: [signer.publicKey],
      maxAnswerBytes: 2 * 1024 * 1024,
      ...options,
    });
  let traffic = 0;
  return {
    running,
    openWith,
    url,
    open: (urls, options = {}) => openWith({ urls, ...options }),
    signer,
    validators: [first, second],
    amounts: [10_007_199_254_740_993n, 9_107_199_254_740_995n],
    anyFinalBlockIsACut: false,
    advancePeriod: async () => {
      await running.advanceTo(midnightAfter((await control.status()).timeMs));
      await control.blocks(2);
    },
    include: () => control.blocks(1),
    finalize: () => control.blocks(1),
    foreignTraffic: async () => {
      traffic += 1;
      await foreignTraffic(running, traffic);
    },
    earnsInEveryBlock: true,
    jail: (validator) => jailForDowntime(running, validator),
    reorg: null,
    stallFinality: null,
    resumeFinality: null,
    faults: {
      freeze: async () => {
        const { height } = await control.status();
        return (call: ProxiedCall) =>
          call.method === 'header' && (call.params[0] ?? null) === null ? { ...call, params: [`${height}`] } : call;
      },
      pruned: { code: -32603, message: 'failed to load state at height 5; version does not exist' },
      stateMethods: ['abci_query'],
      alterAmounts: (change) => (call, result) =>
        call.method === 'abci_query' ? alterAbciResult(result, change) : result,
      broadcastMethod: 'broadcast_tx_sync',
    },
    close: remove,
  };
}

/** It stops voting until it has missed more than half of the window: the chain slashes and jails it by its own rules. */
export async function jailForDowntime(running: RunningCosmosNode, validator: string): Promise<void> {
  const seat = running.validators.find((one) => one.operator === validator);
  if (seat === undefined) throw new Error(`there is no seat of ${validator}`);
  await running.control.silence(seat.number);
  await running.control.blocks(15);
}

/** A stranger stakes with our validators, leaves one of them in part, and moves stake between two others. */
async function foreignTraffic(running: RunningCosmosNode, n: number): Promise<void> {
  const index = n % 3;
  const { validators, url, control } = running;
  const own = (await devAccount('stranger', index)).address;
  const seat = (number: number): string => validators[number]?.operator ?? '';
  const amount = (atoms: bigint) => ({ denom: 'uatom', amount: `${atoms}` });
  const stake = (name: string, value: object) => ({
    typeUrl: `/cosmos.staking.v1beta1.Msg${name}`,
    value: { delegatorAddress: own, ...value },
  });
  await sendAs(
    url,
    { role: 'stranger', index },
    [
      stake('Delegate', { validatorAddress: seat(1), amount: amount(3_000_000_777n * BigInt(n)) }),
      stake('Delegate', { validatorAddress: seat(2), amount: amount(2_000_000_001n * BigInt(n)) }),
      stake('Undelegate', { validatorAddress: seat(1 + (n % 2)), amount: amount(1_000_007n * BigInt(n)) }),
      stake('Delegate', { validatorAddress: seat(3), amount: amount(5_000_003n) }),
      stake('BeginRedelegate', {
        validatorSrcAddress: seat(3),
        validatorDstAddress: seat(0),
        amount: amount(4_000_001n),
      }),
    ],
    () => control.blocks(1),
  );
}

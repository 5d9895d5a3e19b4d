import { createHash } from 'node:crypto';
import {
  ChainError,
  type BlockStamp,
  type BroadcastOutcome,
  type Capabilities,
  type ChainAdapter,
  type ChainName,
  type ChainIdentity,
  type ChainParameters,
  type EffectVerdict,
  type FinalStamp,
  type FlowObservation,
  type Lane,
  type Located,
  type Observation,
  type Position,
  type RewardObservation,
  type SignedTransaction,
  type StakeIntent,
  type Step,
  type TransactionSigner,
  type UnsignedTransaction,
  type ValidatorState,
} from '@app/chains';
import {
  atoms,
  averageActiveStake,
  dayEndMs,
  dayOf,
  dayStartMs,
  previousDay,
  rewardKey,
  signedAtoms,
  type Atoms,
} from '@app/staking-core';
import { TOY_FEE, TREASURY, type ToyBlock, type ToyChain, type ToyTransaction } from './toy-chain.js';

type Call = keyof ChainAdapter;

/** One process's view of a toy chain, with its own faults and delays. */
export class ToyAdapter implements ChainAdapter {
  readonly token: string;
  readonly decimals = 18;
  readonly capabilities: Capabilities = {
    autoCompounds: true,
    canRedelegate: false,
    canChill: false,
    exitNeedsClaim: true,
    exitSlots: null,
    principalAtRisk: false,
  };
  chainId = '56';
  /** Before each call: may wait, or throw what the network would. */
  before: (call: Call) => Promise<void> | void = () => undefined;
  /** Changes an observation on its way: an adapter that is wrong. */
  distort: (observation: Observation) => Observation = (observation) => observation;

  /** @param chain which chain's place it takes in the books, for tests with several */
  constructor(
    readonly toy: ToyChain,
    readonly chain: ChainName = 'bnb',
  ) {
    this.token = { bnb: 'BNB', solana: 'SOL', cosmos: 'ATOM', polkadot: 'DOT' }[chain];
  }

  async identity(): Promise<ChainIdentity> {
    await this.before('identity');
    return { chainId: this.chainId, genesisHash: this.toy.block(0n)!.hash };
  }

  async finalStamp(_signal: AbortSignal, floor?: BlockStamp): Promise<FinalStamp> {
    await this.before('finalStamp');
    const { final, head } = this.toy;
    if (floor && final.height < floor.height) throw this.error('FINALITY_WENT_BACK');
    return { ...stampOf(final), headHeight: head.height, headTimeMs: head.timeMs };
  }

  async isCanonical(stamp: BlockStamp): Promise<boolean> {
    await this.before('isCanonical');
    return this.toy.block(stamp.height)?.hash === stamp.hash;
  }

  async firstCut(final: BlockStamp): Promise<BlockStamp | null> {
    await this.before('firstCut');
    for (let height = final.height; height > 0n; height -= 1n) {
      const block = this.toy.block(height)!;
      if (this.toy.isCut(block)) return stampOf(block);
    }
    return null;
  }

  async nextCut(after: BlockStamp, final: BlockStamp): Promise<BlockStamp | null> {
    await this.before('nextCut');
    for (let height = after.height + 1n; height <= final.height; height += 1n) {
      const block = this.toy.block(height)!;
      if (this.toy.isCut(block)) return stampOf(block);
    }
    return null;
  }

  async observe(from: BlockStamp, to: BlockStamp): Promise<Observation> {
    await this.before('observe');
    const blocks = this.between(from, to);
    const day = previousDay(dayOf(to.timeMs));
    const flows = blocks.flatMap((block) => this.flowsOf(block));
    const opening = [...this.at(from).state.stake.values()].reduce((sum, amount) => sum + amount, 0n);
    // What moves in the cut block itself belongs to the new day.
    const stakeFlows = flows
      .filter((flow) => flow.at.height < to.height)
      .map((flow) => ({ atMs: flow.atMs, deltaAtoms: signedAtoms(flow.activeChange) }));
    return this.distort({
      from,
      to,
      rewards: this.rewardsOf(this.at(to)),
      slashes: [],
      flows,
      positions: positionsOf(this.at(to)),
      validators: this.validators(),
      parameters: this.parameters(),
      liquid: atoms(this.at(to).state.liquid),
      days: [{ day, averageStake: averageActiveStake(day, atoms(opening), stakeFlows) }],
    });
  }

  async parametersAt(at: BlockStamp): Promise<ChainParameters> {
    await this.before('parametersAt');
    this.at(at);
    return this.parameters();
  }

  async validatorsAt(at: BlockStamp): Promise<readonly ValidatorState[]> {
    await this.before('validatorsAt');
    this.at(at);
    return this.validators();
  }

  async positionsAt(at: BlockStamp): Promise<readonly Position[]> {
    await this.before('positionsAt');
    return positionsOf(this.at(at));
  }

  async liquidAt(at: BlockStamp): Promise<Atoms> {
    await this.before('liquidAt');
    return atoms(this.at(at).state.liquid);
  }

  plan(operationId: string, intent: StakeIntent): readonly Step[] {
    return [{ operationId, index: 0, intent }];
  }

  async nextLane(account: string, at: BlockStamp): Promise<Lane> {
    await this.before('nextLane');
    return { account, number: this.at(at).state.nonce };
  }

  async build(step: Step, lane: Lane): Promise<UnsignedTransaction> {
    await this.before('build');
    if (step.intent.kind !== 'delegate') throw this.error('REFUSED');
    const { validator, amount } = step.intent;
    if (this.toy.jailed.has(validator)) throw this.error('REFUSED');
    const content = JSON.stringify({ nonce: `${lane.number ?? 0n}`, validator, amount: `${amount}` });
    const bytes = Buffer.from(content).toString('hex');
    return { step, lane, bytes, digest: digestOf(bytes) };
  }

  async broadcast(signed: SignedTransaction): Promise<BroadcastOutcome> {
    await this.before('broadcast');
    this.toy.received.push(signed.bytes);
    const mode = this.toy.broadcasts.shift() ?? 'accept';
    if (mode === 'reject') return { kind: 'rejected', code: 'INSUFFICIENT_FUNDS', detail: 'not now' };
    if (mode === 'never-arrives') return { kind: 'unknown' };
    if (mode === 'drop-after-accept') return { kind: 'accepted' };
    const known = this.toy.knows(signed.txid);
    this.toy.arrive(transactionOf(signed));
    return { kind: mode === 'answer-lost' ? 'unknown' : known ? 'known' : 'accepted' };
  }

  async locate(signed: SignedTransaction): Promise<Located> {
    await this.before('locate');
    const block = this.toy.blockOf(signed.txid);
    if (block) {
      const state = block.height <= this.toy.final.height ? 'final' : 'included';
      const { succeeded } = block.transactions.find(({ transaction }) => transaction.txid === signed.txid)!;
      const flows = this.flowsOf(block).filter((flow) => flow.txid === signed.txid);
      return {
        state,
        at: stampOf(block),
        succeeded,
        flows,
        feeAtoms: atoms(TOY_FEE),
        failure: succeeded ? null : 'reverted',
      };
    }
    if (this.toy.final.state.nonce > signed.lane.number!)
      return { state: 'dead', reason: 'its number was used by another' };
    return { state: 'pending' };
  }

  verifyEffect(step: Step, located: Located): EffectVerdict {
    if (located.state === 'pending' || located.state === 'dead') return { kind: 'failed', detail: located.state };
    const moved = located.flows.reduce((sum, flow) => sum + flow.amount, 0n);
    const wanted = 'amount' in step.intent ? step.intent.amount : 0n;
    return moved === wanted ? { kind: 'verified' } : { kind: 'failed', detail: `moved ${moved} of ${wanted}` };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private between(from: BlockStamp, to: BlockStamp): ToyBlock[] {
    const blocks: ToyBlock[] = [];
    for (let height = this.at(from).height + 1n; height <= this.at(to).height; height += 1n) {
      blocks.push(this.toy.block(height)!);
    }
    return blocks;
  }

  /** Pinned to the hash: another block at that height is an unknown block. */
  private at(stamp: BlockStamp): ToyBlock {
    const block = this.toy.block(stamp.height);
    if (block?.hash !== stamp.hash) throw this.error('BLOCK_UNKNOWN');
    return block;
  }

  private rewardsOf(block: ToyBlock): RewardObservation[] {
    const day = previousDay(dayOf(block.timeMs));
    return [...block.rewards].map(([validator, amount]) => {
      const position = positionKey(validator);
      return {
        key: rewardKey({ chain: this.chain, positionKey: position, period: day, kind: 'protocol' }),
        kind: 'protocol',
        positionKey: position,
        validator,
        period: day,
        amount: atoms(amount),
        earnedFromMs: dayStartMs(day),
        earnedToMs: dayEndMs(day),
        at: stampOf(block),
        txid: null,
        crossCheck: { amount: atoms(amount + 1n), toleranceAtoms: atoms(2n) },
      };
    });
  }

  private flowsOf(block: ToyBlock): FlowObservation[] {
    return block.transactions
      .filter(({ transaction, succeeded }) => succeeded && transaction.kind === 'delegate')
      .map(({ transaction }) => ({
        key: `${transaction.txid}|0`,
        kind: 'delegate',
        positionKey: positionKey(transaction.validator),
        validator: transaction.validator,
        amount: transaction.amount,
        activeChange: transaction.amount,
        feeAtoms: atoms(TOY_FEE),
        atMs: block.timeMs,
        at: stampOf(block),
        txid: transaction.txid,
      }));
  }

  private validators(): ValidatorState[] {
    return this.toy.validators.map((validator) => ({
      validator,
      moniker: `${validator} <b>\u0000`,
      commissionBps: 1000n,
      health: this.toy.jailed.has(validator) ? 'jailed' : 'active',
      jailedUntilMs: null,
      earning: true,
      totalStake: atoms(10n ** 24n),
    }));
  }

  private parameters(): ChainParameters {
    return {
      minimumDelegation: this.toy.minimumDelegation,
      unbondingMs: 604_800_000n,
      unbondingPeriods: null,
      others: { redelegateFeeRate: '2' },
    };
  }

  private error(code: ConstructorParameters<typeof ChainError>[0]): ChainError {
    return new ChainError(code, this.chain, `toy chain: ${code}`);
  }
}

/** Signs nothing real: the toy chain believes any bytes. */
export const toySigner: TransactionSigner = {
  account: TREASURY,
  sign: ({ bytes, lane }) => Promise.resolve({ bytes, txid: digestOf(bytes), lane, expiresAtHeight: null }),
};

function transactionOf(signed: SignedTransaction): ToyTransaction {
  const content = JSON.parse(Buffer.from(signed.bytes, 'hex').toString()) as Record<
    'nonce' | 'validator' | 'amount',
    string
  >;
  return {
    txid: signed.txid,
    nonce: BigInt(content.nonce),
    kind: 'delegate',
    validator: content.validator,
    amount: BigInt(content.amount),
  };
}

function positionsOf(block: ToyBlock): Position[] {
  return [...block.state.stake].map(([validator, amount]) => ({
    key: positionKey(validator),
    validator,
    active: atoms(amount),
    activating: atoms(0n),
    exiting: [],
    withdrawable: atoms(0n),
    claimable: atoms(0n),
  }));
}

const digestOf = (bytes: string): string => `0x${createHash('sha256').update(bytes).digest('hex')}`;
const positionKey = (validator: string): string => `bnb:${validator}:${TREASURY}`;
const stampOf = ({ height, hash, timeMs }: BlockStamp): BlockStamp => ({ height, hash, timeMs });

/** Pure: instructions of the stake and system programs as far as they can move or change stake accounts. */
import { encodeBase58 } from './solana.base58.js';

export const STAKE_PROGRAM = 'Stake11111111111111111111111111111111111111';
export const SYSTEM_PROGRAM = '11111111111111111111111111111111';
export const BUDGET_PROGRAM = 'ComputeBudget111111111111111111111111111111';
export const STAKE_BYTES = 200;

/** A place in a list: never an amount. Beyond any list's end when it is absurd. */
export const placeOf = (value: bigint): number => (value < 65_536n ? Number(value) : 65_536);

/** An instruction as it stands in a transaction: addresses resolved, data raw. */
export interface RawInstruction {
  readonly program: string;
  readonly accounts: readonly string[];
  readonly data: Uint8Array;
}

export type Instruction =
  | {
      readonly kind: 'create';
      readonly from: string;
      readonly to: string;
      readonly lamports: bigint;
      readonly owner: string;
      /** null: not made from a seed. */
      readonly base: string | null;
      readonly seed: string | null;
    }
  | {
      readonly kind: 'allocate';
      readonly to: string;
      readonly base: string;
      readonly seed: string;
      readonly owner: string;
    }
  | { readonly kind: 'transfer'; readonly from: string; readonly to: string; readonly lamports: bigint }
  | {
      readonly kind: 'initialize';
      readonly stake: string;
      readonly staker: string;
      readonly withdrawer: string;
      readonly lockup: boolean;
    }
  | { readonly kind: 'authorize'; readonly stake: string; readonly role: 'staker' | 'withdrawer'; readonly to: string }
  | { readonly kind: 'delegate'; readonly stake: string; readonly voter: string; readonly authority: string }
  | {
      readonly kind: 'split';
      readonly stake: string;
      readonly to: string;
      readonly lamports: bigint;
      readonly authority: string;
    }
  | {
      readonly kind: 'withdraw';
      readonly stake: string;
      readonly to: string;
      readonly lamports: bigint;
      readonly authority: string;
    }
  | { readonly kind: 'deactivate'; readonly stake: string; readonly authority: string | null }
  | { readonly kind: 'merge'; readonly into: string; readonly from: string; readonly authority: string }
  | { readonly kind: 'lockup'; readonly stake: string }
  | {
      readonly kind: 'move-stake' | 'move-lamports';
      readonly from: string;
      readonly to: string;
      readonly lamports: bigint;
    }
  | { readonly kind: 'budget' }
  | { readonly kind: 'other'; readonly program: string };

/** Reads little-endian fields one after the other; throws RangeError when the data is too short. */
class Fields {
  private at = 4;
  private readonly data: Buffer;

  constructor(data: Uint8Array) {
    this.data = Buffer.from(data);
  }

  u32(): number {
    this.at += 4;
    return this.data.readUInt32LE(this.at - 4);
  }

  u64(): bigint {
    this.at += 8;
    return this.data.readBigUInt64LE(this.at - 8);
  }

  key(): string {
    this.at += 32;
    if (this.at > this.data.length) throw new RangeError('a key is cut short');
    return encodeBase58(this.data.subarray(this.at - 32, this.at));
  }

  text(): string {
    const length = Number(this.u64());
    this.at += length;
    if (this.at > this.data.length) throw new RangeError('a text is cut short');
    return this.data.subarray(this.at - length, this.at).toString('utf8');
  }

  rest(): Buffer {
    return this.data.subarray(this.at);
  }
}

/** @throws RangeError when the data does not fit the instruction it names */
export function decodeInstruction({ program, accounts, data }: RawInstruction): Instruction {
  if (program === BUDGET_PROGRAM) return { kind: 'budget' };
  if (program !== SYSTEM_PROGRAM && program !== STAKE_PROGRAM) return { kind: 'other', program };
  const tag = Buffer.from(data).readUInt32LE(0);
  const account = (i: number): string => {
    const found = accounts[i];
    if (found === undefined) throw new RangeError(`instruction ${tag} lacks account ${i}`);
    return found;
  };
  const fields = new Fields(data);
  const decoded = program === SYSTEM_PROGRAM ? ofSystem(tag, fields, account) : ofStake(tag, fields, account, accounts);
  return decoded ?? { kind: 'other', program };
}

type AccountAt = (i: number) => string;

function ofSystem(tag: number, fields: Fields, account: AccountAt): Instruction | null {
  switch (tag) {
    case 0: {
      const lamports = fields.u64();
      fields.u64();
      return {
        kind: 'create',
        from: account(0),
        to: account(1),
        lamports,
        owner: fields.key(),
        base: null,
        seed: null,
      };
    }
    case 2:
      return { kind: 'transfer', from: account(0), to: account(1), lamports: fields.u64() };
    case 3: {
      const [base, seed, lamports] = [fields.key(), fields.text(), fields.u64()];
      fields.u64();
      return { kind: 'create', from: account(0), to: account(1), lamports, owner: fields.key(), base, seed };
    }
    case 9: {
      const [base, seed] = [fields.key(), fields.text()];
      fields.u64();
      return { kind: 'allocate', to: account(0), base, seed, owner: fields.key() };
    }
    case 11:
      return { kind: 'transfer', from: account(0), to: account(2), lamports: fields.u64() };
    default:
      return null;
  }
}

function ofStake(tag: number, fields: Fields, account: AccountAt, accounts: readonly string[]): Instruction | null {
  const stake = accounts[0] ?? '';
  const role = (which: number): 'staker' | 'withdrawer' => (which === 0 ? 'staker' : 'withdrawer');
  switch (tag) {
    case 0: {
      const [staker, withdrawer] = [fields.key(), fields.key()];
      return {
        kind: 'initialize',
        stake: account(0),
        staker,
        withdrawer,
        lockup: fields.rest().some((byte) => byte !== 0),
      };
    }
    case 1:
    case 8: {
      const to = fields.key();
      return { kind: 'authorize', stake, role: role(fields.u32()), to };
    }
    case 2:
      return { kind: 'delegate', stake: account(0), voter: account(1), authority: account(5) };
    case 3:
      return { kind: 'split', stake: account(0), to: account(1), lamports: fields.u64(), authority: account(2) };
    case 4:
      return { kind: 'withdraw', stake: account(0), to: account(1), lamports: fields.u64(), authority: account(4) };
    case 5:
      return { kind: 'deactivate', stake: account(0), authority: account(2) };
    case 6:
    case 12:
      return { kind: 'lockup', stake: account(0) };
    case 7:
      return { kind: 'merge', into: account(0), from: account(1), authority: account(4) };
    case 9:
      return { kind: 'initialize', stake: account(0), staker: account(2), withdrawer: account(3), lockup: false };
    case 10:
    case 11:
      return { kind: 'authorize', stake, role: role(fields.u32()), to: account(3) };
    case 14:
      return { kind: 'deactivate', stake: account(0), authority: null }; // of a delinquent validator: by anybody
    case 16:
      return { kind: 'move-stake', from: account(0), to: account(1), lamports: fields.u64() };
    case 17:
      return { kind: 'move-lamports', from: account(0), to: account(1), lamports: fields.u64() };
    default:
      return null;
  }
}

import type { ChainToMake } from './chain-to-make.js';

/** A file of the skeleton: its path from the project's root, and what is in it. */
export interface MadeFile {
  readonly path: string;
  readonly text: string;
}

/** The adapter's folder: three files by the pattern of all chains, their options, a development signer. */
export function adapterFiles(chain: ChainToMake): MadeFile[] {
  const folder = `libs/chains/src/${chain.name}`;
  return [
    { path: `${folder}/${chain.name}.options.ts`, text: options(chain) },
    { path: `${folder}/${chain.name}.client.ts`, text: client(chain) },
    { path: `${folder}/${chain.name}.decode.ts`, text: decode(chain) },
    { path: `${folder}/${chain.name}.adapter.ts`, text: adapter(chain) },
    { path: `${folder}/${chain.name}-dev-signer.ts`, text: devSigner(chain) },
  ];
}

const options = ({ name, className }: ChainToMake): string => `import type { ChainName } from '../chain-adapter.js';

/** Plain '${name}' once \`ChainName\` in chain-adapter.ts knows it. */
export const CHAIN = '${name}' as string as ChainName;

export interface ${className}Options {
  /** Endpoints, best first. Two or more in production. */
  readonly urls: readonly string[];
  /** As the chain says it; an endpoint of another chain is refused. */
  readonly chainId: string;
  /** For one HTTP exchange. */
  readonly timeoutMs?: number;
  /** Money reads on a second endpoint: whenever one answers, always (or the read fails), or never. */
  readonly confirm?: 'off' | 'when-available' | 'required';
}

/** Thrown by everything that is still to be written; the contract suite shows where. */
export const notWritten = (what: string): Error => new Error(\`${name}: \${what} is not written yet\`);
`;

const client = ({ className, name }: ChainToMake): string => `import type { BlockStamp } from '../chain-adapter.js';
import { notWritten, type ${className}Options } from './${name}.options.js';

/**
 * Thin typed calls at a given block, and nothing else: no arithmetic, no decisions. Build it on \`../rpc/\`, which brings
 * failover, limits, time-outs, lossless JSON and scrubbed errors.
 */
export class ${className}Client {
  constructor(readonly options: ${className}Options) {}

  /** Raw answer for one account's positions at exactly this block; throws when the endpoint does not have its state. */
  positionsAt(_account: string, _at: BlockStamp, _signal: AbortSignal): Promise<unknown> {
    return Promise.reject(notWritten('client.positionsAt'));
  }
}
`;

const decode = ({ name }: ChainToMake): string => `import { atoms, type Atoms } from '@app/staking-core';
import { ChainError } from '../chain-error.js';
import { CHAIN } from './${name}.options.js';

/**
 * Pure: raw answers to our types. Every number of the chain is parsed in this file, to bigint at once; what is not
 * exactly what it should be is \`BAD_ANSWER\`, never zero (R19). Hold it against recorded real answers in a spec.
 */
export function amountOf(value: unknown, what: string): Atoms {
  if (typeof value !== 'string' || !/^(0|[1-9][0-9]{0,77})$/.test(value)) {
    throw new ChainError('BAD_ANSWER', CHAIN, \`\${what} is not a whole amount\`);
  }
  return atoms(BigInt(value));
}
`;

/** One method of the port that waits to be written. */
interface Method {
  readonly name: string;
  readonly parameters: string;
  readonly returns: string;
  /** Synchronous ones throw, the others reject. */
  readonly sync?: true;
}

const METHODS: readonly Method[] = [
  { name: 'identity', parameters: '_signal: AbortSignal', returns: 'ChainIdentity' },
  { name: 'finalStamp', parameters: '_signal: AbortSignal, _floor?: BlockStamp', returns: 'FinalStamp' },
  { name: 'isCanonical', parameters: '_stamp: BlockStamp, _signal: AbortSignal', returns: 'boolean' },
  { name: 'firstCut', parameters: '_final: BlockStamp, _signal: AbortSignal', returns: 'BlockStamp | null' },
  {
    name: 'nextCut',
    parameters: '_after: BlockStamp, _final: BlockStamp, _signal: AbortSignal',
    returns: 'BlockStamp | null',
  },
  {
    name: 'observe',
    parameters: '_from: BlockStamp, _to: BlockStamp, _account: string, _signal: AbortSignal',
    returns: 'Observation',
  },
  { name: 'parametersAt', parameters: '_at: BlockStamp, _signal: AbortSignal', returns: 'ChainParameters' },
  { name: 'validatorsAt', parameters: '_at: BlockStamp, _signal: AbortSignal', returns: 'readonly ValidatorState[]' },
  {
    name: 'positionsAt',
    parameters: '_at: BlockStamp, _account: string, _signal: AbortSignal',
    returns: 'readonly Position[]',
  },
  { name: 'liquidAt', parameters: '_at: BlockStamp, _account: string, _signal: AbortSignal', returns: 'Atoms' },
  {
    name: 'plan',
    parameters: "_operationId: string, _intent: StakeIntent, _state: Parameters<ChainAdapter['plan']>[2]",
    returns: 'readonly Step[]',
    sync: true,
  },
  { name: 'nextLane', parameters: '_account: string, _at: BlockStamp, _signal: AbortSignal', returns: 'Lane' },
  {
    name: 'build',
    parameters: '_step: Step, _lane: Lane, _at: BlockStamp, _signal: AbortSignal',
    returns: 'UnsignedTransaction',
  },
  { name: 'broadcast', parameters: '_signed: SignedTransaction, _signal: AbortSignal', returns: 'BroadcastOutcome' },
  { name: 'locate', parameters: '_signed: SignedTransaction, _signal: AbortSignal', returns: 'Located' },
  { name: 'verifyEffect', parameters: '_step: Step, _located: Located', returns: 'EffectVerdict', sync: true },
];

function adapter({ name, className, token, decimals }: ChainToMake): string {
  const imported = [
    'BlockStamp',
    'BroadcastOutcome',
    'Capabilities',
    'ChainAdapter',
    'ChainIdentity',
    'ChainParameters',
    'EffectVerdict',
    'FinalStamp',
    'Lane',
    'Located',
    'Observation',
    'Position',
    'SignedTransaction',
    'StakeIntent',
    'Step',
    'UnsignedTransaction',
    'ValidatorState',
  ];
  return `import type { Atoms } from '@app/staking-core';
import type {
${imported.map((type) => `  ${type},`).join('\n')}
} from '../chain-adapter.js';
import { ${className}Client } from './${name}.client.js';
import { CHAIN, notWritten, type ${className}Options } from './${name}.options.js';

/**
 * ${className}, behind the port. Say here in four sentences what a position is, where rewards come from, when they are
 * final, and how one gets out; README.md of this folder answers the same at length.
 */
export class ${className}Adapter implements ChainAdapter {
  readonly chain = CHAIN;
  readonly token = '${token}';
  readonly decimals = ${decimals};
  /** To be decided from the chain's documents: nothing here is known yet. */
  readonly capabilities: Capabilities = {
    autoCompounds: false,
    canRedelegate: false,
    canChill: false,
    exitNeedsClaim: true,
    exitSlots: null,
    principalAtRisk: true,
  };
  readonly client: ${className}Client;

  constructor(options: ${className}Options) {
    this.client = new ${className}Client(options);
  }

${METHODS.map(method).join('\n\n')}

  close(): Promise<void> {
    return Promise.resolve();
  }
}
`;
}

function method({ name, parameters, returns, sync }: Method): string {
  const oneLine = `  ${name}(${parameters}): ${sync ? returns : `Promise<${returns}>`} {`;
  const head =
    oneLine.length <= 120
      ? oneLine
      : `  ${name}(\n${parameters
          .split(', ')
          .map((one) => `    ${one},`)
          .join('\n')}\n  ): ${sync ? returns : `Promise<${returns}>`} {`;
  const body = sync ? `throw notWritten('${name}');` : `return Promise.reject(notWritten('${name}'));`;
  return `${head}\n    ${body}\n  }`;
}

const devSigner = ({
  name,
  className,
}: ChainToMake): string => `import type { SignedTransaction, TransactionSigner, UnsignedTransaction } from '../chain-adapter.js';
import { notWritten } from './${name}.options.js';

/**
 * A key in memory, for development only. As the signer of a real treasury does, it must sign nothing that it cannot
 * explain: take the bytes apart and hold them against the intent, the chain, the account and the lane (R39).
 */
export class ${className}DevSigner implements TransactionSigner {
  readonly account: string;

  /** @throws when the key is none. The key never appears in an error. */
  constructor(_privateKey: string, _chainId: string) {
    this.account = '${name}-account-of-the-key';
  }

  sign(_unsigned: UnsignedTransaction): Promise<SignedTransaction> {
    return Promise.reject(notWritten('sign'));
  }
}
`;

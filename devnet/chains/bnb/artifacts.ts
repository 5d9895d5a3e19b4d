import { readFileSync } from 'node:fs';
import path from 'node:path';

import type { InterfaceAbi } from 'ethers';

export const CONTRACT_NAMES = ['LocalStakeHub', 'LocalStakeCredit', 'LocalValidatorSet'] as const;
export type ContractName = (typeof CONTRACT_NAMES)[number];

/** What the compiler made of one contract; committed, so that an ordinary start compiles nothing. */
export interface Artifact {
  readonly contract: ContractName;
  readonly compiler: string;
  readonly settings: object;
  readonly abi: Exclude<InterfaceAbi, string>;
  readonly runtimeBytecode: string;
}

export function bnbFolder(root: string = process.cwd()): string {
  return path.join(root, 'devnet', 'chains', 'bnb');
}

export function artifactPath(name: ContractName, root: string = process.cwd()): string {
  return path.join(bnbFolder(root), 'artifacts', `${name}.json`);
}

export function loadArtifact(name: ContractName, root: string = process.cwd()): Artifact {
  return JSON.parse(readFileSync(artifactPath(name, root), 'utf8')) as Artifact;
}

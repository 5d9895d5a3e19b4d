import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import solc from 'solc';

import { CONTRACT_NAMES, artifactPath, bnbFolder, type Artifact, type ContractName } from './artifacts.js';

/** No metadata hash and no CBOR tail: the same sources give the same bytes wherever they are compiled. */
const SETTINGS = {
  evmVersion: 'cancun',
  optimizer: { enabled: true, runs: 200 },
  metadata: { bytecodeHash: 'none', appendCBOR: false },
} as const;

interface SolcOutput {
  errors?: { severity: string; formattedMessage: string }[];
  contracts: Record<string, Record<string, { abi: Artifact['abi']; evm: { deployedBytecode: DeployedBytecode } }>>;
}

interface DeployedBytecode {
  object: string;
  immutableReferences?: Record<string, unknown>;
}

/**
 * Compiles `contracts/*.sol` with the pinned solc (about 3 s, synchronous). Throws on any compiler warning, and on
 * an immutable: genesis places runtime code, so no constructor would ever fill it in.
 */
export function compileContracts(root: string = process.cwd()): Record<ContractName, Artifact> {
  const folder = path.join(bnbFolder(root), 'contracts');
  const sources: Record<string, { content: string }> = {};
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.sol'))) {
    sources[file] = { content: readFileSync(path.join(folder, file), 'utf8') };
  }
  const selection = {
    '*': { '*': ['abi', 'evm.deployedBytecode.object', 'evm.deployedBytecode.immutableReferences'] },
  };
  const input = { language: 'Solidity', sources, settings: { ...SETTINGS, outputSelection: selection } };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as SolcOutput;
  if (output.errors?.length) throw new Error(output.errors.map((error) => error.formattedMessage).join('\n'));

  const artifacts: Partial<Record<ContractName, Artifact>> = {};
  for (const name of CONTRACT_NAMES) {
    const compiled = output.contracts[`${name}.sol`]?.[name];
    if (!compiled) throw new Error(`solc gave no contract ${name}`);
    const { object, immutableReferences } = compiled.evm.deployedBytecode;
    if (Object.keys(immutableReferences ?? {}).length > 0) throw new Error(`${name} has an immutable`);
    artifacts[name] = {
      contract: name,
      compiler: solc.version(),
      settings: SETTINGS,
      abi: compiled.abi,
      runtimeBytecode: `0x${object}`,
    };
  }
  return artifacts as Record<ContractName, Artifact>;
}

/** Writes `artifacts/*.json`; run after a change of a contract. */
export function writeArtifacts(root: string = process.cwd()): void {
  const artifacts = compileContracts(root);
  for (const name of CONTRACT_NAMES) {
    writeFileSync(artifactPath(name, root), `${JSON.stringify(artifacts[name], null, 1)}\n`);
  }
}

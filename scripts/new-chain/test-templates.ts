import type { MadeFile } from './adapter-templates.js';
import type { ChainToMake } from './chain-to-make.js';

/** The spec that holds the adapter against the contract of the port, and its harness: both fail until they are filled. */
export function testFiles(chain: ChainToMake): MadeFile[] {
  const folder = `test/localnet/${chain.name}`;
  return [
    { path: `${folder}/${chain.name}.contract.spec.ts`, text: contractSpec(chain) },
    { path: `${folder}/${chain.name}-harness.ts`, text: harness(chain) },
  ];
}

const contractSpec = ({
  name,
  className,
}: ChainToMake): string => `import { describeAdapterContract } from '@app/chains/testing';
import { make${className}Harness } from './${name}-harness.js';

describeAdapterContract('${className} on the local chain', make${className}Harness);
`;

const harness = ({
  name,
  className,
}: ChainToMake): string => `import type { AdapterHarness } from '@app/chains/testing';
import { ${className}DevSigner } from '../../../libs/chains/src/${name}/${name}-dev-signer.js';
import { ${className}Adapter } from '../../../libs/chains/src/${name}/${name}.adapter.js';
import { notWritten } from '../../../libs/chains/src/${name}/${name}.options.js';

const CHAIN_ID = '${name}-local';

/**
 * A local chain of its own for the suite. Start it here (devnet/chains/${name}), in a temporary folder, with a genesis time
 * of its own; then each verb below makes one thing happen on it.
 */
export async function make${className}Harness(): Promise<AdapterHarness> {
  const later = (verb: string) => (): Promise<never> => Promise.reject(notWritten(\`the local chain's \${verb}\`));
  return {
    url: 'http://127.0.0.1:1',
    open: (urls, options = {}) => new ${className}Adapter({ urls, chainId: CHAIN_ID, ...options }),
    signer: new ${className}DevSigner('', CHAIN_ID),
    validators: ['first', 'second'],
    amounts: [1n, 1n],
    anyFinalBlockIsACut: false,
    advancePeriod: later('advancePeriod'),
    include: later('include'),
    finalize: later('finalize'),
    foreignTraffic: later('foreignTraffic'),
    jail: null,
    reorg: null,
    stallFinality: null,
    resumeFinality: null,
    faults: {
      freeze: later('freeze'),
      pruned: { code: -32000, message: 'the words of the node for a state it has thrown away' },
      stateMethods: [],
      alterAmounts: () => (_call, result) => result,
      broadcastMethod: '',
    },
    close: () => Promise.resolve(),
  };
}
`;

import { loadArtifact } from './artifacts.js';
import { BNB_CHAIN_ID, BNB_SYSTEM, ONE_BNB } from './bnb-constants.js';
import { MAX_DELEGATORS, MAX_OPERATORS, devWallet } from './dev-keys.js';

/** A geth genesis: the local contracts' runtime code at the real system addresses, and the published keys' money. */
export function bnbGenesis(options: { genesisTime: number; treasuryBalance: bigint; root?: string }): object {
  const code = (name: Parameters<typeof loadArtifact>[0]): { balance: string; code: string } => ({
    balance: '0x0',
    code: loadArtifact(name, options.root).runtimeBytecode,
  });
  const alloc: Record<string, { balance: string; code?: string }> = {
    [BNB_SYSTEM.validatorSet]: code('LocalValidatorSet'),
    [BNB_SYSTEM.stakeHub]: code('LocalStakeHub'),
    [BNB_SYSTEM.stakeCredit]: code('LocalStakeCredit'),
    [devWallet('system').address]: money(1_000_000_000n * ONE_BNB),
    [devWallet('faucet').address]: money(1_000_000_000n * ONE_BNB),
    [devWallet('treasury').address]: money(options.treasuryBalance),
  };
  for (let i = 0; i < MAX_OPERATORS; i++) alloc[devWallet('operator', i).address] = money(1_000_000n * ONE_BNB);
  for (let i = 0; i < MAX_DELEGATORS; i++) alloc[devWallet('delegator', i).address] = money(10_000_000n * ONE_BNB);
  return {
    config: { chainId: BNB_CHAIN_ID },
    nonce: '0x0',
    timestamp: `0x${options.genesisTime.toString(16)}`,
    extraData: '0x',
    gasLimit: `0x${(70_000_000).toString(16)}`,
    difficulty: '0x0',
    mixHash: `0x${'0'.repeat(64)}`,
    coinbase: `0x${'0'.repeat(40)}`,
    alloc,
  };
}

function money(wei: bigint): { balance: string } {
  return { balance: `0x${wei.toString(16)}` };
}

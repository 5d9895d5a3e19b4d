import { PublicKey, SystemProgram, Transaction, VersionedMessage, VersionedTransaction } from '@solana/web3.js';

import { decodeBase58, encodeBase58 } from '@app/chains';
import { devKey } from './dev-keys.js';
import { BLOCKHASH_BLOCKS } from './sol-constants.js';
import type { SolanaChain } from './solana-chain.js';
import { transactionError } from './transaction-error.js';
import {
  RpcError,
  configOf,
  inContext,
  integer,
  invalid,
  list,
  slotOf,
  text,
  type Config,
  type RpcMethod,
} from './rpc-types.js';
import { signaturesHold } from './signatures.js';

/** Transactions on their way in. */
export const SENDING_METHODS: Readonly<Record<string, RpcMethod>> = {
  sendTransaction: async (chain, [encoded, config]) => {
    const given = configOf(config);
    const bytes = bytesOf(encoded, given);
    const transaction = parsed(bytes);
    if (!signaturesHold(transaction)) throw new RpcError(-32003, 'Transaction signature verification failure');
    if (given['skipPreflight'] !== true) await preflight(chain, bytes, transaction);
    return chain.submit(bytes);
  },
  simulateTransaction: async (chain, [encoded, config]) => {
    const given = configOf(config);
    const bytes = bytesOf(encoded, given);
    const transaction = parsed(bytes);
    if (given['sigVerify'] === true && !signaturesHold(transaction)) {
      throw new RpcError(-32003, 'Transaction signature verification failure');
    }
    const fresh = given['replaceRecentBlockhash'] === true || blockhashKnown(chain, transaction);
    const value = fresh ? await simulated(chain, bytes) : refused('Blockhash not found');
    return inContext(slotOf(chain, given), value);
  },
  getSignatureStatuses: (chain, [signatures]) =>
    inContext(
      chain.ledger.headSlot,
      list(signatures, 'signatures').map((signature) => {
        const one = chain.ledger.transaction(signature);
        if (one === undefined) return null;
        const final = one.slot <= chain.finalSlot;
        const err = transactionError(one.error);
        return {
          slot: one.slot,
          confirmations: final ? null : Number(chain.ledger.headSlot - one.slot),
          err,
          status: err === null ? { Ok: null } : { Err: err },
          confirmationStatus: final ? 'finalized' : 'confirmed',
        };
      }),
    ),
  getFeeForMessage: (chain, [encoded, config]) => {
    const { header } = VersionedMessage.deserialize(Buffer.from(text(encoded, 'message'), 'base64'));
    return inContext(slotOf(chain, configOf(config)), 5_000 * header.numRequiredSignatures);
  },
  requestAirdrop: (chain, [address, lamports]) => fund(chain, text(address, 'address'), integer(lamports, 'lamports')),
};

/** A transfer from the faucet, into the pool. */
export function fund(chain: SolanaChain, address: string, lamports: bigint): string {
  if (BigInt(Number(lamports)) !== lamports) throw invalid('lamports beyond 2^53 are sent in parts');
  const transaction = new Transaction();
  transaction.recentBlockhash = chain.ledger.blockhash(chain.finalSlot);
  transaction.add(
    SystemProgram.transfer({
      fromPubkey: devKey('faucet').publicKey,
      toPubkey: new PublicKey(address),
      lamports: Number(lamports),
    }),
  );
  transaction.sign(devKey('faucet'));
  return chain.submit(transaction.serialize());
}

async function preflight(chain: SolanaChain, bytes: Buffer, transaction: VersionedTransaction): Promise<void> {
  const [signature] = transaction.signatures;
  const known = signature && chain.ledger.transaction(encodeBase58(signature));
  const said = known
    ? refused('This transaction has already been processed')
    : blockhashKnown(chain, transaction)
      ? await simulated(chain, bytes)
      : refused('Blockhash not found');
  if (said.err === null) return;
  throw new RpcError(-32002, `Transaction simulation failed: ${said.words}`, said);
}

const refused = (words: string) => ({
  err: transactionError(words),
  words,
  logs: [] as readonly string[],
  unitsConsumed: 0,
});

async function simulated(chain: SolanaChain, bytes: Buffer) {
  const { error, logs, units, returned } = await chain.simulate(bytes);
  const returnData = returned && { data: [returned.toString('base64'), 'base64'], programId: STAKE };
  return {
    err: transactionError(error),
    words: error ?? '',
    logs,
    unitsConsumed: Number(units),
    accounts: null,
    returnData,
  };
}

const STAKE = 'Stake11111111111111111111111111111111111111';

const blockhashKnown = (chain: SolanaChain, transaction: VersionedTransaction): boolean =>
  chain.ledger.slotOfBlockhash(transaction.message.recentBlockhash, BLOCKHASH_BLOCKS) !== null;

function bytesOf(encoded: unknown, config: Config): Buffer {
  const given = text(encoded, 'transaction');
  return config.encoding === 'base64' ? Buffer.from(given, 'base64') : decodeBase58(given);
}

function parsed(bytes: Buffer): VersionedTransaction {
  if (bytes.length > 1_232) throw invalid(`the transaction has ${bytes.length} bytes, 1232 is the most`);
  try {
    return VersionedTransaction.deserialize(bytes);
  } catch {
    throw invalid('failed to deserialize the transaction');
  }
}

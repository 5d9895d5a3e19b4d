// The process that holds the real Bank. solana-bankrun is native code that ends its process when it panics, so it lives
// in a child; everything that has to be remembered is with the parent, which starts another child and replays.
// Plain JavaScript: it must run from the sources (tests) and from the build alike.
import process from 'node:process';

import { PublicKey, StakeProgram, Transaction, TransactionInstruction, VersionedTransaction } from '@solana/web3.js';
import { Clock, start } from 'solana-bankrun';

let context;
const inner = () => context.banksClient.inner;
const toAccount = (account) =>
  account && {
    lamports: account.lamports,
    data: Buffer.from(account.data),
    owner: Buffer.from(account.owner),
    executable: account.executable,
  };
const asNumber = (lamports) => {
  if (BigInt(Number(lamports)) !== lamports) throw new Error(`${lamports} lamports are no exact number`);
  return Number(lamports);
};
const toInfo = ({ lamports, data, owner }) => ({
  lamports: asNumber(lamports),
  data,
  owner: new PublicKey(owner),
  executable: false,
  rentEpoch: 0,
});

/** The bytes with this Bank's newest blockhash in place of theirs: expiry and duplicates are the parent's to judge. */
async function forThisBank(bytes) {
  const transaction = VersionedTransaction.deserialize(bytes);
  const [blockhash] = await context.banksClient.getLatestBlockhash();
  transaction.message.recentBlockhash = blockhash;
  return transaction;
}

const outcome = ({ result, meta }) => ({
  error: result ?? null,
  logs: meta?.logMessages ?? [],
  units: meta?.computeUnitsConsumed ?? 0n,
  returned: meta?.returnData ? Buffer.from(meta.returnData.data) : null,
});

const METHODS = {
  async open({ accounts }) {
    context = await start(
      [],
      accounts.map((one) => ({ address: new PublicKey(one.address), info: toInfo(one) })),
    );
  },
  warp({ slot }) {
    context.warpToSlot(slot);
  },
  clock({ slot, epoch, epochStart, time }) {
    context.setClock(new Clock(slot, epochStart, epoch, epoch + 1n, time));
  },
  /** Only with unchanged lamports: the Bank counts its capitalization at every warp and panics when it is off. */
  set({ address, account }) {
    context.setAccount(new PublicKey(address), toInfo(account));
  },
  async accounts({ addresses }) {
    return Promise.all(addresses.map(async (one) => toAccount(await inner().getAccount(one))));
  },
  async run({ bytes }) {
    const transaction = await forThisBank(bytes);
    return outcome(await inner().tryProcessVersionedTransaction(transaction.serialize()));
  },
  async simulate({ bytes }) {
    const transaction = await forThisBank(bytes);
    return outcome(await inner().simulateVersionedTransaction(transaction.serialize()));
  },
  async minimumDelegation({ payer }) {
    const transaction = new Transaction();
    transaction.feePayer = new PublicKey(payer);
    [transaction.recentBlockhash] = await context.banksClient.getLatestBlockhash();
    transaction.add(
      new TransactionInstruction({ programId: StakeProgram.programId, keys: [], data: Buffer.from([13, 0, 0, 0]) }),
    );
    const bytes = transaction.serialize({ requireAllSignatures: false, verifySignatures: false });
    return outcome(await inner().simulateLegacyTransaction(bytes));
  },
};

process.on('message', ({ id, method, params }) => {
  Promise.resolve()
    .then(() => METHODS[method](params))
    .then(
      (result) => process.send({ id, result: result ?? null }),
      (error) => process.send({ id, error: String(error?.message ?? error) }),
    );
});
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => undefined); // Ctrl-C is for the parent, which ends us when it is done
process.send({ ready: true });

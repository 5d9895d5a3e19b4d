import { createPublicKey, verify } from 'node:crypto';

import type { VersionedTransaction } from '@solana/web3.js';

/** The fixed start of an ed25519 public key in SubjectPublicKeyInfo form. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** Every required signature is there and right. The Bank of bankrun does not look: the front has to. */
export function signaturesHold({ signatures, message }: VersionedTransaction): boolean {
  const signers = message.staticAccountKeys.slice(0, message.header.numRequiredSignatures);
  if (signers.length === 0 || signatures.length !== signers.length) return false;
  const signed = Buffer.from(message.serialize());
  return signers.every((signer, i) => {
    const key = createPublicKey({ key: Buffer.concat([SPKI, signer.toBuffer()]), format: 'der', type: 'spki' });
    return verify(null, signed, key, signatures[i] ?? Buffer.alloc(64));
  });
}

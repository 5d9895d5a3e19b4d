import { BinaryReader, BinaryWriter } from 'cosmjs-types/binary';

const AMOUNT = /^[1-9][0-9]{5,}$/;

/**
 * Changes every amount in an answer of the chain without knowing its type: whatever in a protobuf message is a text of
 * digits only. What does not read as a message is left as it is.
 */
export function alterAmounts(bytes: Uint8Array, change: (x: bigint) => bigint): Uint8Array {
  return altered(bytes, change) ?? bytes;
}

function altered(bytes: Uint8Array, change: (x: bigint) => bigint): Uint8Array | null {
  const reader = new BinaryReader(bytes);
  const writer = new BinaryWriter();
  try {
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag >> 3 === 0) return null;
      if ((tag & 7) === 0) writer.uint32(tag).uint64(reader.uint64());
      else if ((tag & 7) === 2) writer.uint32(tag).bytes(alteredField(reader.bytes(), change));
      else return null;
    }
  } catch {
    return null;
  }
  return writer.finish();
}

function alteredField(field: Uint8Array, change: (x: bigint) => bigint): Uint8Array {
  const text = Buffer.from(field).toString('latin1');
  if (AMOUNT.test(text)) return Buffer.from(`${change(BigInt(text))}`, 'latin1');
  return field.length === 0 ? field : (altered(field, change) ?? field);
}

/** The same for one RPC result: the `value` of an ABCI query. */
export function alterAbciResult(result: unknown, change: (x: bigint) => bigint): unknown {
  const { response } = result as { response?: { value?: string } };
  if (typeof response?.value !== 'string') return result;
  const value = Buffer.from(alterAmounts(Buffer.from(response.value, 'base64'), change)).toString('base64');
  return { ...(result as object), response: { ...response, value } };
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** How many hash buckets users fall into: the unit of parallel work. Fixed for ever, it is stored with user rows. */
export const BUCKETS = 64;

/** FNV-1a of the UTF-8 user id. Not secret, not security: only even. */
export function bucketOf(userId: string): number {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(userId, 'utf8')) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return (hash >>> 0) % BUCKETS;
}

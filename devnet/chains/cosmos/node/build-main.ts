/**
 * Builds the real Cosmos node for the suites that use it: `node dist/devnet/chains/cosmos/node/build-main.js`. The
 * first time fetches Go modules and compiles for some minutes; afterwards it is a second or two.
 */
import { buildCosmosNode, whyNoGo } from './index.js';

const missing = whyNoGo();
if (missing !== null) {
  console.error(missing);
  process.exit(1);
}
const startedAt = Date.now();
const binary = await buildCosmosNode({ log: (line) => console.error(line) });
console.error(`${binary}: built in ${Math.round((Date.now() - startedAt) / 1000)} s`);

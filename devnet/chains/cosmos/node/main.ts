/**
 * The real Cosmos chain alone: `node dist/devnet/chains/cosmos/node/main.js [--port 26657] [--control-port 26650]
 * [--state-dir .local/cosmos] [--block-ms 500] [--unbonding 120] [--driven]`. Builds the node when needed (Go 1.25 or
 * newer), prints one JSON line with the endpoint, the accounts and the validators, and stays up; the chain comes back
 * as it was at the next start.
 */
import { parseArgs } from 'node:util';

import { devAccount, startCosmosNode, whyNoGo } from './index.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '26657' },
    'control-port': { type: 'string', default: '26650' },
    'state-dir': { type: 'string', default: '.local/cosmos' },
    'block-ms': { type: 'string', default: '500' },
    unbonding: { type: 'string' },
    driven: { type: 'boolean', default: false },
  },
});

const missing = whyNoGo();
if (missing !== null) {
  console.error(`${missing}. Without it, npm start uses the protocol model.`);
  process.exit(1);
}

const running = await startCosmosNode({
  stateDir: values['state-dir'],
  port: Number(values.port),
  controlPort: Number(values['control-port']),
  blockMs: Number(values['block-ms']),
  driven: values.driven,
  ...(values.unbonding === undefined ? {} : { unbondingSeconds: Number(values.unbonding) }),
  log: (line) => console.error(line),
});
const { url, controlUrl, identity, validators, pid } = running;
const accounts = {
  treasury: running.treasury,
  faucet: await devAccount('faucet'),
  governance: await devAccount('governance'),
};
console.log(JSON.stringify({ url, controlUrl, ...identity, pid, accounts, validators }));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void running.stop().then(() => process.exit(0)));
}
// The node's pipe keeps nothing alive by itself.
setInterval(() => undefined, 1 << 30);

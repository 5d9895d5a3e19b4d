/**
 * The local BNB chain alone: `node dist/devnet/chains/bnb/main.js [--port 8545] [--state-dir .local/bnb] [--days 3]
 * [--genesis-day 2026-11-13]`. Prints one JSON line with the endpoint and the published accounts, and stays up; the
 * chain comes back as it was at the next start.
 */
import { parseArgs } from 'node:util';

import { devAccount, liveDay, startBnbChain, utcDay } from './index.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8545' },
    'state-dir': { type: 'string', default: '.local/bnb' },
    'genesis-day': { type: 'string' },
    days: { type: 'string', default: '0' },
  },
});

const day = values['genesis-day'] ?? utcDay(Date.now() / 1000);
const genesisTime = Date.parse(`${day}T00:00:00Z`) / 1000;
if (!Number.isInteger(genesisTime)) throw new Error(`--genesis-day ${day}: expected a day such as 2026-11-13`);

const { chain, driver, url, stop } = await startBnbChain({
  stateDir: values['state-dir'],
  port: Number(values.port),
  genesisTime,
  log: (line) => console.error(line),
});
for (let i = 0; i < Number(values.days); i++) await liveDay(driver, utcDay((await chain.head()).timestamp));

const validators = (await driver.validators()).map(({ moniker, operator, credit, commissionBps, totalPooledBNB }) => ({
  ...{ moniker, operator, credit, commissionBps, totalPooledBNB: totalPooledBNB.toString() },
}));
const accounts = { treasury: devAccount('treasury'), faucet: devAccount('faucet') };
const ready = { url, chainId: chain.chainId, anvilPid: chain.anvilPid, head: await chain.head(), accounts, validators };
console.log(JSON.stringify(ready));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stop().then(() => process.exit(0)));
}

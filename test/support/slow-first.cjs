const { statSync } = require('node:fs');

/** Whole worlds and chains: each takes a minute or more, and would otherwise run alone at the end while the other core rests. */
const SLOW = [
  /test\/localnet\/polkadot\/polkadot\.(rebond-chill|contract|days|slashes)\.spec/,
  /test\/kill\/kill\.spec/,
  /polkadot\.replay\.spec/,
  /test\/e2e\//,
  /crash-and-resume\.spec/,
  /devnet\/core\/(kill|sample-core)\.spec/,
  /\.contract\.spec/,
];

/** The order in which jest starts files. Its own is by size, unless it remembers how long each took, which a clean clone does not. */
module.exports = class SlowFirst {
  sort(tests) {
    const place = ({ path }) => {
      const found = SLOW.findIndex((pattern) => pattern.test(path));
      return found < 0 ? SLOW.length : found;
    };
    const size = ({ path }) => statSync(path).size;
    return [...tests].sort((one, other) => place(one) - place(other) || size(other) - size(one));
  }

  cacheResults() {}
};

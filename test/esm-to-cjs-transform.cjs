// Jest runs in CommonJS mode; packages that ship only ES modules are rewritten on the fly. Whether a file is an
// ES module is decided as Node decides it (extension, then the nearest package.json), so no list of names is kept.
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { createTransformer } = require('@swc/jest');

const toCommonJs = createTransformer({
  swcrc: false,
  sourceMaps: false,
  jsc: { target: 'es2022', parser: { syntax: 'ecmascript', dynamicImport: true } },
  module: { type: 'commonjs' },
});

const packageIsEsm = new Map();
function isInEsmPackage(folder) {
  if (!packageIsEsm.has(folder)) {
    const manifest = path.join(folder, 'package.json');
    const parent = path.dirname(folder);
    const answer = fs.existsSync(manifest)
      ? JSON.parse(fs.readFileSync(manifest, 'utf8')).type === 'module'
      : parent !== folder && isInEsmPackage(parent);
    packageIsEsm.set(folder, answer);
  }
  return packageIsEsm.get(folder);
}

const isEsm = (file) => file.endsWith('.mjs') || (file.endsWith('.js') && isInEsmPackage(path.dirname(file)));

module.exports = {
  process: (source, file, options) =>
    isEsm(file) ? toCommonJs.process(source, file, { ...options, supportsStaticESM: false }) : { code: source },
  getCacheKey: (source, file, options) =>
    isEsm(file)
      ? toCommonJs.getCacheKey(source, file, options)
      : crypto.createHash('sha1').update(`as-is\0${file}\0${source}`).digest('hex'),
};

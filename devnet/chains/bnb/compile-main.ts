import { writeArtifacts } from './compile.js';

writeArtifacts();
console.log('wrote devnet/chains/bnb/artifacts');

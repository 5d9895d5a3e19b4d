import { Tokens1763600000001 } from './1763600000001-tokens.js';
import { Participation1763600000002 } from './1763600000002-participation.js';
import { Balances1763600000003 } from './1763600000003-balances.js';
import { Chains1763600000004 } from './1763600000004-chains.js';
import { Settlement1763600000005 } from './1763600000005-settlement.js';
import { Journal1763600000006 } from './1763600000006-journal.js';
import { SettlementPieces1763600000007 } from './1763600000007-settlement-pieces.js';
import { Archives1763600000008 } from './1763600000008-archives.js';
import { CutSnapshots1763600000009 } from './1763600000009-cut-snapshots.js';

/** In order, by name: no globs, so that source and build run the same list. */
export const MIGRATIONS = [
  Tokens1763600000001,
  Participation1763600000002,
  Balances1763600000003,
  Chains1763600000004,
  Settlement1763600000005,
  Journal1763600000006,
  SettlementPieces1763600000007,
  Archives1763600000008,
  CutSnapshots1763600000009,
];

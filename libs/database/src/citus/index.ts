export { PLACEMENT, placementOf, type PlacedTable, type Placement } from './placement.js';
export { isDistributed, placeLeaf } from './place-leaf.js';
export {
  CannotDistribute,
  distribute,
  type DistributionPlan,
  type DistributeCode,
  planDistribution,
  planSql,
  type PlannedTable,
} from './distribute.js';
export { lintSchema, SCHEMA_RULES, type SchemaFinding, type SchemaRule } from './schema-rules.js';
export { lintStatement, STATEMENT_RULES, type StatementFinding, type StatementRule } from './statement-rules.js';

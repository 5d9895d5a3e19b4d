export { createClock, ClockError, DatabaseClock, SystemClock, WorldClock } from './clock/clock.js';
export type { Clock, ClockSource } from './clock/clock.js';
export { payoutWindow, payoutWindowState } from './clock/payout-window.js';
export type { PayoutWindow } from './clock/payout-window.js';
export { ConfigError, DEVELOPMENT_DEFAULTS, ENV_NAMES, loadEnv } from './env.js';
export type { Env, EnvName, FaultSpec } from './env.js';
export { CHAIN_SYMBOLS, MAIN_NETWORKS } from './env-chains.js';
export type { ChainEnv, ChainSymbol } from './env-chains.js';
export { HealthChecks } from './health.js';
export type { HealthProbe, HealthReport } from './health.js';
export { createLogger, redactText } from './logger.js';
export type { Logger } from './logger.js';
export { Metrics } from './metrics.js';
export type { Counter, Gauge, Histogram } from './metrics.js';
export { editDistance, nearestName } from './nearest-name.js';
export { codeForStatus, PROBLEM_CODES } from './problem/problem-codes.js';
export type { CommonProblemCode } from './problem/problem-codes.js';
export { problemFromError, problemFromIssues, problemFromSchema } from './problem/problem-from-error.js';
export type { SchemaIssue } from './problem/problem-from-error.js';
export { fastifyProblemOptions, ProblemFilter } from './problem/problem.filter.js';
export { Problem, PROBLEM_CONTENT_TYPE } from './problem/problem.js';
export type { ProblemDetails, ProblemItem } from './problem/problem.js';
export { RouteTable } from './problem/route-table.js';
export { armFaultPoint, faultPoint } from './process/fault-point.js';
export { onShutdown } from './process/on-shutdown.js';
export type { Shutdown, ShutdownOptions, ShutdownReason } from './process/on-shutdown.js';
export { Secret } from './secret.js';
export { createDatabase, databaseUrl, dropDatabase } from './postgres/create-database.js';
export {
  embeddedPostgresStatus,
  resetEmbeddedPostgres,
  startEmbeddedPostgres,
  stopEmbeddedPostgres,
} from './postgres/embedded-postgres.js';
export type {
  EmbeddedPostgres,
  EmbeddedPostgresOptions,
  EmbeddedPostgresStatus,
} from './postgres/embedded-postgres.js';
export { EmbeddedPostgresError } from './postgres/postgres-error.js';
export type { PostgresErrorCode } from './postgres/postgres-error.js';
export { FAST_TEST_SETTINGS } from './postgres/server-settings.js';
export { openTestDatabase, testServerDir } from './testing/test-database.js';
export type { TestDatabase } from './testing/test-database.js';

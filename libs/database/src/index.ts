export * from './database.js';
export * from './bucket.js';
export * from './schema-text.js';
export { CatalogueError, parseCatalogue } from './repositories/catalogue.js';
export * from './repositories/token-seed.repository.js';
export * from './repositories/world-clock.repository.js';
export * from './repositories/doctor.repository.js';

import { ChainCursorEntity } from './chain-cursor.entity.js';
import { ChainOperationEntity } from './chain-operation.entity.js';
import { ChainPositionEntity } from './chain-position.entity.js';
import { LeaseEntity } from './lease.entity.js';
/** Every entity, by name: no globs, so that source and build see the same list. */
export const ENTITIES: (new () => object)[] = [
  ChainCursorEntity,
  ChainOperationEntity,
  ChainPositionEntity,
  LeaseEntity,
];

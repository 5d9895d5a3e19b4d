/** Every entity, by name: no globs, so that source and build see the same list. */
export const ENTITIES: (new () => object)[] = [];

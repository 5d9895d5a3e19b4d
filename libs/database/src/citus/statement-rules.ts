import { placementOf, USER_COLUMN } from './placement.js';
import { type Block, blocksOf, type NamedRelation, tokensOf } from './statement-shape.js';

/** Shapes that Citus 13 refuses, answers wrongly, or answers by moving all users' rows; each with its reason. */
export const STATEMENT_RULES = {
  'unlisted-table':
    'a table that is in no list of placements, or a temporary one, cannot be planned with distributed ones',
  'temp-table': 'a temporary table is on the coordinator only and cannot be joined with distributed ones',
  'create-table-as': 'CREATE TABLE AS makes a table of the coordinator and pulls every row to it',
  'for-update': 'FOR UPDATE and FOR SHARE work on one shard only: user_id = a value',
  'lock-on-copies': 'a row lock with SKIP LOCKED on a reference table may take other rows on each copy',
  'conflict-without-user': 'ON CONFLICT names a key, and every key of distributed rows contains user_id',
  'conflict-clock': 'DO UPDATE SET takes IMMUTABLE expressions only: no now(); use excluded or a parameter',
  'insert-without-user': 'a distributed row cannot be placed without its user_id',
  'moves-user': 'user_id of a stored row cannot change',
  'volatile-change': 'UPDATE and DELETE take no VOLATILE function: each copy would compute another value',
  'stable-of-column': 'UPDATE takes no STABLE function of a column, and none inside CASE or COALESCE',
  'join-without-user': 'distributed tables are joined by user_id: else rows would have to move between nodes',
  'correlated-without-user': 'a subquery that looks at the row outside must be joined with it by user_id',
  'correlated-from-recurring':
    'a subquery over distributed tables cannot look at rows of a function, a CTE or a table that is the same on every node',
  'correlated-local': 'a subquery that looks at the row outside cannot read a table of the coordinator on the nodes',
  'correlated-limit': 'LIMIT in a subquery that looks at the row outside is not pushed to the nodes',
  'writing-cte': 'INSERT, UPDATE or DELETE inside WITH is refused by some planners of distributed statements',
  recursive: 'WITH RECURSIVE works on one shard only',
  'grouping-sets': 'GROUPING SETS, CUBE and ROLLUP work on one shard only',
  tablesample: 'TABLESAMPLE works on one shard only',
} as const;

export type StatementRule = keyof typeof STATEMENT_RULES;

export interface StatementFinding {
  readonly rule: StatementRule;
  readonly detail: string;
}

const VOLATILE = new Set([
  'clock_timestamp',
  'random',
  'gen_random_uuid',
  'nextval',
  'timeofday',
  'statement_timestamp',
]);
const CLOCKS = new Set(['now', 'clock_timestamp', 'current_timestamp', 'current_date', 'statement_timestamp']);
const DDL =
  /^(create|alter|drop|set|begin|commit|rollback|savepoint|release|start|vacuum|analyze|truncate|checkpoint|lock|reset|show|listen|notify|explain|comment|grant)$/;

/** Looks at one statement as Citus would. What it cannot see: unqualified references of a subquery to the row outside. */
export function lintStatement(text: string): StatementFinding[] {
  const tokens = tokensOf(text);
  const found = tableMaking(tokens);
  if (DDL.test(tokens[0] ?? '')) return found;
  const blocks = blocksOf(text);
  const all = blocks.flatMap(withInner);
  if (!all.some((block) => block.relations.some((one) => kindOf(one) !== 'coordinator'))) return found;
  for (const block of blocks) visit(block, [], found);
  const distributed = all.some((block) => block.relations.some((one) => kindOf(one) === 'distributed'));
  if (distributed && tokens.includes('recursive')) found.push({ rule: 'recursive', detail: text.slice(0, 60) });
  return found;
}

function tableMaking(tokens: readonly string[]): StatementFinding[] {
  if (tokens[0] !== 'create') return [];
  const table = tokens.indexOf('table');
  if (table < 0) return [];
  const name = tokens[table + 1] ?? '';
  if (tokens.slice(1, table).some((word) => word === 'temp' || word === 'temporary'))
    return [{ rule: 'temp-table', detail: name }];
  return tokens[table + 2] === 'as' ? [{ rule: 'create-table-as', detail: name }] : [];
}

type Kind = 'distributed' | 'reference' | 'follows' | 'coordinator' | 'unlisted';

function kindOf({ table }: NamedRelation): Kind {
  if (/^(pg_|information_schema)/.test(table)) return 'coordinator';
  return placementOf(table)?.placement ?? 'unlisted';
}

function withInner(block: Block): Block[] {
  return [block, ...block.children.flatMap(withInner)];
}

/** @param outer the blocks around it whose rows it can look at, nearest last */
function visit(block: Block, outer: readonly Block[], found: StatementFinding[]): void {
  const say = (rule: StatementRule, detail: string): void => void found.push({ rule, detail });
  for (const one of block.relations) if (kindOf(one) === 'unlisted') say('unlisted-table', one.table);
  if (block.verb === 'insert') insertion(block, say);
  if (block.verb === 'update' || block.verb === 'delete') change(block, say);
  reading(block, say);
  if (outer.length > 0) correlation(block, outer, say);
  // A CTE sees nothing of the row outside.
  for (const child of block.children) visit(child, child.place === 'cte' ? [] : [...outer, block], found);
}

type Say = (rule: StatementRule, detail: string) => void;

function insertion(block: Block, say: Say): void {
  const target = block.relations.find((one) => one.role === 'insert');
  if (!target) return;
  const kind = kindOf(target);
  const { tokens } = block;
  const into = tokens.indexOf(target.table);
  if (kind === 'distributed') {
    if (block.place === 'cte') say('writing-cte', target.table);
    if (tokens[into + 1] === '(' && !groupOf(tokens, into + 1).includes(USER_COLUMN))
      say('insert-without-user', target.table);
  }
  const conflict = tokens.findIndex((token, at) => token === 'on' && tokens[at + 1] === 'conflict');
  if (conflict < 0) return;
  if (kind === 'distributed' && tokens[conflict + 2] === '(' && !groupOf(tokens, conflict + 2).includes(USER_COLUMN))
    say('conflict-without-user', target.table);
  const setting = tokens.slice(conflict);
  if (kind !== 'coordinator' && setting.includes('update') && setting.some((token) => CLOCKS.has(token)))
    say('conflict-clock', target.table);
}

function change(block: Block, say: Say): void {
  const target = block.relations.find((one) => one.role === 'update' || one.role === 'delete');
  if (!target) return;
  const kind = kindOf(target);
  if (kind === 'coordinator' || kind === 'unlisted') return;
  if (kind === 'distributed' && block.place === 'cte') say('writing-cte', target.table);
  const volatile = withInner(block).flatMap((one) => one.tokens.filter((token) => VOLATILE.has(token)));
  if (volatile.length > 0) say('volatile-change', `${target.table}: ${volatile.join(', ')}`);
  const set = block.tokens.indexOf('set');
  const where = block.tokens.indexOf('where');
  if (kind === 'distributed' && set >= 0) {
    const sets = block.tokens.slice(set, where < 0 ? undefined : where);
    if (
      sets.some(
        (token, at) =>
          token === USER_COLUMN && (sets[at - 1] === 'set' || sets[at - 1] === ',') && sets[at + 1] === '=',
      )
    )
      say('moves-user', target.table);
  }
  const stable = stableOfColumn(block.tokens);
  if (stable !== undefined) say('stable-of-column', `${target.table}: ${stable}`);
}

/** now() of nothing is computed once; inside CASE or COALESCE, or extract(… FROM column), it is refused. */
function stableOfColumn(tokens: readonly string[]): string | undefined {
  let lazily = 0;
  for (const [at, token] of tokens.entries()) {
    if (token === 'case') lazily += 1;
    if (token === 'end' && lazily > 0) lazily -= 1;
    if (token === 'coalesce' && tokens[at + 1] === '(' && groupOf(tokens, at + 1).some((word) => CLOCKS.has(word)))
      return 'a clock in COALESCE';
    if (lazily > 0 && CLOCKS.has(token)) return 'a clock in CASE';
    if ((token === 'extract' || token === 'date_part' || token === 'to_char') && tokens[at + 1] === '(') return token;
  }
  return undefined;
}

function reading(block: Block, say: Say): void {
  const read = block.relations;
  const distributed = read.filter((one) => kindOf(one) === 'distributed' && one.role !== 'insert');
  const { tokens } = block;
  const locks = tokens.findIndex(
    (token, at) => token === 'for' && /^(update|share|no|key)$/.test(tokens[at + 1] ?? ''),
  );
  if (locks >= 0) {
    if (distributed.length > 0 && !isPinned(block)) say('for-update', distributed.map((one) => one.table).join(', '));
    if (tokens.includes('skip') && read.some((one) => kindOf(one) === 'reference'))
      say('lock-on-copies', read.map((one) => one.table).join(', '));
  }
  if (distributed.length > 0) {
    if (tokens.includes('tablesample')) say('tablesample', distributed[0]!.table);
    if (!isPinned(block) && tokens.some((token) => token === 'rollup' || token === 'cube' || token === 'sets'))
      say('grouping-sets', distributed[0]!.table);
  }
  if (distributed.length > 1 && !joinedByUser(block, distributed))
    say('join-without-user', distributed.map((one) => one.table).join(', '));
}

/** `user_id = $1`, by any alias: then the whole block is about one user, on one node. */
function isPinned({ tokens }: Block): boolean {
  return tokens.some(
    (token, at) => token === USER_COLUMN && tokens[at + 1] === '=' && /^(\$\d+|'')$/.test(tokens[at + 2] ?? ''),
  );
}

/** All distributed tables of the block hang together by equalities of user_id, through whatever else is joined. */
function joinedByUser(block: Block, distributed: readonly NamedRelation[]): boolean {
  const { tokens } = block;
  const group = new Map<string, string>();
  const root = (alias: string): string => {
    const up = group.get(alias);
    return up === undefined || up === alias ? alias : root(up);
  };
  const join = (one: string, other: string): void => void group.set(root(one), root(other));
  for (const [at, token] of tokens.entries()) {
    if (token !== USER_COLUMN) continue;
    const left = tokens[at - 1] === '.' ? tokens[at - 2]! : undefined;
    const right =
      tokens[at + 1] === '=' && tokens[at + 3] === '.' && tokens[at + 4] === USER_COLUMN ? tokens[at + 2] : undefined;
    if (left !== undefined && right !== undefined) join(left, right);
    if (tokens[at + 1] === '=' && /^\$\d+$/.test(tokens[at + 2] ?? ''))
      join(left ?? distributed[0]!.alias, tokens[at + 2]!);
  }
  // USING (user_id) joins everything that stands on its two sides: all of this block.
  const using = tokens.some(
    (token, at) => token === 'using' && tokens[at + 1] === '(' && groupOf(tokens, at + 1).includes(USER_COLUMN),
  );
  if (using)
    for (const one of [...block.relations.map((relation) => relation.alias), ...block.derived]) join(one, '(using)');
  return distributed.every((one) => root(one.alias) === root(distributed[0]!.alias));
}

function correlation(block: Block, outer: readonly Block[], say: Say): void {
  const own = new Set(
    withInner(block).flatMap((one) => [...one.relations.map((relation) => relation.alias), ...one.derived]),
  );
  const outside = new Set(outer.flatMap((one) => [...one.relations.map((relation) => relation.alias), ...one.derived]));
  const { tokens } = block;
  const looksOut = (at: number): boolean =>
    tokens[at + 1] === '.' && tokens[at - 1] !== '.' && !own.has(tokens[at]!) && outside.has(tokens[at]!);
  if (!tokens.some((_token, at) => looksOut(at))) return;
  const beside = outer
    .flatMap((one) => one.relations)
    .some((one) => kindOf(one) === 'distributed' && one.role !== 'insert');
  const distributed = block.relations.filter((one) => kindOf(one) === 'distributed');
  const local = block.relations.filter((one) => kindOf(one) === 'coordinator' || kindOf(one) === 'follows');
  if (local.length > 0 && (beside || distributed.length > 0))
    say('correlated-local', local.map((one) => one.table).join(', '));
  const inner = withInner(block).some((one) => one.relations.some((relation) => kindOf(relation) === 'distributed'));
  if (
    inner &&
    !tokens.some((token, at) => token === USER_COLUMN && tokens[at + 1] === '=' && tokens[at + 4] === USER_COLUMN)
  )
    if (!isPinned(block) && !outer.some(isPinned))
      say('correlated-without-user', distributed.map((one) => one.table).join(', '));
  if (distributed.length > 0 && !beside && !outer.some(isPinned))
    say('correlated-from-recurring', distributed.map((one) => one.table).join(', '));
  if (distributed.length > 0 && tokens.includes('limit') && !isPinned(block) && !outer.some(isPinned))
    say('correlated-limit', distributed.map((one) => one.table).join(', '));
}

function groupOf(tokens: readonly string[], open: number): string[] {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    if (tokens[at] === '(') depth += 1;
    if (tokens[at] === ')' && (depth -= 1) === 0) return tokens.slice(open + 1, at);
  }
  return tokens.slice(open + 1);
}

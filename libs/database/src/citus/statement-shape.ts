/** A table as a statement names it. Its alias is its own name when it has none. */
export interface NamedRelation {
  readonly table: string;
  readonly alias: string;
  readonly role: 'read' | 'insert' | 'update' | 'delete';
}

/** One SELECT, INSERT, UPDATE or DELETE by itself: an arm of a UNION is one, and so is every subquery. */
export interface Block {
  readonly verb: string;
  /** Lower case; of strings only the quotes are left. A subquery is the single token `(query)`. */
  readonly tokens: readonly string[];
  readonly relations: readonly NamedRelation[];
  /** Aliases of subqueries and functions in FROM, and names of CTEs that are read. */
  readonly derived: readonly string[];
  readonly children: readonly Block[];
  /** Defined in its WITH; visible to it and to everything inside. */
  readonly ctes: readonly string[];
  /** How it is used by the block around it. */
  readonly place: 'top' | 'cte' | 'lateral' | 'subquery';
}

const QUERY_START = new Set(['select', 'with', 'insert', 'update', 'delete', 'values', 'table']);
const SET_OPERATION = new Set(['union', 'intersect', 'except']);
const NOT_AN_ALIAS = new Set(
  `on using where group order limit offset having left right full inner cross join natural set for returning union intersect
   except window fetch values select as when default with tablesample and or not with ordinality lateral to from`.split(
    /\s+/,
  ),
);

/**
 * What a statement's text says of its shape: enough to look for shapes that Citus refuses, far less than a parser. It
 * reads the SQL of our own repositories: plain identifiers, one statement a text, `COPY (query) TO` included.
 */
export function blocksOf(text: string): Block[] {
  const tokens = tokensOf(text);
  const from = tokens.findIndex((token) => QUERY_START.has(token));
  if (from < 0) return [];
  // COPY (SELECT …) TO STDOUT: what is inside is the statement.
  if (tokens[0] === 'copy' && tokens[1] === '(') return armsOf(groupAt(tokens, 1).inner, 'top', []);
  return armsOf(tokens.slice(from), 'top', []);
}

export function tokensOf(text: string): string[] {
  const plain = text.replace(/--[^\n]*/g, ' ').replace(/\/\*[\s\S]*?\*\//g, ' ');
  const token = /'(?:[^']|'')*'|"[^"]+"|\$\d+|[A-Za-z_][A-Za-z0-9_]*|\d+(?:\.\d+)?|::|<=|>=|<>|!=|\|\||[^\s]/g;
  return [...plain.matchAll(token)].map(([found]) => {
    if (found.startsWith("'")) return "''";
    return found.startsWith('"') ? found.slice(1, -1) : found.toLowerCase();
  });
}

function groupAt(tokens: readonly string[], open: number): { inner: string[]; end: number } {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    if (tokens[at] === '(') depth += 1;
    if (tokens[at] === ')' && (depth -= 1) === 0) return { inner: tokens.slice(open + 1, at), end: at };
  }
  return { inner: tokens.slice(open + 1), end: tokens.length };
}

/** Splits at set operations that stand outside of all parentheses. A WITH before the first arm counts for all. */
function armsOf(tokens: readonly string[], place: Block['place'], ctes: readonly string[]): Block[] {
  const { names, blocks, rest } = withClause(tokens, ctes);
  const known = [...ctes, ...names];
  const arms: string[][] = [[]];
  let depth = 0;
  for (const [index, token] of rest.entries()) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (depth === 0 && SET_OPERATION.has(token)) arms.push([]);
    else if (depth > 0 || (token !== 'all' && token !== 'distinct') || !SET_OPERATION.has(rest[index - 1] ?? ''))
      arms.at(-1)!.push(token);
  }
  const [first, ...others] = arms.map((arm) => blockOf(unwrapped(arm), place, known));
  return first ? [{ ...first, ctes: names, children: [...blocks, ...first.children] }, ...others] : [];
}

/** `(SELECT …)` as a whole arm. */
function unwrapped(arm: readonly string[]): readonly string[] {
  if (arm[0] !== '(' || !QUERY_START.has(arm[1] ?? '')) return arm;
  const { inner, end } = groupAt(arm, 0);
  return end === arm.length - 1 ? inner : arm;
}

function withClause(tokens: readonly string[], ctes: readonly string[]) {
  const names: string[] = [];
  const blocks: Block[] = [];
  if (tokens[0] !== 'with') return { names, blocks, rest: tokens };
  let at = tokens[1] === 'recursive' ? 2 : 1;
  for (;;) {
    const name = tokens[at]!;
    at += 1;
    if (tokens[at] === '(') at = groupAt(tokens, at).end + 1;
    while (tokens[at] !== '(' && at < tokens.length) at += 1;
    const { inner, end } = groupAt(tokens, at);
    blocks.push(...armsOf(inner, 'cte', [...ctes, ...names]));
    names.push(name);
    at = end + 1;
    if (tokens[at] !== ',') return { names, blocks, rest: tokens.slice(at) };
    at += 1;
  }
}

function blockOf(tokens: readonly string[], place: Block['place'], ctes: readonly string[]): Block {
  const flat: string[] = [];
  const children: Block[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at]!;
    if (token === '(' && QUERY_START.has(tokens[at + 1] ?? '')) {
      const { inner, end } = groupAt(tokens, at);
      children.push(...armsOf(inner, flat.at(-1) === 'lateral' ? 'lateral' : 'subquery', ctes));
      flat.push('(query)');
      at = end;
    } else flat.push(token);
  }
  return { verb: flat[0] ?? '', tokens: flat, children, ctes: [], place, ...relationsOf(flat, ctes) };
}

/** Names after FROM, JOIN, INTO, UPDATE and USING of a DELETE, and after commas of a FROM list. */
function relationsOf(flat: readonly string[], ctes: readonly string[]) {
  const relations: NamedRelation[] = [];
  const derived: string[] = [];
  let [inFrom, depth] = [false, 0];
  const add = (at: number, role: NamedRelation['role']): void => {
    const start = flat[at] === 'only' || flat[at] === 'lateral' ? at + 1 : at;
    const name = flat[start];
    if (name === undefined || !/^[a-z_(]/.test(name)) return;
    if (name === '(') return add(start + 1, role);
    const called = flat[start + 1] === '(';
    const after = called && role === 'read' ? groupAt(flat, start + 1).end + 1 : start + 1;
    const alias = aliasAt(flat, after) ?? name;
    if (name === '(query)' || (called && role === 'read') || ctes.includes(name)) derived.push(alias);
    else relations.push({ table: name, alias: role === 'insert' ? name : alias, role });
  };
  for (const [at, token] of flat.entries()) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (token === 'from' && depth === 0 && flat[at - 2] !== 'distinct') {
      inFrom = true;
      add(at + 1, flat[at - 1] === 'delete' ? 'delete' : 'read');
    } else if (token === 'join') add(at + 1, 'read');
    else if (token === 'using' && flat[0] === 'delete' && flat[at + 1] !== '(') add(at + 1, 'read');
    else if (token === 'into' && flat[at - 1] === 'insert') add(at + 1, 'insert');
    else if (token === 'update' && at === 0) add(at + 1, 'update');
    else if (inFrom && depth === 0 && token === ',') add(at + 1, 'read');
    else if (depth === 0 && /^(where|group|order|limit|returning|having|window|for)$/.test(token)) inFrom = false;
  }
  return { relations, derived };
}

function aliasAt(flat: readonly string[], at: number): string | undefined {
  const alias =
    flat[at] === 'as' ? flat[at + 1] : flat[at] === 'with' && flat[at + 1] === 'ordinality' ? flat[at + 3] : flat[at];
  return alias !== undefined && /^[a-z_]/.test(alias) && !NOT_AN_ALIAS.has(alias) ? alias : undefined;
}

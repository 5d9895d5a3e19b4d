import { Problem } from '@app/platform';

const MAX_DEPTH = 32;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * JSON as a money route wants it: what `JSON.parse` lets pass silently is refused. Two equal keys (the last would
 * win), keys that reach into prototypes, nesting beyond 32.
 * @throws Problem 400 JSON_DEPTH, JSON_SYNTAX, JSON_DUPLICATE_KEY or UNKNOWN_FIELD
 */
export function parseStrictJson(text: string): unknown {
  // Before parsing: a million brackets need no parser to be refused.
  if (text.length > MAX_DEPTH) checkDepth(text);
  const value = parseJson(text);
  checkKeys(text);
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // The parser's own message quotes the input; only the position is taken over.
    const position = error instanceof SyntaxError ? /position (\d+)/.exec(error.message)?.[1] : undefined;
    throw refuse('JSON_SYNTAX', `not valid JSON${position === undefined ? '' : ` at position ${position}`}`);
  }
}

function checkDepth(text: string): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === 0x5c) index += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > MAX_DEPTH) throw refuse('JSON_DEPTH', `nested deeper than ${MAX_DEPTH}`);
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
}

/** Runs over text that is valid JSON: a string followed by a colon is a key of the innermost object. */
function checkKeys(text: string): void {
  const open: Set<string>[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x7b) open.push(new Set());
    else if (code === 0x5b) open.push(new Set());
    else if (code === 0x7d || code === 0x5d) open.pop();
    else if (code === 0x22) {
      const end = endOfString(text, index);
      if (isKey(text, end)) addKey(open.at(-1), text.slice(index, end), index);
      index = end - 1;
    }
  }
}

function addKey(keys: Set<string> | undefined, quoted: string, position: number): void {
  const key = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  if (FORBIDDEN_KEYS.has(key)) {
    throw new Problem({
      status: 400,
      code: 'UNKNOWN_FIELD',
      detail: `the field ${key} is not a known field`,
      errors: [{ pointer: `/${key}`, code: 'UNKNOWN_FIELD', message: 'is not a known field' }],
    });
  }
  if (keys?.has(key)) throw refuse('JSON_DUPLICATE_KEY', `a key occurs twice in one object, at position ${position}`);
  keys?.add(key);
}

/** Index after the closing quote. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (text.charCodeAt(index) !== 0x22) index += text.charCodeAt(index) === 0x5c ? 2 : 1;
  return index + 1;
}

function isKey(text: string, end: number): boolean {
  let index = end;
  while (/\s/.test(text[index] ?? '')) index += 1;
  return text[index] === ':';
}

function refuse(code: 'JSON_DEPTH' | 'JSON_SYNTAX' | 'JSON_DUPLICATE_KEY', detail: string): Problem {
  return new Problem({ status: 400, code, detail });
}

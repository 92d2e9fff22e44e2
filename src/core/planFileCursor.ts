import { isMap, isScalar, isSeq, parseDocument, type Document, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';

/** What stands, or is about to be written, at a place of a plan file. */
export interface CursorPlace {
  /** A key of the mapping at `path`, or the value at it. */
  readonly role: 'key' | 'value';
  /** Keys and indexes from the root on. */
  readonly path: readonly (string | number)[];
  /** Offsets of the word at the cursor, which may be empty; end exclusive. */
  readonly start: number;
  readonly end: number;
  /** Of the word, its quotation mark included; counted from 0. */
  readonly column: number;
  /** Only indentation and dashes stand before it on its line, so that a mapping or a list may begin here. */
  readonly ownLine: boolean;
  /** Inside of brackets or braces. */
  readonly flow: boolean;
  /** The quotation mark that the word stands in. */
  readonly quote: '"' | "'" | null;
  /** A colon follows, so that the key alone is missing. */
  readonly hasColon: boolean;
  /** Other keys of the mapping, or other items of the list, that the word belongs to. */
  readonly siblings: readonly string[];
}

/** Stands for what is about to be written; in two parts, since an open quotation mark costs the last character. */
const mark = '\ue000';
const cursorWord = `${mark}\ue001`;

/**
 * Where a cursor stands. What follows it counts for nothing but the keys that are there already, and what stands before it may
 * be broken: a text is rarely valid while it is written. undefined where neither key nor value can be: in a comment, in
 * the middle of a text.
 */
export function cursorPlace(text: string, offset: number): CursorPlace | undefined {
  const before = text.slice(0, offset);
  const after = text.slice(offset);
  const document = parse(before + cursorWord);
  const found = findMark(document.contents, [], false);
  if (found === undefined) return undefined;
  const quote = quoteOf(found.node);
  const nodeStart = found.node.range?.[0] ?? offset;
  const start = nodeStart + (quote === null ? 0 : 1);
  const written = text.slice(start, offset);
  if (!isWord(found.node) || written.includes('\n')) return undefined;
  const lineStart = text.lastIndexOf('\n', nodeStart - 1) + 1;
  const column = nodeStart - lineStart;
  const ownLine = /^[\s-]*$/.test(text.slice(lineStart, nodeStart));
  const rest = restOfWord(after, quote, found.role === 'value' && written !== '', found.flow);
  const place = {
    start,
    end: offset + rest.length,
    column,
    ownLine: ownLine && !found.flow,
    flow: found.flow,
    quote,
    hasColon: /^["']?[^\S\n]*:/.test(after.slice(rest.length)),
  };
  const misplaced = found.role === 'key' && !found.flow && column !== columnOfFirstKey(found.parent, before);
  if (misplaced) {
    // At the dashes of a list that ends here only its next item can follow.
    const list = listAt(document, before, column);
    return list && { ...place, role: 'value', path: list.path, siblings: namesIn(list.node) };
  }
  const endsLine = /^[^\S\n]*(#.*)?(\r?\n|$)/.test(after.slice(rest.length));
  const whole = parse(before + cursorWord + (place.ownLine && endsLine ? ':' : '') + after.slice(rest.length));
  const same = findMark(whole.contents, [], false);
  const siblings = [...siblingsOf(found), ...(same === undefined ? [] : siblingsOf(same))];
  return { ...place, role: found.role, path: found.path, siblings: [...new Set(siblings)] };
}

/** The key or value that a position is in; undefined between them. */
export function nodeAt(
  text: string,
  offset: number,
): (Pick<CursorPlace, 'role' | 'path' | 'start' | 'end'> & { readonly value: unknown }) | undefined {
  const found = findScalar(parse(text).contents, [], (node) => {
    const [start, end] = node.range ?? [0, 0];
    return start <= offset && offset <= end && end > start;
  });
  if (found === undefined) return undefined;
  const [start, end] = found.node.range ?? [0, 0];
  const { role, path, node } = found;
  // A key names the field below its mapping, as its value does.
  return { role, path: role === 'key' ? [...path, String(node.value)] : path, start, end, value: node.value };
}

interface Found {
  readonly role: 'key' | 'value';
  readonly node: Scalar;
  readonly path: readonly (string | number)[];
  /** What the key or the value is of; undefined at the root. */
  readonly parent: YAMLMap | YAMLSeq | undefined;
  readonly flow: boolean;
}

function parse(text: string): Document {
  return parseDocument(text, { prettyErrors: false, logLevel: 'silent' });
}

/**
 * What of the word at the cursor stands behind it.
 * @param isValue it goes on over spaces and most signs, as a path may
 */
function restOfWord(after: string, quote: CursorPlace['quote'], isValue: boolean, flow: boolean): string {
  const quoted = quote === null ? undefined : quotedRest[quote].exec(after)?.[1];
  if (quoted !== undefined) return quoted;
  const plain = !isValue || quote !== null ? oneWord : flow ? plainRest.flow : plainRest.block;
  return plain.exec(after)?.[0] ?? '';
}

/** Up to the closing quotation mark, which must be on the same line. */
const quotedRest = { '"': /^((?:[^"\\\n]|\\.)*)"/, "'": /^((?:[^'\n]|'')*)'(?!')/ } as const;
const oneWord = /^[^\s,:#"'[\]{}]*/;
/** To the end of YAML's plain scalar: before a comment, before a colon that ends a key, and inside of brackets before a comma or a bracket. */
const plainRest = {
  block: /^(?:[^\s:]|:(?=\S)|[^\S\n]+(?=[^\s#:]))*/,
  flow: /^(?:[^\s:,[\]{}]|:(?=[^\s,[\]{}])|[^\S\n]+(?=[^\s#:,[\]{}]))*/,
} as const;

function quoteOf({ type }: Scalar): CursorPlace['quote'] {
  return type === 'QUOTE_DOUBLE' ? '"' : type === 'QUOTE_SINGLE' ? "'" : null;
}

function isMarked(node: unknown): node is Scalar<string> {
  return isScalar(node) && typeof node.value === 'string' && node.value.includes(mark);
}

/** A word on one line; the lines of a block text are neither keys nor values that could be completed. */
function isWord(node: Scalar): boolean {
  return node.type === 'PLAIN' || node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE';
}

function findMark(node: unknown, path: readonly (string | number)[], flow: boolean): Found | undefined {
  return findScalar(node, path, isMarked, undefined, flow);
}

/** The first key or value that fits, depth first. */
function findScalar(
  node: unknown,
  path: readonly (string | number)[],
  fits: (node: Scalar) => boolean,
  parent?: YAMLMap | YAMLSeq,
  flow = false,
): Found | undefined {
  if (isMap(node)) {
    const within = flow || node.flow === true;
    for (const { key, value } of node.items) {
      if (isScalar(key) && fits(key)) return { role: 'key', node: key, path, parent: node, flow: within };
      const name = isScalar(key) ? String(key.value) : '';
      const found = findScalar(value, [...path, name], fits, node, within);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (isSeq(node)) {
    const within = flow || node.flow === true;
    for (const [index, item] of node.items.entries()) {
      const found = findScalar(item, [...path, index], fits, node, within);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return isScalar(node) && fits(node) ? { role: 'value', node, path, parent, flow } : undefined;
}

function siblingsOf({ role, parent }: Found): string[] {
  return parent === undefined || (role === 'value' && isMap(parent)) ? [] : namesIn(parent);
}

/** Keys of a mapping, or items of a list, but for the cursor's own. */
function namesIn(collection: YAMLMap | YAMLSeq): string[] {
  const nodes: unknown[] = isMap(collection) ? collection.items.map(({ key }) => key) : collection.items;
  return nodes.flatMap((node) => (isScalar(node) && !isMarked(node) ? [String(node.value)] : []));
}

function columnOfFirstKey(mapping: YAMLMap | YAMLSeq | undefined, text: string): number | undefined {
  const first = isMap(mapping) ? mapping.items[0]?.key : undefined;
  return isScalar(first) && first.range ? columnOf(text, first.range[0]) : undefined;
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}

/** The list whose items' dashes stand at a column, among those that the text ends with. */
function listAt(
  document: Document,
  text: string,
  column: number,
): { readonly node: YAMLSeq; readonly path: readonly (string | number)[] } | undefined {
  let node: unknown = document.contents;
  let path: readonly (string | number)[] = [];
  for (;;) {
    if (isMap(node)) {
      const last = node.items.findLast(({ key }) => !isMarked(key));
      if (!isScalar(last?.key)) return undefined;
      path = [...path, String(last.key.value)];
      node = last.value;
    } else if (isSeq(node)) {
      if (node.range && node.flow !== true && columnOf(text, node.range[0]) === column) return { node, path };
      path = [...path, node.items.length - 1];
      node = node.items.at(-1);
    } else return undefined;
  }
}

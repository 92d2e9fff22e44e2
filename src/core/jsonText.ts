/**
 * JSON as text: where it stops being JSON, and where the elements of an array lie. The runtime's own messages quote the text,
 * which may be protected; these name places alone. Nothing recurses, so that brackets without end exhaust no stack.
 */

export interface JsonFault {
  /** In UTF-16 code units. */
  readonly offset: number;
  /** What is wrong there; a clause without a full stop. It never quotes the text. */
  readonly message: string;
}

/** Offsets into the text, end exclusive. */
export interface JsonElement {
  readonly start: number;
  readonly end: number;
}

/** JSON has no byte order mark, and editors write one all the same. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/** undefined for a text that is JSON (RFC 8259). */
export function jsonFault(text: string): JsonFault | undefined {
  return walk(text, () => undefined);
}

/**
 * The elements of the array that the text is; none for a text that is no JSON array.
 * @param most elements that are returned; the others are left out
 */
export function arrayElements(text: string, most: number): JsonElement[] {
  const elements: JsonElement[] = [];
  const fault = walk(text, (element) => {
    if (elements.length < most) elements.push(element);
  });
  return fault === undefined ? elements : [];
}

/** Both count from 1; a column is a UTF-16 code unit. */
export function placeAt(text: string, offset: number): { readonly line: number; readonly column: number } {
  let line = 1;
  let begin = 0;
  for (let end = text.indexOf('\n'); end !== -1 && end < offset; end = text.indexOf('\n', end + 1)) {
    line += 1;
    begin = end + 1;
  }
  return { line, column: offset - begin + 1 };
}

/** "first": right behind its bracket, where the closing one may stand. */
type Expected = 'value' | 'first value' | 'name' | 'first name' | 'end';

/** @param tell is given each element of an array at the top, in order */
function walk(text: string, tell: (element: JsonElement) => void): JsonFault | undefined {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let start = 0;
  let at = 0;
  const valueEnds = (end: number): void => {
    if (open.length === 1 && open[0] === '[') tell({ start, end });
    at = end;
  };
  for (;;) {
    at = afterSpace(text, at);
    const character = text.charAt(at);
    const inside = open.at(-1);
    const closes = character === (inside === '{' ? '}' : ']') && inside !== undefined;
    if (closes && expected !== 'value' && expected !== 'name') {
      open.pop();
      valueEnds(at + 1);
      expected = 'end';
    } else if (expected === 'end') {
      if (inside === undefined) return character === '' ? undefined : fault(text, at, 'nothing more is expected');
      if (character !== ',') return fault(text, at, `a "," or "${inside === '{' ? '}' : ']'}" is expected`);
      expected = inside === '{' ? 'name' : 'value';
      at += 1;
    } else if (expected === 'name' || expected === 'first name') {
      if (character !== '"') return fault(text, at, `a name in quotes${orClose(expected, '}')} is expected`);
      const end = afterString(text, at);
      if (typeof end !== 'number') return end;
      at = afterSpace(text, end);
      if (text.charAt(at) !== ':') return fault(text, at, 'a ":" is expected');
      expected = 'value';
      at += 1;
    } else {
      if (open.length === 1) start = at;
      if (character === '{' || character === '[') {
        open.push(character);
        expected = character === '{' ? 'first name' : 'first value';
        at += 1;
        continue;
      }
      const end = character === '"' ? afterString(text, at) : afterScalar(text, at);
      if (end === undefined) return fault(text, at, `a value${orClose(expected, ']')} is expected`);
      if (typeof end !== 'number') return end;
      valueEnds(end);
      expected = 'end';
    }
  }
}

function orClose(expected: Expected, bracket: string): string {
  return expected.startsWith('first') ? ` or "${bracket}"` : '';
}

function fault(text: string, offset: number, message: string): JsonFault {
  return { offset, message: offset >= text.length ? `${message}, and the text ends` : message };
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (' \t\n\r'.includes(text.charAt(at)) && at < text.length) at += 1;
  return at;
}

/** @param from offset of the opening quote */
function afterString(text: string, from: number): number | JsonFault {
  for (let at = from + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') return at + 1;
    if (character < ' ') return fault(text, at, 'a control character must be escaped in a string');
    if (character !== '\\') continue;
    at += 1;
    const escape = text.charAt(at);
    if (escape === 'u' && /^[0-9a-fA-F]{4}$/.test(text.slice(at + 1, at + 5))) at += 4;
    else if (escape === '' || !'"\\/bfnrt'.includes(escape)) return fault(text, at, 'this is no escape of a string');
  }
  return fault(text, text.length, 'a string has no closing quote');
}

/** A number or a word of JSON; undefined where there is none. */
function afterScalar(text: string, from: number): number | undefined {
  const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
  scalar.lastIndex = from;
  return scalar.test(text) ? scalar.lastIndex : undefined;
}

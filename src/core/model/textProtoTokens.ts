import { byteOrderMark, type ProblemList } from './problem.ts';

/** A token of protobuf's text format. Source: https://protobuf.dev/reference/protobuf/textformat-spec/ */
export interface Token {
  readonly kind: 'identifier' | 'number' | 'string' | 'symbol' | 'end';
  /** As written; of a string: its value, escapes resolved. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Whether it is the first token of its line. */
  readonly opensLine: boolean;
}

/** Splits the text, in time linear in its length; what is no token is reported and left out. The last token is `end`. */
export function readTokens(text: string, problems: ProblemList): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  if (text.startsWith(byteOrderMark)) position = 1;
  let opensLine = true;
  const push = (kind: Token['kind'], start: number, end: number, value = text.slice(start, end)): void => {
    tokens.push({ kind, text: value, start, end, opensLine });
    opensLine = false;
    position = end;
  };
  while (position < text.length) {
    const start = position;
    const character = text[start] ?? '';
    if (character === '\n') {
      opensLine = true;
      position += 1;
    } else if (isSpace(character)) {
      position += 1;
    } else if (character === '#') {
      const lineEnd = text.indexOf('\n', start);
      position = lineEnd === -1 ? text.length : lineEnd;
    } else if (isNameStart(character)) {
      push('identifier', start, skipWhile(text, start, isNamePart));
    } else if (isDigit(character) || (character === '.' && isDigit(text[start + 1] ?? ''))) {
      push('number', start, endOfNumber(text, start));
    } else if (character === '"' || character === "'") {
      const string = readString(text, start, problems);
      push('string', start, string.end, string.value);
    } else if ('{}<>[]:;,-./'.includes(character)) {
      push('symbol', start, start + 1);
    } else {
      const end = skipWhile(text, start, isNoToken);
      problems.error(`Unexpected text ${quote(text.slice(start, end))}.`, { start, end });
      position = end;
    }
  }
  push('end', text.length, text.length);
  return tokens;
}

export function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}

function readString(text: string, start: number, problems: ProblemList): { value: string; end: number } {
  const delimiter = text[start];
  const parts: string[] = [];
  let plainFrom = start + 1;
  let position = plainFrom;
  while (position < text.length) {
    const character = text[position];
    if (character === delimiter) {
      parts.push(text.slice(plainFrom, position));
      return { value: parts.join(''), end: position + 1 };
    }
    if (character === '\n') break;
    if (character === '\\') {
      parts.push(text.slice(plainFrom, position));
      const escape = readEscape(text, position);
      if (escape.value === undefined) {
        problems.error('Unknown escape sequence in a string.', { start: position, end: escape.end });
      }
      parts.push(escape.value ?? '');
      position = escape.end;
      plainFrom = position;
    } else {
      position += 1;
    }
  }
  parts.push(text.slice(plainFrom, position));
  problems.error('A string is not closed on its line.', { start, end: position });
  return { value: parts.join(''), end: position };
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '?': '?',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** Octal and hexadecimal escapes are bytes in protobuf; beyond ASCII they are kept as the code point of that byte. */
const numericEscape = /\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y;

function readEscape(text: string, start: number): { value: string | undefined; end: number } {
  const simple = simpleEscapes[text[start + 1] ?? ''];
  if (simple !== undefined) return { value: simple, end: start + 2 };
  numericEscape.lastIndex = start;
  const match = numericEscape.exec(text);
  if (match === null)
    return { value: undefined, end: text[start + 1] === '\n' ? start + 1 : Math.min(start + 2, text.length) };
  const [whole, octal, ...hexadecimal] = match;
  const digits = hexadecimal.find((candidate: string | undefined) => candidate !== undefined);
  const code = octal === undefined ? Number.parseInt(digits ?? '', 16) : Number.parseInt(octal, 8) & 0xff;
  return { value: code <= 0x10_ffff ? String.fromCodePoint(code) : undefined, end: start + whole.length };
}

/** A number's letters belong to it (0x1F, 1e-5, 2.5f), and so do the signs of its exponent. */
function endOfNumber(text: string, start: number): number {
  let position = start;
  const hexadecimal = /^0[xX]/.test(text.slice(start, start + 2));
  while (position < text.length) {
    const character = text[position] ?? '';
    const exponentSign =
      !hexadecimal &&
      (character === '+' || character === '-') &&
      /[eE]/.test(text[position - 1] ?? '') &&
      position > start;
    if (!isNamePart(character) && character !== '.' && !exponentSign) break;
    position += 1;
  }
  return position;
}

function skipWhile(text: string, start: number, test: (character: string) => boolean): number {
  let position = start + 1;
  while (position < text.length && test(text[position] ?? '')) position += 1;
  return position;
}

function isSpace(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\v' || character === '\f';
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

function isNameStart(character: string): boolean {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') || character === '_';
}

function isNamePart(character: string): boolean {
  return isNameStart(character) || isDigit(character);
}

function isNoToken(character: string): boolean {
  return !isNamePart(character) && !isSpace(character) && !'\n#"\'{}<>[]:;,-./'.includes(character);
}

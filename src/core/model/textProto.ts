import type { ProblemList } from './problem.ts';
import { quote, readTokens, type Token } from './textProtoTokens.ts';

/**
 * Protobuf's text format, read into fields that know where they stand. It knows no schema; see tritonSchema.ts.
 * Source: https://protobuf.dev/reference/protobuf/textformat-spec/
 */

export interface TextField {
  /** Extensions and Any types keep their brackets, e.g. "[type.googleapis.com/x.Y]". */
  readonly name: string;
  /** Offsets of the name. */
  readonly start: number;
  readonly end: number;
  /** Offset behind the values, with the list's bracket and the separator that follows. */
  readonly close: number;
  /** One value, or those of a list in brackets. */
  readonly values: readonly TextValue[];
  readonly isList: boolean;
}

interface At {
  readonly start: number;
  readonly end: number;
}

interface NumberValue {
  readonly kind: 'number';
  readonly value: number;
  readonly integer: boolean;
  /** The whole number, sign included, where a double cannot hold it; null for all others. */
  readonly exact: bigint | null;
}

export type TextValue =
  | (At & { readonly kind: 'message'; readonly fields: readonly TextField[] })
  | (At & { readonly kind: 'string'; readonly value: string })
  | (At & NumberValue)
  | (At & { readonly kind: 'identifier'; readonly value: string });

/** Messages nested deeper than any config needs are reported and passed over. */
const deepestNesting = 64;

/** In tokens; a bound, so that looking for a name's end costs no more than a constant. */
const longestExtensionName = 64;

/** In characters, for the same reason. */
const longestNumber = 400;

/** Reads the fields of a message; what cannot be read is reported and passed over. Takes time linear in the text. */
export function parseTextProto(text: string, problems: ProblemList): readonly TextField[] {
  return new TextProtoParser(readTokens(text, problems), problems).parse();
}

class TextProtoParser {
  readonly #tokens: readonly Token[];
  readonly #problems: ProblemList;
  #next = 0;
  #depth = 0;
  #listDepth = 0;

  constructor(tokens: readonly Token[], problems: ProblemList) {
    this.#tokens = tokens;
    this.#problems = problems;
  }

  parse(): readonly TextField[] {
    return this.#fields(undefined);
  }

  /** Fields up to the bracket that closes `opening`, which is consumed, or up to the end of the text. */
  #fields(opening: Token | undefined): TextField[] {
    const fields: TextField[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.kind === 'end') {
        if (opening !== undefined) this.#problems.error(`This "${opening.text}" is never closed.`, opening);
        return fields;
      }
      if (token.kind === 'symbol' && (token.text === '}' || token.text === '>')) {
        this.#next += 1;
        if (opening === undefined) {
          this.#problems.error(`"${token.text}" closes nothing.`, token);
          continue;
        }
        const expected = opening.text === '{' ? '}' : '>';
        if (token.text !== expected) this.#problems.error(`Expected "${expected}" here.`, token);
        return fields;
      }
      if (token.text === ']' && token.kind === 'symbol' && this.#listDepth > 0 && opening !== undefined) {
        // Most likely the message's own bracket was forgotten.
        this.#problems.error(`This "${opening.text}" is not closed before the list ends.`, opening);
        return fields;
      }
      const field = this.#field(token);
      if (field !== undefined) fields.push(field);
    }
  }

  #field(token: Token): TextField | undefined {
    const name = this.#name(token);
    if (name === undefined) {
      this.#problems.error(`Expected a field name instead of ${quote(token.text)}.`, token);
      this.#recover();
      return undefined;
    }
    const colon = this.#take(':');
    const isList = this.#peek().text === '[' && this.#peek().kind === 'symbol';
    const values = isList ? this.#list() : this.#single();
    if (values === undefined) return { ...name, values: [], isList, close: this.#previousEnd() };
    if (!colon && values.some((value) => value.kind !== 'message')) {
      this.#problems.error(`Expected ":" between "${name.name}" and its value.`, name);
    }
    if (!this.#take(';')) this.#take(',');
    return { ...name, values, isList, close: this.#previousEnd() };
  }

  #name(token: Token): { name: string; start: number; end: number } | undefined {
    if (token.kind === 'identifier') {
      this.#next += 1;
      return { name: token.text, start: token.start, end: token.end };
    }
    if (token.kind !== 'symbol' || token.text !== '[') return undefined;
    const parts: string[] = [];
    let index = this.#next;
    while (index < this.#next + longestExtensionName) {
      const part = this.#tokens[index];
      if (part === undefined || part.kind === 'end' || part.kind === 'string') return undefined;
      if (index > this.#next && (part.opensLine || '{}<>[:;'.includes(part.text))) return undefined;
      parts.push(part.text);
      index += 1;
      if (part.text === ']') {
        this.#next = index;
        return { name: parts.join(''), start: token.start, end: part.end };
      }
    }
    return undefined;
  }

  #single(): TextValue[] | undefined {
    const value = this.#value();
    if (value !== undefined) return [value];
    const token = this.#peek();
    const found = token.kind === 'end' ? 'the end of the text' : quote(token.text);
    this.#problems.error(`Expected a value instead of ${found}.`, token);
    if (token.kind !== 'end' && !isClosing(token) && !token.opensLine) this.#recover();
    return undefined;
  }

  #list(): TextValue[] {
    const opening = this.#peek();
    this.#next += 1;
    this.#listDepth += 1;
    const values: TextValue[] = [];
    if (!this.#take(']')) {
      for (;;) {
        const value = this.#value();
        if (value === undefined) {
          this.#endBrokenList(opening);
          break;
        }
        values.push(value);
        if (this.#take(']')) break;
        if (!this.#take(',')) {
          this.#endBrokenList(opening);
          break;
        }
      }
    }
    this.#listDepth -= 1;
    return values;
  }

  /** Skips to the list's end or, when the list seems to lack one, to where the next field may begin. */
  #endBrokenList(opening: Token): void {
    const token = this.#peek();
    if (token.kind === 'end') {
      this.#problems.error('This "[" is never closed.', opening);
      return;
    }
    this.#problems.error(`Expected a value, "," or "]" in this list instead of ${quote(token.text)}.`, token);
    if (!isClosing(token) && !(token.kind === 'identifier' && token.opensLine)) this.#recover();
    this.#take(']');
  }

  #value(): TextValue | undefined {
    const token = this.#peek();
    if (token.kind === 'symbol') {
      if (token.text === '{' || token.text === '<') return this.#message(token);
      return token.text === '-' ? this.#negative(token) : undefined;
    }
    if (token.kind === 'end' || this.#beginsField(token)) return undefined;
    this.#next += 1;
    if (token.kind === 'string') return this.#string(token);
    if (token.kind === 'identifier') return this.#identifier(token);
    return this.#number(token, token.start, 1);
  }

  #message(opening: Token): TextValue {
    this.#next += 1;
    if (this.#depth >= deepestNesting) {
      this.#problems.error('Messages are nested too deep here.', opening);
      this.#skipMessage();
      return { kind: 'message', fields: [], start: opening.start, end: this.#previousEnd() };
    }
    const listDepth = this.#listDepth;
    this.#depth += 1;
    const fields = this.#fields(opening);
    this.#depth -= 1;
    this.#listDepth = listDepth;
    return { kind: 'message', fields, start: opening.start, end: this.#previousEnd() };
  }

  #skipMessage(): void {
    let open = 1;
    while (open > 0 && this.#peek().kind !== 'end') {
      const token = this.#peek();
      this.#next += 1;
      if (token.kind !== 'symbol') continue;
      if (token.text === '{' || token.text === '<') open += 1;
      if (token.text === '}' || token.text === '>') open -= 1;
    }
  }

  /** Strings that follow each other are one. */
  #string(first: Token): TextValue {
    const parts = [first.text];
    let end = first.end;
    while (this.#peek().kind === 'string') {
      parts.push(this.#peek().text);
      end = this.#peek().end;
      this.#next += 1;
    }
    return { kind: 'string', value: parts.join(''), start: first.start, end };
  }

  #identifier(token: Token): TextValue {
    const special = specialNumber(token.text);
    if (special !== undefined) {
      return { kind: 'number', value: special, integer: false, exact: null, start: token.start, end: token.end };
    }
    return { kind: 'identifier', value: token.text, start: token.start, end: token.end };
  }

  #negative(sign: Token): TextValue | undefined {
    const token = this.#tokens[this.#next + 1];
    if (token?.kind === 'number') {
      this.#next += 2;
      return this.#number(token, sign.start, -1);
    }
    const special = token?.kind === 'identifier' ? specialNumber(token.text) : undefined;
    if (token === undefined || special === undefined) return undefined;
    this.#next += 2;
    return { kind: 'number', value: -special, integer: false, exact: null, start: sign.start, end: token.end };
  }

  #number(token: Token, start: number, sign: 1 | -1): TextValue {
    const number = parseNumber(token.text);
    if (number === undefined) this.#problems.error(`${quote(token.text)} is not a number.`, token);
    const value = sign * (number?.value ?? 0);
    return {
      kind: 'number',
      value,
      integer: number?.integer ?? true,
      exact: number?.integer === true && !Number.isSafeInteger(value) ? BigInt(sign) * wholeNumber(token.text) : null,
      start,
      end: token.end,
    };
  }

  /** Skips to a bracket or to a name that opens a line. */
  #recover(): void {
    do {
      this.#next += 1;
    } while (!this.#mayBeginField(this.#peek()));
  }

  #mayBeginField(token: Token): boolean {
    return token.kind === 'end' || isClosing(token) || (token.kind === 'identifier' && token.opensLine);
  }

  /** A name at the start of a line with a colon or an opening bracket behind it: the value before it was forgotten. */
  #beginsField(token: Token): boolean {
    const next = this.#tokens[this.#next + 1];
    return token.kind === 'identifier' && token.opensLine && next?.kind === 'symbol' && ':{[<'.includes(next.text);
  }

  #take(symbol: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'symbol' || token.text !== symbol) return false;
    this.#next += 1;
    return true;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? endToken;
  }

  #previousEnd(): number {
    return this.#tokens[this.#next - 1]?.end ?? 0;
  }
}

const endToken: Token = { kind: 'end', text: '', start: 0, end: 0, opensLine: true };

function isClosing(token: Token): boolean {
  return token.kind === 'symbol' && (token.text === '}' || token.text === '>' || token.text === ']');
}

function specialNumber(text: string): number | undefined {
  if (/^inf(?:inity)?f?$/i.test(text)) return Number.POSITIVE_INFINITY;
  return /^nanf?$/i.test(text) ? Number.NaN : undefined;
}

function parseNumber(text: string): { value: number; integer: boolean } | undefined {
  if (text.length > longestNumber) return undefined;
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) return { value: Number.parseInt(text.slice(2), 16), integer: true };
  if (/^0[0-7]+$/.test(text)) return { value: Number.parseInt(text, 8), integer: true };
  if (/^(?:0|[1-9][0-9]*)$/.test(text)) return { value: Number(text), integer: true };
  const float = /^((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[fF]?$/.exec(text);
  return float === null || /^0[0-9]+[fF]?$/.test(text) ? undefined : { value: Number(float[1]), integer: false };
}

/** Of decimal, hexadecimal or octal digits that are known to be right. */
function wholeNumber(text: string): bigint {
  return BigInt(/^0[0-7]/.test(text) ? `0o${text}` : text);
}

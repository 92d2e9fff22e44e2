import type { TextField } from './textProto.ts';

/** A part of a text, at an offset in UTF-16 code units, to be replaced. */
export interface TextEdit {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}

/** The text with the edits made; they must not overlap. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const lastFirst = [...edits].sort((a, b) => b.offset - a.offset);
  return lastFirst.reduce(
    (changed, edit) => changed.slice(0, edit.offset) + edit.text + changed.slice(edit.offset + edit.length),
    text,
  );
}

/** Puts a field behind another one as that one is written: on a line of its own or not, with the same separator. */
export function insertAfter(text: string, field: TextField, addition: string): TextEdit {
  const line = linesOf(text, field.start, field.close);
  const separator = /[,;]/.exec(text.charAt(field.close - 1))?.[0] ?? '';
  if (line.before.trim() !== '' || !/^\s*(?:#.*)?$/.test(line.behind)) {
    return { offset: field.close, length: 0, text: ` ${addition}${separator}` };
  }
  return { offset: line.end, length: 0, text: `${newlineOf(text)}${line.before}${addition}${separator}` };
}

/** Takes out fields whose values are numbers, with the lines that are theirs alone; comments stay. */
export function removeFields(text: string, fields: readonly TextField[]): TextEdit[] {
  return joined(text, fields).map(({ start, close }) => removeRange(text, start, close));
}

export function replaceRange({ start, end }: { readonly start: number; readonly end: number }, text: string): TextEdit {
  return { offset: start, length: end - start, text };
}

interface Range {
  readonly start: number;
  readonly close: number;
}

/** Fields with nothing but space between them go together. */
function joined(text: string, fields: readonly TextField[]): Range[] {
  const ranges: Range[] = [];
  for (const { start, close } of fields) {
    const before = ranges.at(-1);
    if (before !== undefined && text.slice(before.close, start).trim() === '') {
      ranges[ranges.length - 1] = { start: before.start, close };
    } else ranges.push({ start, close });
  }
  return ranges;
}

function removeRange(text: string, start: number, close: number): TextEdit {
  const newline = newlineOf(text);
  const line = linesOf(text, start, close);
  const comments = text.slice(start, close).match(/#[^\r\n]*/g) ?? [];
  const isAlone = line.before.trim() === '';
  const kept = comments.join(`${newline}${isAlone ? line.before : ''}`);
  if (line.behind.trim() === '') {
    if (isAlone && kept === '') return { offset: line.start, length: line.next - line.start, text: '' };
    const space = isAlone ? 0 : line.before.length - line.before.trimEnd().length;
    const between = kept === '' || isAlone ? '' : ' ';
    return { offset: start - space, length: line.end - start + space, text: `${between}${kept}` };
  }
  const space = line.behind.length - line.behind.trimStart().length;
  const replacement = kept === '' ? '' : `${kept}${newline}${isAlone ? line.before : ''}`;
  return { offset: start, length: close + space - start, text: replacement };
}

interface Lines {
  /** What stands before and behind the range on its lines, without their ends. */
  readonly before: string;
  readonly behind: string;
  readonly start: number;
  /** Before and behind the end of its last line. */
  readonly end: number;
  readonly next: number;
}

function linesOf(text: string, from: number, to: number): Lines {
  const start = from === 0 ? 0 : text.lastIndexOf('\n', from - 1) + 1;
  const newline = text.indexOf('\n', to);
  const next = newline === -1 ? text.length : newline + 1;
  const end = newline === -1 ? text.length : text[newline - 1] === '\r' ? newline - 1 : newline;
  return { before: text.slice(start, from), behind: text.slice(to, Math.max(to, end)), start, end, next };
}

function newlineOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

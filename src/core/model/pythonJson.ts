/** NaN and Infinity, which Python writes and reads although they are no JSON, become numbers of the same length. */
export function withoutPythonNumbers(text: string): string {
  if (!text.includes('NaN') && !text.includes('Infinity')) return text;
  const parts: string[] = [];
  let end = 0;
  for (const position of outsideStrings(text)) {
    pythonNumber.lastIndex = position;
    const [found] = pythonNumber.exec(text) ?? [];
    if (found === undefined) continue;
    parts.push(text.slice(end, position), `0.${'0'.repeat(found.length - 2)}`);
    end = position + found.length;
  }
  return parts.join('') + text.slice(end);
}

const pythonNumber = /(?<!\w)(?:NaN|Infinity)(?!\w)/y;

/** Offsets of the characters that are in no string. */
export function* outsideStrings(text: string): Generator<number> {
  let inString = false;
  for (let position = 0; position < text.length; position += 1) {
    const character = text[position];
    if (!inString && character !== '"') yield position;
    else if (!inString) inString = true;
    else if (character === '\\') position += 1;
    // The parser, too, ends a string at its line's end.
    else if (character === '"' || character === '\n' || character === '\r') inString = false;
  }
}

/** NaN and Infinity, which Python writes and reads although they are no JSON, become numbers of the same length. */
export function withoutPythonNumbers(text: string): string {
  return replace(text, /(?<!\w)(?:NaN|Infinity)(?!\w)/y, (found) => `0.${'0'.repeat(found.length - 2)}`);
}

/** They become strings that no config has in it, so that what each of them says is not lost. */
export function withNamedPythonNumbers(text: string): string {
  return replace(text, /(?<!\w)(?:NaN|-?Infinity)(?!\w)/y, (found) => JSON.stringify(`\0${found}`));
}

/** @param pattern sticky; what it finds outside of strings is replaced */
function replace(text: string, pattern: RegExp, replacement: (found: string) => string): string {
  if (!text.includes('NaN') && !text.includes('Infinity')) return text;
  const parts: string[] = [];
  let end = 0;
  for (const position of outsideStrings(text)) {
    pattern.lastIndex = position;
    const [found] = position < end ? [] : (pattern.exec(text) ?? []);
    if (found === undefined) continue;
    parts.push(text.slice(end, position), replacement(found));
    end = position + found.length;
  }
  return parts.join('') + text.slice(end);
}

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

/**
 * Repositories keep configs that a script fills in before Triton reads them. What stands in such a file is no mistake,
 * and what it will say cannot be told.
 */

/** Of shells, Jinja, ERB, Python and the like. Lengths are bounded, so that one place costs no more than a constant. */
const placeholder = new RegExp(
  [
    /\$\{[^}\n]{0,100}\}|\$\([^)\n]{0,100}\)|\$\w{1,100}/,
    /\{\{[^}\n]{0,100}\}\}|\{%[^\n]{0,200}?%\}|<%[^\n]{0,200}?%>/,
    /%\(\w{1,100}\)[a-z]|%\w{1,100}%|%[ds]\b|@\w{1,100}@/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'y',
);

/** The first placeholder of a text outside of its comments and strings; undefined for a text that stands as it is. */
export function placeholderOf(text: string): string | undefined {
  let position = 0;
  while (position < text.length) {
    const character = text[position] ?? '';
    if (character === '#') {
      const end = endOfLine(text, position);
      // TYPE_#DTYPE, which a script that calls sed looks for, would be a comment behind half a word.
      if (text.endsWith('TYPE_', position)) return text.slice(position - 'TYPE_'.length, Math.min(end, position + 100));
      position = end;
    } else if (character === '"' || character === "'") {
      position = endOfString(text, position);
    } else if ('${<%@'.includes(character)) {
      placeholder.lastIndex = position;
      const found = placeholder.exec(text);
      if (found !== null) return found[0];
      position += 1;
    } else {
      position += 1;
    }
  }
  return undefined;
}

/** Whether a string is, or has in it, a placeholder such as "${model_name}". */
export function hasPlaceholder(value: string): boolean {
  return /\$\{[^}]{0,100}\}|\{\{[^}]{0,100}\}\}/.test(value);
}

/** MAX_BATCH in place of a number: the way of scripts that call sed. */
export function isPlaceholderWord(word: string): boolean {
  return /^(?:[A-Z][A-Z0-9_]*|__\w+__)$/.test(word);
}

function endOfLine(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end === -1 ? text.length : end;
}

/** Behind the closing quote, or at the end of the line, where a string ends at the latest. */
function endOfString(text: string, start: number): number {
  const quote = text[start];
  let position = start + 1;
  while (position < text.length) {
    const character = text[position];
    if (character === quote) return position + 1;
    if (character === '\n') return position;
    position += character === '\\' && text[position + 1] !== '\n' ? 2 : 1;
  }
  return text.length;
}

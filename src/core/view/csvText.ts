/** A cell: a number stays a number, a text can never be run as a formula; null is empty. */
export type CsvCell = number | string | boolean | null;

/**
 * Rows as RFC 4180 has them: commas, CRLF at the end of each line, quotes where they are needed. Without a byte order mark,
 * which scripts would take for a part of the first name.
 */
export function csvText(rows: readonly (readonly CsvCell[])[]): string {
  return rows.map((cells) => `${cells.map(cellText).join(',')}\r\n`).join('');
}

function cellText(cell: CsvCell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = withoutFormulas(cell);
  // A tab or a semicolon parts columns for a spreadsheet that was told so, or that is set to such a language.
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * An apostrophe before whatever a spreadsheet would run as a formula, at the beginning of a text and also behind what another
 * spreadsheet's settings may take for the end of a cell, whatever quotes and spaces are in between.
 * Source: https://owasp.org/www-community/attacks/CSV_Injection
 */
function withoutFormulas(text: string): string {
  return text.replace(/^(?=[\t\r\n]|\s*[=+\-@＝＋－＠])|(?<=[,;\t\r\n])(?=["\p{Zs}]*[=+\-@＝＋－＠])/gu, "'");
}

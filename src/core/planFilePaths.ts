import type { CursorPlace } from './planFileCursor.ts';

/**
 * A relative path as it is written at a place of a plan file: within the quotation marks that are there already, else in some
 * of its own where it would be read as something else without.
 * @param path begins with a dot
 */
export function writtenPath(path: string, { quote, flow }: Pick<CursorPlace, 'quote' | 'flow'>): string {
  if (quote === "'") return path.replaceAll("'", "''");
  // What JSON makes of a text means the same in YAML.
  const inQuotes = JSON.stringify(path);
  if (quote === '"') return inQuotes.slice(1, -1);
  return isPlain(path) && !(flow && /[,[\]{}]/.test(path)) ? path : inQuotes;
}

function isPlain(path: string): boolean {
  return !/: | #|[\n\t"\\]|[\s:]$/.test(path);
}

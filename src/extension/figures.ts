import type { RunRecord } from '../core/record.ts';
import { significant } from '../core/view/format.ts';
import { levelToTell } from '../core/view/levelToTell.ts';
import { measuredRecord, rowsAt, rowsOf, type PhaseRow } from '../core/view/measured.ts';

/** What needs no words, and so is the same in every language. */

/** The rows that a record is known by: each topology at the level that it is told by. */
export function tellingRows(record: RunRecord): readonly PhaseRow[] {
  const measured = measuredRecord(record);
  const rows = rowsOf(measured);
  return rowsAt(rows, levelToTell(measured, rows));
}

/**
 * The rows of a run for the lens, as short as three beside each other above a line of code must be: the first says what
 * the three figures are, and their unit. "p50/p95/RPS triton 2.10/3.40 ms/780", "hybrid 4.10/6.10/410"
 */
export function lensTitles(rows: readonly PhaseRow[]): string[] {
  const number = (value: number | null): string => (value === null ? '–' : significant(value));
  return rows.map((row, index) => {
    const [names, unit] = index === 0 ? ['p50/p95/RPS ', ' ms'] : ['', ''];
    return `${names}${row.topology} ${number(row.p50Ms)}/${number(row.p95Ms)}${unit}/${significant(row.rps)}`;
  });
}

import type { RunRecord } from '../core/record.ts';
import { formatMs, formatRps, significant } from '../core/view/format.ts';
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
 * The rows of a run for the lens, what is most wanted first and as short as three beside each other above a line of code must be:
 * the first says what its figures are of. "fastapi 501 RPS, p50/p95 2.98/4.45 ms", "triton 541 RPS (not valid), 2.61/3.84 ms"
 * @param notValid the words for a row that must not be believed
 */
export function lensTitles(rows: readonly PhaseRow[], notValid: string): string[] {
  return rows.map(({ topology, rps, p50Ms, p95Ms, validity }, index) => {
    const p50 = p50Ms === null ? '–' : significant(p50Ms);
    const p95 = p95Ms === null ? '–' : formatMs(p95Ms);
    const doubt = validity.valid ? '' : ` (${notValid})`;
    return `${topology} ${formatRps(rps)}${doubt}, ${index === 0 ? 'p50/p95 ' : ''}${p50}/${p95}`;
  });
}

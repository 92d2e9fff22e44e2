import { repetitionsUsed, type PhaseRow } from './measured.ts';

/** Rows by how many repetitions they rest on: what was measured and is valid decides, not the plan. */
export interface RepetitionCounts {
  /** Rows that rest on fewer than were planned. */
  readonly short: number;
  /** Rows that rest on one. */
  readonly single: number;
}

export function repetitionCounts(rows: readonly PhaseRow[]): RepetitionCounts {
  const used = rows.map((row) => ({ used: repetitionsUsed(row).length, planned: row.planned }));
  return {
    short: used.filter((row) => row.used < row.planned).length,
    single: used.filter((row) => row.used <= 1).length,
  };
}

/** "rests on 1 of 3 repetitions"; undefined where it rests on all of them. */
export function missingRepetitions(row: PhaseRow): string | undefined {
  const used = repetitionsUsed(row).length;
  return used < row.planned ? `rests on ${String(used)} of ${String(row.planned)} repetitions` : undefined;
}

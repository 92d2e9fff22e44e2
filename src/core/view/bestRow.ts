import type { LoadName } from '../phaseLoad.ts';
import { formatMs, formatRps } from './format.ts';
import type { PhaseRow } from './measured.ts';

/** Rows of one level, the one that is ahead first. An open loop's rate is the plan's: there p95 tells the servers apart. */
export function ranked(rows: readonly PhaseRow[], { closed }: Pick<LoadName, 'closed'>): PhaseRow[] {
  const worth = ({ rps, p95Ms }: PhaseRow): number => (closed ? rps : -(p95Ms ?? Infinity));
  return [...rows].sort((a, b) => (worth(a) === worth(b) ? 0 : worth(b) - worth(a)));
}

/**
 * "triton 412 RPS at p95 41.0 ms": the best of the rows of one level that may be believed, or else of all, which is then marked;
 * undefined without rows.
 */
export function bestFigure(rows: readonly PhaseRow[]): string | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  const valid = rows.filter(({ validity }) => validity.valid);
  const [best = first] = ranked(valid.length > 0 ? valid : rows, first.load);
  const p95 = best.p95Ms === null ? '' : ` at p95 ${formatMs(best.p95Ms)}`;
  return `${best.topology} ${formatRps(best.rps)}${p95}${best.validity.valid ? '' : ' (not valid)'}`;
}

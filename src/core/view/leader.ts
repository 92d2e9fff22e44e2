import type { LoadName } from '../phaseLoad.ts';
import type { Verdict } from '../verdict.ts';
import type { PhaseRow } from './measured.ts';
import { rowVerdict, type ComparedQuantity } from './rowVerdict.ts';

/** What tells servers apart under a load: RPS; in an open loop, whose rate is the plan's, p95. */
export function tellingQuantity({ closed }: Pick<LoadName, 'closed'>): 'rps' | 'p95Ms' {
  return closed ? 'rps' : 'p95Ms';
}

/** Of the rows of one level the one that is shown to be ahead of each of the others; undefined where there is none. */
export function leaderIn(quantity: ComparedQuantity, rows: readonly PhaseRow[]): PhaseRow | undefined {
  return rows.find((row) =>
    rows.every((other) => other === row || isAhead(rowVerdict(row, other, quantity), quantity)),
  );
}

function isAhead(verdict: Verdict, quantity: ComparedQuantity): boolean {
  return verdict.kind === 'difference' && (quantity === 'rps' ? verdict.ratio > 1 : verdict.ratio < 1);
}

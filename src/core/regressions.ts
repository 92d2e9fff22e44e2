import { compareRecords, judgeChange, type Change, type ChangeJudgement, type LevelComparison } from './compare.ts';
import { incomparable } from './differences.ts';
import { confirmationLevel, type Level } from './levels.ts';
import { plannedRate } from './plannedRate.ts';
import type { RunRecord } from './record.ts';

/** By what share p95 and RPS may be worse than a baseline's, where nobody names another. */
export const usualShare = 0.1;

/** What became worse, and where. */
export interface Regression extends Level {
  readonly change: Change;
}

/**
 * What a run is judged by beside an earlier one: p95 and RPS. Of a search for a rate RPS alone: each run has its confirmation
 * at the rate that it found, and p95 is under the bound in both. At a rate that the plan set p95 alone.
 */
export function decidingChanges({ level, changes }: Pick<LevelComparison, 'level' | 'changes'>): readonly Change[] {
  if (level === confirmationLevel) return [changes.rps];
  return changes.rps.unshown === plannedRate ? [changes.p95] : [changes.p95, changes.rps];
}

/** Where a run is worse than a baseline; a number that is missing or not valid says nothing, nor do runs that cannot be compared. */
export function regressionsOf(baseline: RunRecord, run: RunRecord, share = usualShare): Regression[] {
  return changesJudged('regression', baseline, run, share);
}

/** Where a run may be worse than a baseline by its bare figures, and nobody knows an interval that would show it or rule it out. */
export function undecidedOf(baseline: RunRecord, run: RunRecord, share = usualShare): Regression[] {
  return changesJudged('not shown', baseline, run, share).filter(
    ({ change: { interval, unshown } }) => interval === null && unshown === undefined,
  );
}

function changesJudged(judgement: ChangeJudgement, baseline: RunRecord, run: RunRecord, share: number): Regression[] {
  if (incomparable(baseline.plan, run.plan).length > 0) return [];
  return compareRecords(baseline, run).flatMap((comparison) => {
    if (comparison.problems.length > 0) return [];
    const { topology, level } = comparison;
    return decidingChanges(comparison)
      .filter((change) => judgeChange(change, share) === judgement)
      .map((change) => ({ topology, level, change }));
  });
}

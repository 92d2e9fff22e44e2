import type { LoadName } from '../phaseLoad.ts';
import { formatList } from './format.ts';
import { rowsToTell } from './levelToTell.ts';
import { levelStandings, rowsAt, type LevelStanding, type Measured, type PhaseRow } from './measured.ts';

/**
 * Why a result is not told at the highest level that was measured, by the rule that chose its level (see tellingLevel).
 * @param level that of levelToTell
 * @returns a sentence; empty where it is the highest, while the run goes on, and of a search for a rate, whose levels are trials
 */
export function whyThisLevel(measured: Measured, rows: readonly PhaseRow[], level: LoadName): string {
  const standings = levelStandings(rows);
  const told = standings.find((standing) => standing.level.key === level.key);
  if (told === undefined || measured.record === null || measured.plan.load.search?.kind === 'slo') return '';
  const candidates = rowsToTell(measured, rows);
  const byReason = new Map<string, string[]>();
  for (const standing of standings.filter((other) => other.level.order > level.order)) {
    const reason = rowsAt(candidates, standing.level).length === 0 ? beyondKnee : whyLess(standing, told);
    byReason.set(reason, [...(byReason.get(reason) ?? []), standing.level.short]);
  }
  const clauses = [...byReason].map(([reason, levels]) => `at ${formatList(levels)} ${reason}`);
  return clauses.length === 0 ? '' : `Told at ${level.long}: ${clauses.join('; ')}.`;
}

/** Also where it was the load generator that set the rate: there no gain is known either. */
const beyondKnee = 'no topology is shown to gain more than a little';

/** What a level lacks beside the one told, of the first kind that decides. */
function whyLess(other: LevelStanding, told: LevelStanding): string {
  if (other.valid < told.valid)
    return other.valid === 0 ? 'no numbers are valid' : 'fewer topologies have valid numbers';
  if (other.comparable === told.comparable) return 'fewer topologies have numbers';
  const figure = other.level.closed ? 'p95 or RPS' : 'p95';
  return other.comparable === 0
    ? `no valid ${figure} has a 95% interval`
    : `fewer topologies have a 95% interval of ${figure}`;
}

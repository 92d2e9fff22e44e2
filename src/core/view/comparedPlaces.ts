import { topologyName } from '../anyPlan.ts';
import { compareFigure, compareRecords, measuredLevel } from '../compare.ts';
import { incomparable } from '../differences.ts';
import { confirmationLevel, type Level } from '../levels.ts';
import { nameLoad, type LoadName } from '../phaseLoad.ts';
import type { PhaseResult, RunRecord } from '../record.ts';
import type { ShownChange, ShownMetric } from './change.ts';

/** A topology at a level that both runs have. */
export interface ComparedPlace extends Level {
  /** As the later one has it; null where neither has numbers. */
  readonly load: LoadName | null;
  readonly before: PhaseResult | undefined;
  readonly after: PhaseResult | undefined;
  /** Without a ratio where figures are missing or mean different things. */
  readonly changes: Readonly<Record<ShownMetric, ShownChange>>;
  /** Why the figures are no comparison; clauses without a full stop. */
  readonly problems: readonly string[];
  /** The same, each reason by itself. */
  readonly causes: readonly string[];
}

/** In the order of the later run. */
export function comparedPlaces(before: RunRecord, after: RunRecord): ComparedPlace[] {
  const measuredAlike = incomparable(before.plan, after.plan).length === 0;
  return compareRecords(before, after).map(({ topology, level, changes, loadedAlike, problems, causes }) => {
    const [from, to] = [measuredLevel(before, { topology, level }), measuredLevel(after, { topology, level })];
    const [first, second] = [from.phase, to.phase];
    const comparable = measuredAlike && loadedAlike;
    const known = { ...changes, p99: compareFigure('p99', from, to) };
    const loaded = second ?? first;
    return {
      topology: topologyName(after.plan, topology),
      level,
      load: loaded === undefined ? null : nameLoad(loaded),
      before: first,
      after: second,
      changes: {
        p50: shown(known.p50, comparable && level !== confirmationLevel),
        p95: shown(known.p95, comparable && level !== confirmationLevel),
        p99: shown(known.p99, comparable && level !== confirmationLevel),
        rps: shown(known.rps, comparable),
      },
      problems,
      causes,
    };
  });
}

/** "8 connections" or, in a column, "8"; "the highest rate found" */
export function levelText({ level, load }: ComparedPlace, size: 'long' | 'short' = 'long'): string {
  if (level === confirmationLevel) return 'the highest rate found';
  if (load === null) return level;
  return level === `c${load.short}` || level === load.short ? load[size] : `${level}, ${load[size]}`;
}

function shown({ before, after, ratio, interval, unshown }: ShownChange, comparable: boolean): ShownChange {
  if (!comparable) return { before, after, ratio: null, interval: null };
  return { before, after, ratio, interval, ...(unshown === undefined ? {} : { unshown }) };
}

import { compareRecords, loadsApart } from '../compare.ts';
import { incomparable } from '../differences.ts';
import { confirmationLevel, phaseOf, type Level } from '../levels.ts';
import { nameLoad, type LoadName } from '../phaseLoad.ts';
import type { Interval, PhaseResult, RunRecord } from '../record.ts';
import { verdictOf } from '../verdict.ts';
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
}

/** In the order of the later run. */
export function comparedPlaces(before: RunRecord, after: RunRecord): ComparedPlace[] {
  const measuredAlike = incomparable(before.plan, after.plan).length === 0;
  return compareRecords(before, after).map(({ topology, level, changes, problems }) => {
    const [first, second] = [phaseOf(before, topology, level), phaseOf(after, topology, level)];
    const comparable = measuredAlike && loadsApart(level, first, second).length === 0;
    const known = { ...changes, p99: p99Change(first, second) };
    const loaded = second ?? first;
    return {
      topology,
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
    };
  });
}

/** "8 connections" or, in a column, "8"; "the highest rate found" */
export function levelText({ level, load }: ComparedPlace, size: 'long' | 'short' = 'long'): string {
  if (level === confirmationLevel) return 'the highest rate found';
  if (load === null) return level;
  return level === `c${load.short}` || level === load.short ? load[size] : `${level}, ${load[size]}`;
}

function shown({ before, after, ratio, interval }: ShownChange, comparable: boolean): ShownChange {
  return comparable ? { before, after, ratio, interval } : { before, after, ratio: null, interval: null };
}

/** As compareRecords makes the others. */
function p99Change(before: PhaseResult | undefined, after: PhaseResult | undefined): ShownChange {
  const [from, to] = [p99Of(before), p99Of(after)];
  const verdict = verdictOf([{ a: to, b: from }]);
  return {
    before: from.value,
    after: to.value,
    ratio: from.value === null || to.value === null || from.value === 0 ? null : to.value / from.value,
    interval: verdict.kind === 'none' ? null : { low: verdict.low, high: verdict.high },
  };
}

function p99Of(phase: PhaseResult | undefined): { value: number | null; interval: Interval | null; valid: boolean } {
  if (phase === undefined) return { value: null, interval: null, valid: false };
  const { intervals, measurement, validity } = phase;
  return {
    value: measurement.latency.p99Ms,
    interval: intervals === 'not yet computed' ? null : intervals.p99Ms,
    valid: validity.valid,
  };
}

import {
  baselineLevels,
  commonLevels,
  confirmationLevel,
  levelsOf,
  phaseOf,
  plannedLevels,
  whyMissing,
  type Level,
} from './levels.ts';
import { nameLoad } from './phaseLoad.ts';
import type { PhaseResult, RunRecord } from './record.ts';
import { verdictOf, type Repetition } from './verdict.ts';

/** Two runs beside each other: the figures of the same topology under the same load, and their ratio. */

export const comparedMetrics = ['p50', 'p95', 'rps'] as const;
export type ComparedMetric = (typeof comparedMetrics)[number];

/** 95% interval of a ratio. */
export interface RatioInterval {
  readonly low: number;
  readonly high: number;
}

/** Latencies in milliseconds, RPS in successes a second. */
export interface Change {
  readonly metric: ComparedMetric;
  readonly before: number | null;
  readonly after: number | null;
  /** after / before; null where one of them is missing, or the first is 0. */
  readonly ratio: number | null;
  /** null where nobody knows it. */
  readonly interval: RatioInterval | null;
}

export interface LevelComparison extends Level {
  readonly changes: Readonly<Record<ComparedMetric, Change>>;
  /** Why the figures are no comparison: missing or not valid ones; whole sentences without a full stop. */
  readonly problems: readonly string[];
}

/** How far a ratio may be off by chance; null where that is not known. */
export type IntervalOf = (metric: ComparedMetric, before: PhaseResult, after: PhaseResult) => RatioInterval | null;

/** From the two figures' own intervals; null where one of them has none. */
export const ratioInterval: IntervalOf = (metric, before, after) => {
  const verdict = verdictOf([{ a: sideOf(metric, after), b: sideOf(metric, before) }]);
  return verdict.kind === 'none' ? null : { low: verdict.low, high: verdict.high };
};

function sideOf(metric: ComparedMetric, phase: PhaseResult): Repetition {
  const { intervals, validity } = phase;
  const key = ({ p50: 'p50Ms', p95: 'p95Ms', rps: 'rps' } as const)[metric];
  const interval = intervals === 'not yet computed' ? null : intervals[key];
  return { value: figureOf(metric, phase), interval, valid: validity.valid };
}

/**
 * Every topology and level that both runs have, in the order of the later one; without a ratio where they were loaded differently.
 * @param intervalOf gives the ratios their intervals, where there are any
 */
export function compareRecords(
  before: RunRecord,
  after: RunRecord,
  intervalOf: IntervalOf = ratioInterval,
): LevelComparison[] {
  return commonLevels(baselineLevels(before), laterLevels(before, after)).map(({ topology, level }) => {
    const [first, second] = [phaseOf(before, topology, level), phaseOf(after, topology, level)];
    const apart = loadsApart(level, first, second);
    const change = (metric: ComparedMetric): Change => {
      const [from, to] = [figureOf(metric, first), figureOf(metric, second)];
      if (from === null || to === null || from === 0 || apart.length > 0)
        return { metric, before: from, after: to, ratio: null, interval: null };
      const interval = first === undefined || second === undefined ? null : intervalOf(metric, first, second);
      const known = level === confirmationLevel ? withinPrecision(interval, before, after) : interval;
      return { metric, before: from, after: to, ratio: to / from, interval: known };
    };
    return {
      topology,
      level,
      changes: { p50: change('p50'), p95: change('p95'), rps: change('rps') },
      problems: [
        ...problemsOf(before, { topology, level }, first),
        ...problemsOf(after, { topology, level }, second),
        ...apart,
      ],
    };
  });
}

/** Phases that a plan file names itself may bear one name and load differently; clauses without a full stop. */
export function loadsApart(
  level: string,
  before: PhaseResult | undefined,
  after: PhaseResult | undefined,
): readonly string[] {
  if (level === confirmationLevel || before === undefined || after === undefined) return [];
  const [from, to] = [nameLoad(before), nameLoad(after)];
  if (from.key === to.key) return [];
  const [one, other] = from.long === to.long ? [inFlightText(before), inFlightText(after)] : [from.long, to.long];
  return [`the load of ${level} is ${one} in one run and ${other} in the other`];
}

function inFlightText(phase: PhaseResult): string {
  return phase.loop === 'open' ? `at most ${String(phase.maxInFlight)} unanswered` : nameLoad(phase).long;
}

/** A search knows the highest rate to within its precision: that of either run may be so much higher than what it found. */
function withinPrecision(interval: RatioInterval | null, before: RunRecord, after: RunRecord): RatioInterval | null {
  if (interval === null) return null;
  const precisionOf = ({ plan }: RunRecord): number =>
    plan.load.search?.kind === 'slo' ? plan.load.search.precision : 0;
  return { low: interval.low / (1 + precisionOf(before)), high: interval.high * (1 + precisionOf(after)) };
}

/** A level that the earlier run was told to measure is missed where a ladder did not come to it; two ladders may end where they do. */
function laterLevels(before: RunRecord, after: RunRecord): Level[] {
  return before.plan.load.search?.kind === 'ladder' ? levelsOf(after) : plannedLevels(after.plan);
}

/**
 * Whether a change is for the worse by more than is allowed: higher latency, lower RPS. With an interval only if all of it
 * is; without one the ratio itself decides. null where there is no ratio.
 * @param share allowed, e.g. 0.1 for 10%
 */
export function isRegression({ metric, ratio, interval }: Change, share: number): boolean | null {
  if (ratio === null) return null;
  const latency = metric !== 'rps';
  const leastBad = latency ? (interval?.low ?? ratio) : (interval?.high ?? ratio);
  return latency ? leastBad > 1 + share : leastBad < 1 - share;
}

function figureOf(metric: ComparedMetric, phase: PhaseResult | undefined): number | null {
  if (phase === undefined) return null;
  const { latency, rps } = phase.measurement;
  return { p50: latency.p50Ms, p95: latency.p95Ms, rps }[metric];
}

function problemsOf(record: RunRecord, level: Level, phase: PhaseResult | undefined): string[] {
  if (phase === undefined) return [`run ${record.id} has no numbers for it (${whyMissing(record, level)})`];
  return phase.validity.valid ? [] : [`run ${record.id} is not valid there (${phase.validity.reasons.join('; ')})`];
}

import { generatorDelay, generatorLimit, isGeneratorBound } from './generatorBound.ts';
import { firstReason } from './gist.ts';
import {
  baselineLevels,
  commonLevels,
  confirmationLevel,
  levelsOf,
  phaseOf,
  plannedLevels,
  repetitionsOf,
  whyMissing,
  type Level,
} from './levels.ts';
import type { Repetition } from './pairedDifference.ts';
import { nameLoad } from './phaseLoad.ts';
import { plannedRate } from './plannedRate.ts';
import type { PhaseResult, RunRecord } from './record.ts';
import { differenceInterval95 } from './tInterval.ts';
import { verdictOf } from './verdict.ts';

/** Two runs beside each other: the figures of the same topology under the same load, and their ratio. */

export const comparedMetrics = ['p50', 'p95', 'rps'] as const;
export type ComparedMetric = (typeof comparedMetrics)[number];

/** 95% interval of a ratio. */
export interface RatioInterval {
  readonly low: number;
  readonly high: number;
}

/** A figure of both runs. Latencies in milliseconds, RPS in successes a second. */
export interface ComparedFigure {
  readonly before: number | null;
  readonly after: number | null;
  /** after / before; null where one of them is missing, or the first is 0. */
  readonly ratio: number | null;
  /** null where nobody knows it. */
  readonly interval: RatioInterval | null;
  /** Why the ratio says nothing of the servers; absent where it does. A clause without a full stop. */
  readonly unshown?: string;
}

export interface Change extends ComparedFigure {
  readonly metric: ComparedMetric;
}

export interface LevelComparison extends Level {
  readonly changes: Readonly<Record<ComparedMetric, Change>>;
  /** False where the two were loaded differently: there is no ratio then. */
  readonly loadedAlike: boolean;
  /** Why the figures are no comparison: missing or not valid ones; whole sentences without a full stop. */
  readonly problems: readonly string[];
  /** The same, with the first alone of the reasons why figures are not valid. */
  readonly brief: readonly string[];
  /** The same, each reason by itself and the runs as "before" and "after", so that what several levels have can be told once. */
  readonly causes: readonly string[];
}

/** How far a ratio may be off by chance; null where that is not known. */
export type IntervalOf = (metric: ComparedMetric, before: PhaseResult, after: PhaseResult) => RatioInterval | null;

/** A level of one run: what its row shows, and the repetitions that this is made from. */
export interface MeasuredLevel {
  readonly phase: PhaseResult | undefined;
  readonly repetitions: readonly PhaseResult[];
  /** Whether the plan set its rate: in an open loop, but not at the rate that a search found. */
  readonly hasPlannedRate: boolean;
}

export function measuredLevel(record: RunRecord, { topology, level }: Level): MeasuredLevel {
  const phase = phaseOf(record, topology, level);
  return {
    phase,
    repetitions: repetitionsOf(record, topology, level),
    hasPlannedRate: phase?.loop === 'open' && level !== confirmationLevel,
  };
}

const quantities = { p50: 'p50Ms', p95: 'p95Ms', p99: 'p99Ms', rps: 'rps' } as const;

/**
 * A figure of both runs. Where both measured the level repeatedly, ratio and interval are of the repetitions; else the interval
 * is that of the two figures' own (MOVER). RPS at a rate that the plan set has no ratio, nor have latencies to which a load
 * generator at its limit added.
 */
export function compareFigure(
  metric: keyof typeof quantities,
  before: MeasuredLevel,
  after: MeasuredLevel,
): ComparedFigure {
  const [from, to] = [figureOf(metric, before.phase), figureOf(metric, after.phase)];
  const figures = { before: from, after: to };
  if (from === null || to === null || from === 0) return { ...figures, ratio: null, interval: null };
  if (metric === 'rps' && [before, after].every(({ hasPlannedRate }) => hasPlannedRate))
    return { ...figures, ratio: null, interval: null, unshown: plannedRate };
  const limited = [before, after].some(({ repetitions }) => repetitions.some(isGeneratorBound));
  if (metric !== 'rps' && limited) return { ...figures, ratio: null, interval: null, unshown: generatorDelay };
  const valid = [before, after].every(({ phase }) => phase?.validity.valid === true);
  const repeated = valid ? comparedOnRepetitions(valuesOf(metric, before), valuesOf(metric, after)) : null;
  const compared =
    repeated === null
      ? { ratio: to / from, interval: valid ? ownInterval(metric, before, after) : null }
      : { ratio: repeated.ratio, interval: { low: repeated.low, high: repeated.high } };
  return limited
    ? { ...figures, ratio: compared.ratio, interval: null, unshown: generatorLimit }
    : { ...figures, ...compared };
}

/**
 * Two runs that both measured repeatedly: they took no turns with each other, so that their repetitions are no pairs. Welch's
 * interval of the difference of the mean logarithms.
 * @returns null where one of them has fewer than two repetitions, or a number is missing
 */
export function comparedOnRepetitions(
  before: readonly (number | null)[],
  after: readonly (number | null)[],
): (RatioInterval & { readonly ratio: number }) | null {
  if (before.length < 2 || after.length < 2) return null;
  const logarithms = (values: readonly (number | null)[]): number[] => values.map((value) => Math.log(value ?? 0));
  const [from, to] = [logarithms(before), logarithms(after)];
  if (![...from, ...to].every(Number.isFinite)) return null;
  const { mean, low, high } = differenceInterval95(from, to);
  return { ratio: Math.exp(mean), low: Math.exp(low), high: Math.exp(high) };
}

function valuesOf(metric: keyof typeof quantities, { repetitions }: MeasuredLevel): (number | null)[] {
  return repetitions.map((phase) => figureOf(metric, phase));
}

/** From the two figures' own intervals; null where one of them has none. */
function ownInterval(
  metric: keyof typeof quantities,
  before: MeasuredLevel,
  after: MeasuredLevel,
): RatioInterval | null {
  const verdict = verdictOf([{ a: sideOf(metric, after), b: sideOf(metric, before) }]);
  return verdict.kind === 'none' ? null : { low: verdict.low, high: verdict.high };
}

function sideOf(metric: keyof typeof quantities, { phase }: MeasuredLevel): Repetition {
  const intervals = phase === undefined || phase.intervals === 'not yet computed' ? null : phase.intervals;
  return {
    value: figureOf(metric, phase),
    interval: intervals?.[quantities[metric]] ?? null,
    valid: phase?.validity.valid === true,
  };
}

/**
 * Every topology and level that both runs have, in the order of the later one; without a ratio where they were loaded differently.
 * @param intervalOf gives the ratios their intervals in place of `compareFigure`
 */
export function compareRecords(before: RunRecord, after: RunRecord, intervalOf?: IntervalOf): LevelComparison[] {
  return commonLevels(baselineLevels(before), laterLevels(before, after)).map(({ topology, level }) => {
    const [first, second] = [measuredLevel(before, { topology, level }), measuredLevel(after, { topology, level })];
    const apart = loadsApart(level, first.phase, second.phase);
    const change = (metric: ComparedMetric): Change => {
      const compared = { metric, ...compareFigure(metric, first, second) };
      if (compared.ratio === null || apart.length > 0) return { ...compared, ratio: null, interval: null };
      const interval =
        intervalOf === undefined || first.phase === undefined || second.phase === undefined
          ? compared.interval
          : intervalOf(metric, first.phase, second.phase);
      const known = level === confirmationLevel ? withinPrecision(interval, before, after) : interval;
      return { ...compared, interval: known };
    };
    const problemsAt = (told: (reasons: readonly string[]) => string): string[] => [
      ...problemsOf(before, { topology, level }, first.phase, told),
      ...problemsOf(after, { topology, level }, second.phase, told),
      ...apart,
    ];
    return {
      topology,
      level,
      changes: { p50: change('p50'), p95: change('p95'), rps: change('rps') },
      loadedAlike: apart.length === 0,
      problems: problemsAt((reasons) => reasons.join('; ')),
      brief: problemsAt(firstReason),
      causes: [
        ...causesOf('before', before, { topology, level }, first.phase),
        ...causesOf('after', after, { topology, level }, second.phase),
        ...apart,
      ],
    };
  });
}

/** Phases that a plan file names itself may bear one name and load differently; clauses without a full stop. */
function loadsApart(level: string, before: PhaseResult | undefined, after: PhaseResult | undefined): readonly string[] {
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

/** What a change shows beside the share that is allowed. */
export type ChangeJudgement =
  | 'kept'
  | 'regression'
  /** Beyond the share, but its interval reaches back across it, or nobody knows one; or the figures say nothing of the servers. */
  | 'not shown';

/**
 * Whether a change is for the worse by more than is allowed: higher latency, lower RPS. That is shown only if all of its interval
 * is; a bare ratio of two phases may be chance. null where a figure is missing.
 * @param share allowed, e.g. 0.1 for 10%
 */
export function judgeChange({ metric, ratio, interval, unshown }: Change, share: number): ChangeJudgement | null {
  if (unshown !== undefined) return 'not shown';
  if (ratio === null) return null;
  const latency = metric !== 'rps';
  const beyond = (value: number): boolean => (latency ? value > 1 + share : value < 1 - share);
  if (!beyond(ratio)) return 'kept';
  return interval !== null && beyond(latency ? interval.low : interval.high) ? 'regression' : 'not shown';
}

function figureOf(metric: keyof typeof quantities, phase: PhaseResult | undefined): number | null {
  if (phase === undefined) return null;
  const { latency, rps } = phase.measurement;
  return { p50: latency.p50Ms, p95: latency.p95Ms, p99: latency.p99Ms, rps }[metric];
}

function problemsOf(
  record: RunRecord,
  level: Level,
  phase: PhaseResult | undefined,
  told: (reasons: readonly string[]) => string,
): string[] {
  if (phase === undefined) return [`run ${record.id} has no numbers for it (${whyMissing(record, level)})`];
  return phase.validity.valid ? [] : [`run ${record.id} is not valid there (${told(phase.validity.reasons)})`];
}

function causesOf(role: 'before' | 'after', record: RunRecord, level: Level, phase: PhaseResult | undefined): string[] {
  if (phase === undefined) return [`no numbers ${role}: ${whyMissing(record, level)}`];
  return phase.validity.valid ? [] : phase.validity.reasons.map((reason) => `not valid ${role}: ${reason}`);
}

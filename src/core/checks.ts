import { compareRecords, judgeChange, type Change, type IntervalOf } from './compare.ts';
import { generatorLimit, isGeneratorBound } from './generatorBound.ts';
import { firstReason } from './gist.ts';
import { whyNotGood } from './goodLevel.ts';
import { foundRate, measuredAt, phaseOf, repetitionsOf, resultOf, whyMissing, type Level } from './levels.ts';
import type { PhaseResult, RunRecord } from './record.ts';
import { decidingChanges } from './regressions.ts';
import { keepsSlo, placesIn, sloFigure, type Slo } from './slo.ts';
import { formatCount, formatMs, formatRps, significant } from './view/format.ts';

/** One thing that a run was to keep, in one place. */
export interface Check extends Level {
  /** The bound as it was written, or what was compared. */
  readonly name: string;
  readonly outcome:
    | 'passed'
    | 'failed'
    /** Worse than is allowed by its figure, and not by all of its interval, or without one: neither shown nor ruled out. */
    | 'not shown'
    | 'no number';
  /** What was found; a sentence without its place and without a full stop. */
  readonly message: string;
}

/** Each bound wherever it holds. A number that is missing or not valid keeps no bound. */
export function checkSlos(slos: readonly Slo[], record: RunRecord): Check[] {
  return slos.flatMap((slo) =>
    placesIn(slo, record).map((level): Check => ({ ...level, name: slo.text, ...found(slo, record, level) })),
  );
}

type Found = Pick<Check, 'outcome' | 'message'>;

function found(slo: Slo, record: RunRecord, level: Level): Found {
  const phase = phaseOf(record, level.topology, level.level);
  if (phase === undefined) return { outcome: 'no number', message: whyMissing(record, level) };
  const reasons = whyNotGood(record, level);
  if (reasons.length > 0) return { outcome: 'no number', message: `not valid: ${firstReason(reasons)}` };
  return slo.metric === 'rate' ? rateFound(slo, record, level) : phaseFound(slo, record, level, phase);
}

function rateFound(slo: Slo, record: RunRecord, level: Level): Found {
  const result = resultOf(record, level.topology);
  const rate = result === undefined ? undefined : foundRate(result);
  if (rate === undefined || rate.ratePerSecond === null)
    return { outcome: 'no number', message: whyMissing(record, level) };
  return {
    outcome: keepsSlo(slo, rate.ratePerSecond) ? 'passed' : 'failed',
    message: `rate is ${figureText(slo, rate.ratePerSecond)} (${rate.because.join('; ')})`,
  };
}

function phaseFound(slo: Slo, record: RunRecord, { topology, level }: Level, phase: PhaseResult): Found {
  const repetitions = repetitionsOf(record, topology, level);
  const figure = sloFigure(slo, phase, record.plan.load.timeoutMs, repetitions);
  if (figure === null) {
    const { samples } = phase.measurement.latency;
    return {
      outcome: 'no number',
      message: `${formatCount(samples, 'success is', 'successes are')} too few for ${slo.metric}`,
    };
  }
  const timeouts = phase.measurement.requests.timeouts;
  const counted =
    slo.unit === 'ms' && timeouts > 0
      ? `, with ${formatCount(timeouts, 'timeout')} counted at ${timeouts === 1 ? 'its' : 'their'} limit`
      : '';
  const kept = keepsSlo(slo, figure);
  const limited = slo.metric === 'rps' && !kept && repetitions.some(isGeneratorBound) ? `: ${generatorLimit}` : '';
  return {
    outcome: kept ? 'passed' : 'failed',
    message: `${slo.metric} is ${figureText(slo, figure)}${counted}${leftOutText(repetitions.length, measuredAt(record, topology, level).length)}${limited}`,
  };
}

function leftOutText(used: number, of: number): string {
  return used === of
    ? ''
    : `, of ${String(used)} of ${formatCount(of, 'repetition')} (in the rest the load generator was not valid)`;
}

/**
 * p95 and RPS of a run beside those of an earlier one.
 * @param share that each may be worse by, e.g. 0.1 for 10%
 */
export function checkAgainst(before: RunRecord, after: RunRecord, share: number, intervalOf?: IntervalOf): Check[] {
  return compareRecords(before, after, intervalOf).flatMap(({ topology, level, changes, brief }) =>
    decidingChanges({ level, changes }).map((change): Check => {
      const check = { topology, level, name: `${change.metric} against run ${before.id}` };
      const judged = judgeChange(change, share);
      const reasons = brief.length > 0 ? [] : whyNotGood(after, { topology, level });
      if (reasons.length > 0) return { ...check, outcome: 'no number', message: `not valid: ${firstReason(reasons)}` };
      if (brief.length > 0 || judged === null) {
        const message = brief.length > 0 ? brief.join('; ') : `there is no ${change.metric} to compare`;
        return { ...check, outcome: 'no number', message };
      }
      return { ...check, outcome: outcomes[judged], message: changeText(change, share) };
    }),
  );
}

const outcomes = { kept: 'passed', regression: 'failed', 'not shown': 'not shown' } as const;

function changeText({ metric, before, after, ratio, interval, unshown }: Change, share: number): string {
  const text = metric === 'rps' ? (value: number | null): string => formatRps(value ?? 0) : formatMs;
  const went = `${metric} went from ${text(before)} to ${text(after)}`;
  if (ratio === null) return unshown === undefined ? went : `${went}, and ${unshown}`;
  const between =
    interval === null
      ? ' (no 95% interval is known)'
      : ` (95% interval ${significant(interval.low)} to ${significant(interval.high)})`;
  const limit = metric === 'rps' ? 1 - share : 1 + share;
  return `${went}, ${ratio.toFixed(3)} times as much${between}; the limit is ${limit.toFixed(3)}${unshown === undefined ? '' : `, and ${unshown}`}`;
}

function figureText({ unit }: Slo, figure: number): string {
  switch (unit) {
    case 'ms':
      // As many digits as a microsecond has, so that no figure reads as if it kept a bound that it breaks.
      return `${figure.toFixed(3)} ms`;
    case '/s':
      return `${figure.toFixed(1)}/s`;
    case 'share':
      return `${(figure * 100).toFixed(3)}%`;
    case 'count':
      return String(figure);
  }
}

import type { Change } from '../compare.ts';
import { ratioTexts } from '../verdict.ts';
import { significant } from './format.ts';

/** How a figure came out the second time, in words and numbers. */

export type ShownMetric = 'p50' | 'p95' | 'p99' | 'rps';

/** What a ratio's interval shows; null where there is none. */
export type Finding = 'better' | 'worse' | 'no difference shown' | null;

export type ShownChange = Pick<Change, 'before' | 'after' | 'ratio' | 'interval' | 'unshown'>;

export const metricNames: Readonly<Record<ShownMetric, string>> = { p50: 'p50', p95: 'p95', p99: 'p99', rps: 'RPS' };

/** A latency is better when it is lower, RPS when they are more; an interval that holds 1 shows no difference. */
export function findingOf(metric: ShownMetric, { ratio, interval }: ShownChange): Finding {
  if (ratio === null || interval === null) return null;
  if (interval.low <= 1 && interval.high >= 1) return 'no difference shown';
  return interval.high < 1 === (metric !== 'rps') ? 'better' : 'worse';
}

/** "0.81x" and "[0.74–0.88]", each null where it is not known. */
export function ratioParts({ ratio, interval }: ShownChange): {
  readonly ratio: string | null;
  readonly interval: string | null;
} {
  if (ratio === null) return { ratio: null, interval: null };
  if (interval === null) return { ratio: `${ratio.toFixed(2)}x`, interval: null };
  const texts = ratioTexts({ ratio, ...interval });
  return { ratio: `${texts.ratio}x`, interval: `[${texts.low}–${texts.high}]` };
}

/** "p95 12.1 → 9.80 ms, 0.81x [0.74–0.88]" */
export function changeText(metric: ShownMetric, change: ShownChange): string {
  const unit = metric === 'rps' ? '' : ' ms';
  const figures = `${metricNames[metric]} ${figureText(change.before)} → ${figureText(change.after)}${unit}`;
  const { ratio, interval } = ratioParts(change);
  return [figures, [ratio, interval].filter((part) => part !== null).join(' ')]
    .filter((part) => part !== '')
    .join(', ');
}

/** What stands where there is no number, too. */
export function figureText(value: number | null): string {
  return value === null ? '–' : significant(value);
}

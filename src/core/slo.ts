import { topologyName } from './anyPlan.ts';
import type { AnyPlan } from './endpointPlan.ts';
import { commonLevels, confirmationLevel, levelsOf, plannedLevels, type Level } from './levels.ts';
import { sloQuantileMs } from './sloLatency.ts';
import { geometricMean } from './statistics.ts';
import type { PhaseResult, RunRecord } from './record.ts';

/**
 * A bound that a run must keep, e.g. "p95<50ms" everywhere or "triton@8:p95<50ms" in one place:
 *
 *     [topology][@level]: metric comparison value
 *     p50 | p95 | p99   < or <=   a number and ms, s or us
 *     rps               > or >=   a number of successes a second
 *     rate              > or >=   requests a second: the highest rate that a search has found
 *     errors            < or <=   a share of the requests sent in %, or a count
 *
 * A level is a number of connections or a phase's name ("8", "c8"); of a search for a rate it is "confirmation".
 */
export interface Slo {
  /** As it was written, without surrounding spaces. */
  readonly text: string;
  /** See topologyKey, or topologyName; null: every topology. */
  readonly topology: string | null;
  /** null: every level. */
  readonly level: string | null;
  readonly metric: SloMetric;
  readonly comparison: (typeof comparisons)[number];
  /** Milliseconds, successes a second, a share from 0 to 1, or a count. */
  readonly value: number;
  readonly unit: 'ms' | '/s' | 'share' | 'count';
}

const metrics = ['p50', 'p95', 'p99', 'rps', 'rate', 'errors'] as const;
export type SloMetric = (typeof metrics)[number];

const comparisons = ['<', '<=', '>', '>='] as const;
const quantiles: Readonly<Partial<Record<SloMetric, number>>> = { p50: 0.5, p95: 0.95, p99: 0.99 };
const millisecondsIn: Readonly<Record<string, number>> = { us: 0.001, µs: 0.001, ms: 1, s: 1000 };

export type ParsedSlo =
  | { readonly slo: Slo; readonly problem?: undefined }
  /** A clause that completes '"..." is no bound: '. */
  | { readonly slo?: undefined; readonly problem: string };

/** Never throws. */
export function parseSlo(written: string): ParsedSlo {
  const text = written.trim();
  const colon = text.lastIndexOf(':');
  const scope = colon === -1 ? undefined : text.slice(0, colon).trim();
  const bound = text.slice(colon + 1).trim();
  const match = /^([a-z0-9]*)\s*(<=|>=|<|>|==|=|)\s*(.*)$/.exec(bound);
  const [, name = '', comparison = '', amount = ''] = match ?? [];
  const metric = metrics.find((known) => known === name);
  if (metric === undefined) return { problem: `it bounds "${name}", and there are ${metrics.join(', ')}` };
  const better = metric === 'rps' || metric === 'rate' ? '>' : '<';
  const sign = comparisons.find((known) => known === comparison);
  if (sign?.startsWith(better) !== true) {
    return { problem: `${metric} is bounded with ${better} or ${better}=` };
  }
  const value = valueOf(metric, amount.trim());
  if (typeof value === 'string') return { problem: value };
  if (value.value === 0 && sign === '<') return { problem: 'nothing is below 0' };
  const place = scope === undefined ? { topology: null, level: null } : placeOf(scope);
  if (typeof place === 'string') return { problem: place };
  return { slo: { text, ...place, metric, comparison: sign, ...value } };
}

function valueOf(metric: SloMetric, amount: string): Pick<Slo, 'value' | 'unit'> | string {
  const [, digits = '', unit = ''] = /^(\d{1,12}(?:\.\d{1,9})?)\s*([a-zµ%/]*)$/.exec(amount) ?? [];
  const number = digits === '' ? Number.NaN : Number(digits);
  if (Number.isNaN(number)) return `"${amount}" is no number with its unit`;
  if (metric === 'rps' || metric === 'rate') {
    if (unit === '' || unit === '/s') return { value: number, unit: '/s' };
    return metric === 'rps' ? 'rps is a number of successes a second' : 'rate is a number of requests a second';
  }
  if (metric === 'errors') {
    if (unit === '%' && number <= 100) return { value: number / 100, unit: 'share' };
    if (unit === '' && Number.isInteger(number)) return { value: number, unit: 'count' };
    return 'errors are a share such as 1% or a whole number';
  }
  const factor = millisecondsIn[unit];
  if (factor === undefined) return `${metric} needs a unit: ms, s or us`;
  return { value: number * factor, unit: 'ms' };
}

function placeOf(scope: string): Pick<Slo, 'topology' | 'level'> | string {
  const at = scope.indexOf('@');
  const topology = (at === -1 ? scope : scope.slice(0, at)).trim();
  const level = at === -1 ? null : scope.slice(at + 1).trim();
  if (level === '') return 'a level belongs after "@", such as 8';
  if (topology === '' && level === null) return 'a topology or a level belongs before ":"';
  return { topology: topology === '' ? null : topology, level };
}

/** Where a bound may hold: the topologies and levels of the plan that it names. */
export function placesOf(slo: Slo, plan: AnyPlan): Level[] {
  const searched = plan.load.search?.kind === 'slo';
  return plannedLevels(plan).filter(
    ({ topology, level }) =>
      (slo.topology === null || slo.topology === topology || slo.topology === topologyName(plan, topology)) &&
      (slo.level === null || slo.level === level || `c${slo.level}` === level) &&
      (slo.metric !== 'rate' || (searched && level === confirmationLevel)),
  );
}

/** Where a bound holds in a run: one that names no level, at those that the run came to. */
export function placesIn(slo: Slo, record: RunRecord): Level[] {
  const places = placesOf(slo, record.plan);
  return slo.level === null ? commonLevels(levelsOf(record), places) : places;
}

/**
 * The figure of a phase that a bound is about, in the bound's unit; null where there are too few samples.
 * A request that ran into its timeout counts in a quantile as one that took that long: latencies of successes alone would
 * look the better the more requests never ended.
 * @param repetitions that the phase is made from, whose quantiles' geometric mean is the figure
 */
export function sloFigure(
  slo: Slo,
  phase: PhaseResult,
  timeoutMs: number,
  repetitions: readonly PhaseResult[] = [phase],
): number | null {
  const { requests, rps } = phase.measurement;
  if (slo.metric === 'rps') return rps;
  if (slo.metric === 'errors') {
    if (slo.unit === 'count') return requests.errors;
    return requests.sent === 0 ? null : requests.errors / requests.sent;
  }
  // Of a search, and of no phase of it: foundRate knows it.
  if (slo.metric === 'rate') return null;
  const { metric } = slo;
  return geometricMean(repetitions.map(({ measurement }) => quantileOf(metric, measurement, timeoutMs)));
}

function quantileOf(
  metric: 'p50' | 'p95' | 'p99',
  measurement: PhaseResult['measurement'],
  timeoutMs: number,
): number | null {
  const { latency, requests } = measurement;
  if (requests.timeouts === 0) return { p50: latency.p50Ms, p95: latency.p95Ms, p99: latency.p99Ms }[metric];
  return sloQuantileMs(measurement, quantiles[metric] ?? 0.5, timeoutMs);
}

export function keepsSlo({ comparison, value }: Slo, figure: number): boolean {
  switch (comparison) {
    case '<':
      return figure < value;
    case '<=':
      return figure <= value;
    case '>':
      return figure > value;
    case '>=':
      return figure >= value;
  }
}

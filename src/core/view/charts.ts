import { smallGainShare } from '../knee.ts';
import type { PhaseMeasurement } from '../load.ts';
import type { LoadName } from '../phaseLoad.ts';
import type { Interval } from '../record.ts';
import { seriesStyles, type ChartBound, type ChartInterval, type ChartSeries, type ChartView } from './chart.ts';
import { formatInterval, formatMs, formatRps, formatList, insufficientSamples, significant } from './format.ts';
import { phaseAt, rowsAt, rowsOf, type Measured, type MeasuredTopology, type PhaseRow } from './measured.ts';
import { allValid, doubtOf, doubtNotes, doubtSentence, validCell } from './notValid.ts';
import { kneeOf } from './searchTexts.ts';

/** Of the chart, and of the tab that holds it. */
export const throughputTitle = 'Latency vs throughput';

/** p95 against RPS, one line a topology, one point a level; with the knees of a ladder, and the bound that a search for a rate had. */
export function latencyAgainstThroughput(measured: Measured): ChartView {
  const rows = rowsOf(measured);
  const knees = kneesOf(measured, rows);
  const bounds = boundsOf(measured);
  const series = seriesOf(measured, rows, (topology) =>
    rows
      .filter((row) => row.topology === topology.key && row.p95Ms !== null)
      .map((row) => ({
        x: row.rps,
        y: row.p95Ms ?? 0,
        label: row.load.short,
        ...limits('yInterval', row, row.intervals?.p95Ms),
        ...limits('xInterval', row, row.intervals?.rps),
        ...doubtOf(row),
        ...(knees.includes(row) ? { mark: kneeMark } : {}),
      })),
  );
  const omitted = rows.filter((row) => row.p95Ms === null);
  const drawn = rows.filter((row) => row.p95Ms !== null);
  const closed = rows.every((row) => row.load.closed);
  return {
    id: 'throughput',
    title: throughputTitle,
    description: [
      `p95 latency against successful requests per second for ${namesOf(series)}; each point is one load.`,
      ...(knees.length === 0
        ? []
        : [`Knee: ${formatList(knees.map(({ topology, load }) => `${topology} at ${load.long}`))}.`]),
      ...bounds.map(({ label }) => `A line marks the ${label}.`),
      ...doubtSentence(drawn, ({ topology, load }) => `${topology} at ${load.long}`),
    ].join(' '),
    kind: 'line',
    xLabel: 'RPS',
    yLabel: 'p95 ms',
    xScale: 'linear',
    categories: [],
    series,
    bounds,
    labelled: true,
    notes: [
      `${closed ? 'The number beside a point is its connections' : 'Beside a point stands its load: connections, or the rate of an open loop'}. Lower and further right is better.`,
      ...doubtNotes(drawn, 'Hollow points, joined by thin dashes, are'),
      ...intervalNotes(series),
      ...(knees.length === 0
        ? []
        : [
            `A ring marks the knee: beyond it, twice the connections gain less than ${String(smallGainShare * 100)}% of RPS, whole interval included.`,
          ]),
      ...bounds.map(({ label }) => `The dashed line is the ${label}.`),
      ...(omitted.length === 0
        ? []
        : [
            `Left out for insufficient samples: ${formatList(omitted.map((row) => `${row.topology} at ${row.load.long}`))}.`,
          ]),
    ],
    table: {
      columns: [
        'Topology',
        closed ? 'Connections' : 'Load',
        'RPS',
        ['p95 ms', ...bounds.map(({ label }) => `(${label})`)].join(' '),
        ...(knees.length === 0 ? [] : ['Mark']),
        ...(allValid(rows) ? [] : ['Valid']),
      ],
      rows: rows.map((row) => [
        row.topology,
        row.load.short,
        withInterval(row.rps, row.intervals?.rps),
        withInterval(row.p95Ms, row.intervals?.p95Ms),
        ...(knees.length === 0 ? [] : [knees.includes(row) ? kneeMark : '–']),
        ...(allValid(rows) ? [] : [validCell(row)]),
      ]),
    },
  };
}

const kneeMark = 'knee';

/** The rows at which their ladders stop paying. */
function kneesOf(measured: Measured, rows: readonly PhaseRow[]): PhaseRow[] {
  return measured.topologies.flatMap((topology) => {
    const knee = kneeOf(measured, topology, rows);
    if (knee?.kind !== 'knee') return [];
    return rows.filter((row) => row.topology === topology.key && row.load.connections === knee.connections);
  });
}

function boundsOf({ plan }: Measured): ChartBound[] {
  const { search } = plan.load;
  return search?.kind === 'slo' ? [{ y: search.p95Ms, label: `bound of ${formatMs(search.p95Ms)}` }] : [];
}

/** p50, p95 and p99 side by side at one level. */
export function percentileBars(measured: Measured, level: LoadName): ChartView {
  const rows = rowsAt(rowsOf(measured), level);
  const categories = ['p50', 'p95', 'p99'];
  const valuesOf = (row: PhaseRow): readonly (number | null)[] => [row.p50Ms, row.p95Ms, row.p99Ms];
  const intervalsOf = ({ intervals }: PhaseRow): readonly (Interval | undefined)[] =>
    intervals === null ? [] : [intervals.p50Ms, intervals.p95Ms, intervals.p99Ms];
  const series = seriesOf(measured, rows, (topology) =>
    rows
      .filter((row) => row.topology === topology.key)
      .flatMap((row) =>
        valuesOf(row).flatMap((y, x) =>
          y === null
            ? []
            : [{ x, y, label: significant(y), ...limits('yInterval', row, intervalsOf(row)[x]), ...doubtOf(row) }],
        ),
      ),
  );
  const missing = rows.filter((row) => valuesOf(row).includes(null));
  return {
    id: 'percentiles',
    title: `Percentiles at ${level.long}`,
    description: [
      `p50, p95 and p99 latency of ${namesOf(series)} at ${level.long}.`,
      ...doubtSentence(rows, ({ topology }) => topology),
    ].join(' '),
    kind: 'bar',
    xLabel: '',
    yLabel: 'ms',
    xScale: 'category',
    categories,
    series,
    labelled: true,
    notes: [
      ...doubtNotes(rows, 'Empty bars are'),
      ...intervalNotes(series),
      ...(missing.length === 0
        ? []
        : [`A missing bar means insufficient samples (${formatList(missing.map((row) => row.topology))}).`]),
    ],
    table: {
      columns: ['Topology', 'p50 ms', 'p95 ms', 'p99 ms', ...(allValid(rows) ? [] : ['Valid'])],
      rows: rows.map((row) => [
        row.topology,
        ...valuesOf(row).map((value, at) => withInterval(value, intervalsOf(row)[at])),
        ...(allValid(rows) ? [] : [validCell(row)]),
      ]),
    },
  };
}

/** Successes a second over the time of one level's phase. */
export function throughputOverTime(measured: Measured, level: LoadName): ChartView {
  return overTime(measured, level, {
    id: 'time',
    title: 'Throughput over time',
    what: 'Successful requests per second',
    unit: 'RPS',
    valueOf: ({ ok }, seconds) => ok / seconds,
    textOf: formatRps,
  });
}

/** p95 of each window over the time of one level's phase; of few requests none. */
export function latencyOverTime(measured: Measured, level: LoadName): ChartView {
  return overTime(measured, level, {
    id: 'latency-time',
    title: 'Latency over time',
    what: 'p95 latency',
    unit: 'p95 ms',
    valueOf: ({ p95Ms }) => p95Ms,
    textOf: (value) => `p95 ${formatMs(value)}`,
  });
}

/** What is drawn of each window of a phase. */
interface WindowQuantity {
  readonly id: string;
  readonly title: string;
  readonly what: string;
  readonly unit: string;
  /** @param seconds that the window lasts */
  readonly valueOf: (window: PhaseMeasurement['timeSeries'][number], seconds: number) => number | null;
  readonly textOf: (value: number) => string;
}

function overTime(measured: Measured, level: LoadName, quantity: WindowQuantity): ChartView {
  const { id, title, what, unit } = quantity;
  const rows = rowsAt(rowsOf(measured), level);
  const series = seriesOf(measured, rows, (topology) =>
    withDoubt(rows, topology, windowsOf(topology, level, quantity)),
  );
  const doubtful = rows.filter(({ validity }) => !validity.valid).map(({ topology }) => topology);
  const seconds = [...new Set(series.flatMap((one) => one.points.map((point) => point.x)))].sort((a, b) => a - b);
  return {
    id,
    title: `${title} at ${level.long}`,
    description: [
      `${what} of ${namesOf(series)}, window by window, at ${level.long}.`,
      ...doubtSentence(rows, ({ topology }) => topology),
    ].join(' '),
    kind: 'line',
    xLabel: 'seconds since the phase began',
    yLabel: unit,
    xScale: 'linear',
    categories: [],
    series,
    labelled: false,
    notes: [
      ...doubtNotes(rows, 'Hollow points, joined by thin dashes, are'),
      'The topologies ran one after the other; their phases are laid over each other here.',
    ],
    table: {
      columns: [
        'Second',
        ...series.map(({ label }) => `${label} ${unit}${doubtful.includes(label) ? ' (not valid)' : ''}`),
      ],
      rows: seconds.map((second) => [
        significant(second),
        ...series.map((one) => {
          const point = one.points.find((candidate) => candidate.x === second);
          return point === undefined ? '–' : significant(point.y);
        }),
      ]),
    },
  };
}

/** Latency of the slowest requests: a point of a curve says that this share of requests was no slower. */
export interface Distribution {
  readonly topology: string;
  readonly points: readonly { readonly quantile: number; readonly ms: number }[];
}

/** The whole distribution at one level, as far out as its samples reach. */
export function latencyDistribution(
  measured: Measured,
  level: LoadName,
  distributions: readonly Distribution[],
): ChartView {
  const rows = rowsAt(rowsOf(measured), level);
  const series = seriesOf(measured, rows, (topology) =>
    withDoubt(
      rows,
      topology,
      (distributions.find((one) => one.topology === topology.key)?.points ?? []).map(({ quantile, ms }) => ({
        x: 1 / (1 - quantile),
        y: ms,
        label: `${percentileName(quantile)}: ${formatMs(ms)}`,
      })),
    ),
  );
  const shown = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999];
  return {
    id: 'distribution',
    title: `Latency distribution at ${level.long}`,
    description: [
      `Latency by percentile of ${namesOf(series)} at ${level.long}, from the recorded histograms.`,
      ...doubtSentence(rows, ({ topology }) => topology),
    ].join(' '),
    kind: 'line',
    xLabel: 'percentile',
    yLabel: 'ms',
    xScale: 'tail',
    categories: [],
    series,
    labelled: false,
    notes: [
      ...doubtNotes(rows, 'Curves in thin dashes are'),
      'Each curve ends where fewer than ten requests were slower.',
    ],
    table: {
      columns: ['Topology', ...shown.map(percentileName), ...(allValid(rows) ? [] : ['Valid'])],
      rows: series.map((one) => [
        one.label,
        ...shown.map((quantile) => {
          const points = distributions.find((candidate) => candidate.topology === one.label)?.points ?? [];
          const point = points.find((candidate) => candidate.quantile >= quantile);
          return point === undefined ? '–' : significant(point.ms);
        }),
        ...(allValid(rows) ? [] : rows.filter(({ topology }) => topology === one.label).map(validCell)),
      ]),
    },
  };
}

function percentileName(quantile: number): string {
  return `p${String(Number((quantile * 100).toFixed(3)))}`;
}

function windowsOf(
  topology: MeasuredTopology,
  level: LoadName,
  { valueOf, textOf }: WindowQuantity,
): ChartSeries['points'] {
  const phase = phaseAt(topology, level);
  let before = 0;
  return (phase?.measurement.timeSeries ?? []).flatMap((window) => {
    const length = window.second - before;
    before = window.second;
    const y = length > 0 ? valueOf(window, length) : null;
    return y === null ? [] : [{ x: window.second, y, label: textOf(y) }];
  });
}

/** All points of a topology that is measured by one row. */
function withDoubt(
  rows: readonly PhaseRow[],
  { key }: MeasuredTopology,
  points: ChartSeries['points'],
): ChartSeries['points'] {
  const row = rows.find(({ topology }) => topology === key);
  return row === undefined ? points : points.map((point) => ({ ...point, ...doubtOf(row) }));
}

/** One series a topology that has rows; a topology without numbers is no line at zero. */
function seriesOf(
  measured: Measured,
  rows: readonly PhaseRow[],
  pointsOf: (topology: MeasuredTopology) => ChartSeries['points'],
): ChartSeries[] {
  const styles = seriesStyles(measured.topologies.map((topology) => topology.key));
  return measured.topologies
    .filter((topology) => rows.some((row) => row.topology === topology.key))
    .map((topology) => ({ label: topology.key, style: styles.get(topology.key) ?? 0, points: pointsOf(topology) }));
}

function namesOf(series: readonly ChartSeries[]): string {
  return series.length === 0 ? 'no topology' : formatList(series.map((one) => one.label));
}

/** "47.3 [46.7–48.0]" */
function withInterval(value: number | null, interval: Interval | undefined): string {
  if (value === null) return insufficientSamples;
  const limitsText = formatInterval(interval);
  return limitsText === null ? significant(value) : `${significant(value)} ${limitsText}`;
}

/** None of a row that is not valid: whiskers would make it look exact. */
function limits<Name extends string>(
  name: Name,
  { validity }: PhaseRow,
  interval: Interval | undefined,
): Partial<Record<Name, ChartInterval>> {
  if (!validity.valid || interval === undefined || 'unknown' in interval) return {};
  return { [name]: { low: interval.low, high: interval.high } } as Record<Name, ChartInterval>;
}

function intervalNotes(series: readonly ChartSeries[]): string[] {
  const points = series.flatMap((one) => one.points);
  return points.some(({ xInterval, yInterval }) => xInterval !== undefined || yInterval !== undefined)
    ? ['The whiskers are 95% intervals.']
    : [];
}

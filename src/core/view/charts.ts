import type { LoadName } from '../phaseLoad.ts';
import { seriesStyles, type ChartSeries, type ChartView } from './chart.ts';
import { formatMs, formatRps, formatList, significant } from './format.ts';
import { phaseAt, rowsAt, rowsOf, type Measured, type MeasuredTopology, type PhaseRow } from './measured.ts';

/** p95 against RPS, one line a topology, one point a level. */
export function latencyAgainstThroughput(measured: Measured): ChartView {
  const rows = rowsOf(measured);
  const series = seriesOf(measured, rows, (topology) =>
    rows
      .filter((row) => row.topology === topology.key && row.p95Ms !== null)
      .map((row) => ({ x: row.rps, y: row.p95Ms ?? 0, label: row.load.short })),
  );
  const omitted = rows.filter((row) => row.p95Ms === null);
  return {
    id: 'throughput',
    title: 'Latency against throughput',
    description: `p95 latency against successful requests per second for ${namesOf(series)}; each point is one load.`,
    kind: 'line',
    xLabel: 'RPS',
    yLabel: 'p95 ms',
    xScale: 'linear',
    categories: [],
    series,
    labelled: true,
    notes: [
      `${rows.every((row) => row.load.closed) ? 'The number beside a point is its connections' : 'Beside a point stands its load: connections, or the rate of an open loop'}. Lower and further right is better.`,
      ...(omitted.length === 0
        ? []
        : [
            `Left out for insufficient samples: ${formatList(omitted.map((row) => `${row.topology} at ${row.load.long}`))}.`,
          ]),
    ],
    table: {
      columns: ['Topology', rows.every((row) => row.load.closed) ? 'Connections' : 'Load', 'RPS', 'p95 ms'],
      rows: rows.map((row) => [row.topology, row.load.short, significant(row.rps), numberOrWords(row.p95Ms)]),
    },
  };
}

/** p50, p95 and p99 side by side at one level. */
export function percentileBars(measured: Measured, level: LoadName): ChartView {
  const rows = rowsAt(rowsOf(measured), level);
  const categories = ['p50', 'p95', 'p99'];
  const valuesOf = (row: PhaseRow): readonly (number | null)[] => [row.p50Ms, row.p95Ms, row.p99Ms];
  const series = seriesOf(measured, rows, (topology) =>
    rows
      .filter((row) => row.topology === topology.key)
      .flatMap((row) => valuesOf(row).flatMap((y, x) => (y === null ? [] : [{ x, y, label: significant(y) }]))),
  );
  const missing = rows.filter((row) => valuesOf(row).includes(null));
  return {
    id: 'percentiles',
    title: `Percentiles at ${level.long}`,
    description: `p50, p95 and p99 latency of ${namesOf(series)} at ${level.long}.`,
    kind: 'bar',
    xLabel: '',
    yLabel: 'ms',
    xScale: 'category',
    categories,
    series,
    labelled: true,
    notes:
      missing.length === 0
        ? []
        : [`A missing bar means insufficient samples (${formatList(missing.map((row) => row.topology))}).`],
    table: {
      columns: ['Topology', 'p50 ms', 'p95 ms', 'p99 ms'],
      rows: rows.map((row) => [row.topology, ...valuesOf(row).map(numberOrWords)]),
    },
  };
}

/** Successes a second over the time of one level's phase. */
export function throughputOverTime(measured: Measured, level: LoadName): ChartView {
  const rows = rowsAt(rowsOf(measured), level);
  const series = seriesOf(measured, rows, (topology) => secondsOf(topology, level));
  const seconds = [...new Set(series.flatMap((one) => one.points.map((point) => point.x)))].sort((a, b) => a - b);
  return {
    id: 'time',
    title: `Throughput over time at ${level.long}`,
    description: `Successful requests per second of ${namesOf(series)}, window by window, at ${level.long}.`,
    kind: 'line',
    xLabel: 'seconds since the phase began',
    yLabel: 'RPS',
    xScale: 'linear',
    categories: [],
    series,
    labelled: false,
    notes: ['The topologies ran one after the other; their phases are laid over each other here.'],
    table: {
      columns: ['Second', ...series.map((one) => `${one.label} RPS`)],
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
    (distributions.find((one) => one.topology === topology.key)?.points ?? []).map(({ quantile, ms }) => ({
      x: 1 / (1 - quantile),
      y: ms,
      label: `${percentileName(quantile)}: ${formatMs(ms)}`,
    })),
  );
  const shown = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999];
  return {
    id: 'distribution',
    title: `Latency distribution at ${level.long}`,
    description: `Latency by percentile of ${namesOf(series)} at ${level.long}, from the recorded histograms.`,
    kind: 'line',
    xLabel: 'percentile',
    yLabel: 'ms',
    xScale: 'tail',
    categories: [],
    series,
    labelled: false,
    notes: ['Each curve ends where fewer than ten requests were slower.'],
    table: {
      columns: ['Topology', ...shown.map(percentileName)],
      rows: series.map((one) => [
        one.label,
        ...shown.map((quantile) => {
          const points = distributions.find((candidate) => candidate.topology === one.label)?.points ?? [];
          const point = points.find((candidate) => candidate.quantile >= quantile);
          return point === undefined ? '–' : significant(point.ms);
        }),
      ]),
    },
  };
}

function percentileName(quantile: number): string {
  return `p${String(Number((quantile * 100).toFixed(3)))}`;
}

function secondsOf(topology: MeasuredTopology, level: LoadName): { x: number; y: number; label: string }[] {
  const phase = phaseAt(topology, level);
  let before = 0;
  return (phase?.measurement.timeSeries ?? []).flatMap((window) => {
    const length = window.second - before;
    before = window.second;
    if (length <= 0) return [];
    const y = window.ok / length;
    return [{ x: window.second, y, label: formatRps(y) }];
  });
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

function numberOrWords(value: number | null): string {
  return value === null ? 'insufficient samples' : significant(value);
}

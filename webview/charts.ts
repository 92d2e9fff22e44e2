import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Tooltip,
  type ChartConfiguration,
  type ChartDataset,
  type ChartOptions,
  type LegendItem,
  type Plugin,
  type Point,
  type PointStyle,
  type ScriptableContext,
  type ScriptableLineSegmentContext,
} from 'chart.js';
import type { ChartInterval, ChartPoint, ChartSeries, ChartView } from '../src/core/view/chart.ts';
import type { PointPlace } from '../src/core/view/chartWalk.ts';
import { pointText } from '../src/core/view/pointText.ts';
import { boundLines, drawnPoints, rings, whiskers, yOf, type DrawnPoint } from './chartMarks.ts';
import { hatched } from './chartPatterns.ts';
import type { Theme } from './theme.ts';

Chart.register(
  ...[BarController, BarElement, CategoryScale, Legend, LinearScale],
  ...[LineController, LineElement, LogarithmicScale, PointElement, Tooltip],
);

/** A chart that is painted on a canvas and must be given back. */
export interface DrawnChart {
  destroy(): void;
  /** Shows a point as if the pointer were on it; null: none. */
  activate(place: PointPlace | null): void;
}

/** Shapes and dashes tell series apart where colours do not. */
const shapes: readonly PointStyle[] = ['circle', 'triangle', 'rect', 'rectRot', 'crossRot', 'star'];
const dashes: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 2], [1, 4]];

/** Paints the chart, whose page names its series beside it; `completed` is called each time it has been painted in full. */
export function drawChart(canvas: HTMLCanvasElement, view: ChartView, theme: Theme, completed: () => void): DrawnChart {
  const chart = makeChart(canvas, view, theme, optionsOf(view, theme, { completed, withLegend: false }));
  return {
    destroy: () => {
      chart.destroy();
    },
    activate: (place) => {
      const active = place === null ? [] : [elementAt(view, place)];
      chart.setActiveElements(active);
      chart.tooltip?.setActiveElements(active, { x: 0, y: 0 });
      chart.render();
    },
  };
}

/** Paints the chart before it returns, at the size that the canvas has, `scale` times as dense: for a picture. */
export function paintStill(
  canvas: HTMLCanvasElement,
  view: ChartView,
  theme: Theme,
  scale: number,
): Pick<DrawnChart, 'destroy'> {
  const options = optionsOf(view, theme, { completed: () => undefined, withLegend: view.series.length > 1 });
  return makeChart(canvas, view, theme, { ...options, animation: false, responsive: false, devicePixelRatio: scale });
}

/** A bar's place is that of its category. */
function elementAt(view: ChartView, { series, point }: PointPlace): { datasetIndex: number; index: number } {
  const index = view.kind === 'bar' ? (view.series[series]?.points[point]?.x ?? point) : point;
  return { datasetIndex: series, index };
}

/** What is done with a chart, whatever its data look like. */
interface ChartHandle {
  destroy(): void;
  render(): void;
  setActiveElements(active: { datasetIndex: number; index: number }[]): void;
  readonly tooltip?:
    | { setActiveElements(active: { datasetIndex: number; index: number }[], position: { x: number; y: number }): void }
    | undefined;
}

function makeChart(
  canvas: HTMLCanvasElement,
  view: ChartView,
  theme: Theme,
  options: ChartOptions<'bar' | 'line'>,
): ChartHandle {
  Chart.defaults.font.family = theme.font;
  Chart.defaults.font.size = 13;
  Chart.defaults.color = theme.foreground;
  const plugins = [
    boundLines(view, theme),
    whiskers(view, theme),
    rings(view, theme),
    ...(view.labelled ? [labels(view, theme)] : []),
  ];
  if (view.kind === 'bar') {
    const config: ChartConfiguration<'bar', (number | null)[]> = {
      type: 'bar',
      data: { labels: [...view.categories], datasets: view.series.map((series) => barsOf(view, series, theme)) },
      options: options as ChartOptions<'bar'>,
      plugins,
    };
    return new Chart(canvas, config);
  }
  const config: ChartConfiguration<'line', Point[]> = {
    type: 'line',
    data: { datasets: view.series.map((series) => lineOf(view, series, theme)) },
    options: options as ChartOptions<'line'>,
    plugins,
  };
  return new Chart(canvas, config);
}

/** Of a line to or from a point that is not valid: unlike the dashes of every series. */
const doubtfulLine = { width: 1, dash: [3, 7] };

function lineOf(view: ChartView, series: ChartSeries, theme: Theme): ChartDataset<'line', Point[]> {
  const colour = theme.series[series.style] ?? theme.foreground;
  const isHollow = (index: number): boolean => series.points[index]?.notValid === true;
  const touchesHollow = ({ p0DataIndex, p1DataIndex }: ScriptableLineSegmentContext): boolean =>
    isHollow(p0DataIndex) || isHollow(p1DataIndex);
  return {
    label: series.label,
    data: series.points.map(({ x, y }) => ({ x, y })),
    borderColor: colour,
    backgroundColor: colour,
    borderWidth: 2,
    borderDash: [...(dashes[series.style % dashes.length] ?? [])],
    segment: {
      borderDash: (context) => (touchesHollow(context) ? doubtfulLine.dash : undefined),
      borderWidth: (context) => (touchesHollow(context) ? doubtfulLine.width : undefined),
    },
    pointBackgroundColor: series.points.map((_, index) => (isHollow(index) ? theme.background : colour)),
    pointBorderWidth: series.points.map((_, index) => (isHollow(index) ? 2 : 1)),
    pointStyle: shapes[series.style % shapes.length] ?? 'circle',
    // A curve of many points shows its shape by its line; single points would only blur it.
    pointRadius: view.xScale === 'tail' ? 0 : 4,
    pointHitRadius: 8,
    pointHoverRadius: 6,
    tension: 0,
  };
}

function barsOf(view: ChartView, series: ChartSeries, theme: Theme): ChartDataset<'bar', (number | null)[]> {
  const colour = theme.series[series.style] ?? theme.foreground;
  const pointOf = (category: number): ChartPoint | undefined => series.points.find((point) => point.x === category);
  return {
    label: series.label,
    data: view.categories.map((_, index) => pointOf(index)?.y ?? null),
    backgroundColor: ({ chart, dataIndex }: ScriptableContext<'bar'>) =>
      pointOf(dataIndex)?.notValid === true ? theme.background : hatched(chart.ctx, series.style, colour),
    borderColor: colour,
    borderWidth: 1.5,
    maxBarThickness: 44,
    categoryPercentage: 0.78,
    barPercentage: 0.88,
  };
}

function optionsOf(
  view: ChartView,
  theme: Theme,
  { completed, withLegend }: { completed: () => void; withLegend: boolean },
): ChartOptions<'bar' | 'line'> {
  const title = (text: string): { display: boolean; text: string; color: string } => ({
    display: text !== '',
    text,
    color: theme.muted,
  });
  const ticks = { color: theme.muted };
  const stacked = view.stacked === true;
  const grid = { color: theme.grid, drawTicks: false };
  const border = { color: theme.grid };
  const names =
    view.xScale === 'category'
      ? { type: 'category' as const, stacked, grid: { display: false }, ticks: { color: theme.foreground }, border }
      : { ...xScaleOf(view), title: title(view.xLabel), ticks: { ...ticks, ...xTicks(view) }, grid, border };
  const values = {
    type: 'linear' as const,
    stacked,
    beginAtZero: true,
    ...(stacked ? { min: lowestStack(view) } : {}),
    grace: view.labelled ? '10%' : '4%',
    ...suggestedMax(view, ({ yInterval }) => yInterval, view.bounds),
    title: title(view.yLabel),
    // No tick of its own for where the axis begins: it would stand on that of zero.
    ticks: { ...ticks, maxTicksLimit: 7, includeBounds: false, callback: plainNumber },
    grid,
    border,
  };
  const horizontal = view.horizontal === true;
  return {
    maintainAspectRatio: false,
    indexAxis: horizontal ? 'y' : 'x',
    // Numbers appear at once: a bar that grows shows values that nobody measured.
    animation: { duration: 0, onComplete: completed },
    layout: { padding: { top: view.labelled ? 12 : 4, right: 12 } },
    interaction: { mode: 'nearest', intersect: false },
    plugins: {
      legend: {
        display: withLegend,
        position: 'top',
        align: 'start',
        labels: {
          color: theme.foreground,
          usePointStyle: view.kind === 'line',
          boxHeight: 8,
          boxWidth: 14,
          padding: 14,
          generateLabels: filledNames,
        },
      },
      tooltip: {
        backgroundColor: theme.background,
        titleColor: theme.foreground,
        bodyColor: theme.foreground,
        borderColor: theme.muted,
        borderWidth: 1,
        displayColors: false,
        callbacks: { title: () => '', label: (item) => tooltipOf(view, item.datasetIndex, item.dataIndex) },
      },
    },
    scales: horizontal ? { x: values, y: names } : { x: names, y: values },
  };
}

/** The first point of a line may be hollow, which says nothing of the others. */
function filledNames(chart: Chart): LegendItem[] {
  const names = Chart.defaults.plugins.legend.labels.generateLabels(chart);
  return names.map((name) => (name.pointStyle === undefined ? name : { ...name, fillStyle: name.strokeStyle ?? '' }));
}

/** What the parts of a bar below zero add up to, of the lowest: an axis that began at a whole tick would squeeze the bars for it. */
function lowestStack({ series, categories }: ChartView): number {
  const sums = categories.map((_name, category) =>
    series
      .flatMap(({ points }) => points)
      .filter(({ x, y }) => x === category && y < 0)
      .reduce((sum, { y }) => sum + y, 0),
  );
  return Math.min(0, ...sums);
}

/** The axis reaches to the end of every whisker and to the bounds. */
function suggestedMax(
  { series }: ChartView,
  intervalOf: (point: ChartPoint) => ChartInterval | undefined,
  bounds: ChartView['bounds'] = [],
): { suggestedMax?: number } {
  const ends = series.flatMap(({ points }) => points.flatMap((point) => intervalOf(point)?.high ?? []));
  const all = [...ends, ...bounds.map(({ y }) => y)];
  return all.length === 0 ? {} : { suggestedMax: Math.max(...all) };
}

/** Quantiles that the axis of a distribution names, as 1 / (1 - quantile). */
const tailTicks: readonly (readonly [x: number, name: string])[] = [
  [1, 'p0'],
  [2, 'p50'],
  [10, 'p90'],
  [20, 'p95'],
  [100, 'p99'],
  [1000, 'p99.9'],
  [10_000, 'p99.99'],
];

/** No thousands separator: it reads differently from place to place. */
function plainNumber(value: number | string): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : value;
}

function xScaleOf(view: ChartView): object {
  if (view.xScale !== 'tail')
    return {
      type: 'linear',
      beginAtZero: true,
      grace: view.labelled ? '6%' : 0,
      ...suggestedMax(view, ({ xInterval }) => xInterval),
    };
  const furthest = Math.max(2, ...view.series.flatMap((series) => series.points.map((point) => point.x)));
  return {
    type: 'logarithmic',
    min: 1,
    max: furthest,
    afterBuildTicks: (axis: { ticks: { value: number }[] }) => {
      axis.ticks = tailTicks.filter(([x]) => x <= furthest * 1.001).map(([value]) => ({ value }));
    },
  };
}

function xTicks(view: ChartView): object {
  if (view.xScale !== 'tail') return { maxTicksLimit: 9, callback: plainNumber };
  return {
    autoSkip: false,
    maxRotation: 0,
    callback: (value: number | string) => tailTicks.find(([x]) => x === value)?.[1] ?? '',
  };
}

function tooltipOf(view: ChartView, datasetIndex: number, dataIndex: number): string {
  const series = view.series[datasetIndex];
  const point =
    view.kind === 'bar' ? series?.points.find((candidate) => candidate.x === dataIndex) : series?.points[dataIndex];
  return series === undefined || point === undefined ? '' : pointText(view, series, point);
}

/** Writes each point's label beside it, and each bar's above it and its whisker. */
function labels(view: ChartView, theme: Theme): Plugin {
  return {
    id: 'labels',
    afterDatasetsDraw(chart) {
      const { ctx } = chart;
      ctx.save();
      ctx.font = `12px ${theme.font}`;
      ctx.fillStyle = theme.foreground;
      // A rim in the background's colour keeps a label legible where a line runs through it.
      ctx.strokeStyle = theme.background;
      ctx.lineWidth = 4;
      ctx.lineJoin = 'round';
      ctx.textAlign = view.kind === 'bar' ? 'center' : 'left';
      ctx.textBaseline = view.kind === 'bar' ? 'bottom' : 'middle';
      const points = drawnPoints(chart, view);
      const taken: Box[] = [];
      // Where there is room for one label alone, it is that of the point that matters.
      for (const { point, x, y, width } of [...points.filter(isMarked), ...points.filter((one) => !isMarked(one))]) {
        const text = point.mark === undefined ? point.label : `${point.label} (${point.mark})`;
        // A label wider than its bar would run into the next one.
        if (width !== undefined && ctx.measureText(text).width > width + 10) continue;
        const top = point.yInterval === undefined ? y : Math.min(y, yOf(chart, point.yInterval.high));
        const at = view.kind === 'bar' ? ([x, top - 3] as const) : ([x + 9, y - 9] as const);
        const box = boxOf(ctx, text, at[0], at[1]);
        // Where points lie close, one label is legible and two are not; the table has them all.
        if (taken.some((other) => overlap(box, other))) continue;
        taken.push(box);
        ctx.strokeText(text, ...at);
        ctx.fillText(text, ...at);
      }
      ctx.restore();
    },
  };
}

function isMarked({ point }: DrawnPoint): boolean {
  return point.mark !== undefined;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function boxOf(context: CanvasRenderingContext2D, text: string, x: number, y: number): Box {
  const size = context.measureText(text);
  return {
    left: x - size.actualBoundingBoxLeft,
    right: x + size.actualBoundingBoxRight,
    top: y - size.actualBoundingBoxAscent,
    bottom: y + size.actualBoundingBoxDescent,
  };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

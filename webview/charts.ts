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
  type Plugin,
  type Point,
  type PointStyle,
  type ScriptableContext,
} from 'chart.js';
import type { ChartSeries, ChartView } from '../src/core/view/chart.ts';
import { significant } from '../src/core/view/format.ts';
import type { Theme } from './theme.ts';

Chart.register(
  ...[BarController, BarElement, CategoryScale, Legend, LinearScale],
  ...[LineController, LineElement, LogarithmicScale, PointElement, Tooltip],
);

/** Anything that is painted on a canvas and must be given back. */
export type DrawnChart = Pick<Chart, 'destroy'>;

/** Shapes and dashes tell series apart where colours do not. */
const shapes: readonly PointStyle[] = ['circle', 'triangle', 'rect', 'rectRot', 'crossRot', 'star'];
const dashes: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 2], [1, 4]];

/** Paints the chart; `completed` is called each time it has been painted in full. */
export function drawChart(canvas: HTMLCanvasElement, view: ChartView, theme: Theme, completed: () => void): DrawnChart {
  return makeChart(canvas, view, theme, optionsOf(view, theme, completed));
}

/** Paints the chart before it returns, at the size that the canvas has, `scale` times as dense: for a picture. */
export function paintStill(canvas: HTMLCanvasElement, view: ChartView, theme: Theme, scale: number): DrawnChart {
  const options = optionsOf(view, theme, () => undefined);
  return makeChart(canvas, view, theme, { ...options, animation: false, responsive: false, devicePixelRatio: scale });
}

function makeChart(
  canvas: HTMLCanvasElement,
  view: ChartView,
  theme: Theme,
  options: ChartOptions<'bar' | 'line'>,
): DrawnChart {
  Chart.defaults.font.family = theme.font;
  Chart.defaults.font.size = 12;
  Chart.defaults.color = theme.foreground;
  const plugins = view.labelled ? [labels(view, theme)] : [];
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

function lineOf(view: ChartView, series: ChartSeries, theme: Theme): ChartDataset<'line', Point[]> {
  const colour = theme.series[series.style] ?? theme.foreground;
  return {
    label: series.label,
    data: series.points.map(({ x, y }) => ({ x, y })),
    borderColor: colour,
    backgroundColor: colour,
    borderWidth: 2,
    borderDash: [...(dashes[series.style % dashes.length] ?? [])],
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
  return {
    label: series.label,
    data: view.categories.map((_, index) => series.points.find((point) => point.x === index)?.y ?? null),
    backgroundColor: (context: ScriptableContext<'bar'>) => hatched(context.chart.ctx, series.style, colour),
    borderColor: colour,
    borderWidth: 1.5,
    maxBarThickness: 44,
    categoryPercentage: 0.78,
    barPercentage: 0.88,
  };
}

function optionsOf(view: ChartView, theme: Theme, completed: () => void): ChartOptions<'bar' | 'line'> {
  const title = (text: string): { display: boolean; text: string; color: string } => ({
    display: text !== '',
    text,
    color: theme.muted,
  });
  const ticks = { color: theme.muted };
  const stacked = view.stacked === true;
  const grid = { color: theme.grid, drawTicks: false };
  return {
    maintainAspectRatio: false,
    // Numbers appear at once: a bar that grows shows values that nobody measured.
    animation: { duration: 0, onComplete: completed },
    layout: { padding: { top: 4, right: 12 } },
    interaction: { mode: 'nearest', intersect: false },
    plugins: {
      legend: {
        display: view.series.length > 1,
        position: 'top',
        align: 'start',
        onClick: () => undefined,
        labels: {
          color: theme.foreground,
          usePointStyle: view.kind === 'line',
          boxHeight: 8,
          boxWidth: 14,
          padding: 14,
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
    scales: {
      x:
        view.xScale === 'category'
          ? { type: 'category', stacked, grid: { display: false }, ticks, border: { color: theme.grid } }
          : {
              ...xScaleOf(view),
              title: title(view.xLabel),
              ticks: { ...ticks, ...xTicks(view) },
              grid,
              border: { color: theme.grid },
            },
      y: {
        type: 'linear',
        stacked,
        beginAtZero: true,
        grace: view.labelled ? '10%' : '4%',
        title: title(view.yLabel),
        ticks: { ...ticks, maxTicksLimit: 7, callback: plainNumber },
        grid,
        border: { color: theme.grid },
      },
    },
  };
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
  if (view.xScale !== 'tail') return { type: 'linear', beginAtZero: true, grace: view.labelled ? '6%' : 0 };
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
  if (series === undefined) return '';
  if (view.kind === 'bar') {
    const point = series.points.find((candidate) => candidate.x === dataIndex);
    return point === undefined
      ? ''
      : `${series.label}, ${view.categories[dataIndex] ?? ''}: ${point.label} ${view.yLabel}`;
  }
  const point = series.points[dataIndex];
  if (point === undefined) return '';
  if (view.xScale === 'tail') return `${series.label}, ${point.label}`;
  if (!view.labelled) return `${series.label}: ${point.label}`;
  const load = /^\d+$/u.test(point.label) ? `${point.label} connections` : point.label;
  return `${series.label}, ${load}: ${significant(point.y)} ${view.yLabel} at ${significant(point.x)} ${view.xLabel}`;
}

/** Writes each point's label beside it, and each bar's above it. */
function labels(view: ChartView, theme: Theme): Plugin {
  return {
    id: 'labels',
    afterDatasetsDraw(chart) {
      const { ctx } = chart;
      ctx.save();
      ctx.font = `11px ${theme.font}`;
      ctx.fillStyle = theme.foreground;
      // A rim in the background's colour keeps a label legible where a line runs through it.
      ctx.strokeStyle = theme.background;
      ctx.lineWidth = 4;
      ctx.lineJoin = 'round';
      ctx.textAlign = view.kind === 'bar' ? 'center' : 'left';
      ctx.textBaseline = view.kind === 'bar' ? 'bottom' : 'middle';
      const taken: Box[] = [];
      view.series.forEach((series, dataset) => {
        const { data } = chart.getDatasetMeta(dataset);
        for (const [index, point] of series.points.entries()) {
          const element = data[view.kind === 'bar' ? point.x : index];
          if (element === undefined) continue;
          const { x, y, width } = element.getProps(['x', 'y', 'width'], true) as {
            x: number;
            y: number;
            width?: number;
          };
          // A label wider than its bar would run into the next one.
          if (width !== undefined && ctx.measureText(point.label).width > width + 10) continue;
          const at = view.kind === 'bar' ? ([x, y - 3] as const) : ([x + 9, y] as const);
          const box = boxOf(ctx, point.label, at[0], at[1]);
          // Where points lie close, one label is legible and two are not; the table has them all.
          if (taken.some((other) => overlap(box, other))) continue;
          taken.push(box);
          ctx.strokeText(point.label, ...at);
          ctx.fillText(point.label, ...at);
        }
      });
      ctx.restore();
    },
  };
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

/** A fill that differs by its pattern as well as by its colour. */
function hatched(context: CanvasRenderingContext2D, style: number, colour: string): CanvasPattern | string {
  if (style === 0) return colour;
  const tile = document.createElement('canvas');
  tile.width = 8;
  tile.height = 8;
  const brush = tile.getContext('2d');
  if (brush === null) return colour;
  brush.strokeStyle = colour;
  brush.fillStyle = colour;
  brush.globalAlpha = 0.25;
  brush.fillRect(0, 0, 8, 8);
  brush.globalAlpha = 1;
  brush.lineWidth = 2;
  brush.beginPath();
  for (const [fromX, fromY, toX, toY] of strokes[style % strokes.length] ?? []) {
    brush.moveTo(fromX, fromY);
    brush.lineTo(toX, toY);
  }
  brush.stroke();
  return context.createPattern(tile, 'repeat') ?? colour;
}

/** Lines on a tile of 8 by 8 that meet their neighbours. */
const strokes: readonly (readonly (readonly [number, number, number, number])[])[] = [
  [],
  [
    [-2, 10, 10, -2],
    [-2, 2, 2, -2],
    [6, 10, 10, 6],
  ],
  [
    [1, 2, 3, 2],
    [5, 6, 7, 6],
  ],
  [[0, 4, 8, 4]],
  [
    [-2, -2, 10, 10],
    [6, -2, 10, 2],
    [-2, 6, 2, 10],
  ],
  [[4, 0, 4, 8]],
];

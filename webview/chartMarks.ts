import type { Chart, Plugin } from 'chart.js';
import type { ChartPoint, ChartSeries, ChartView } from '../src/core/view/chart.ts';
import type { Theme } from './theme.ts';

/** What a chart shows besides its values: 95% intervals, bounds, and the points that matter. */

/** Whiskers from limit to limit, in the colour of their series; on bars in that of the text, which their fill lets through. */
export function whiskers(view: ChartView, theme: Theme): Plugin {
  const isBar = view.kind === 'bar';
  const draw = (chart: Chart): void => {
    within(chart, (context) => {
      context.lineWidth = 1.25;
      for (const { series, point, x, y } of drawnPoints(chart, view)) {
        context.strokeStyle = isBar ? theme.foreground : (theme.series[series.style] ?? theme.foreground);
        const { xInterval, yInterval } = point;
        context.beginPath();
        if (yInterval !== undefined) {
          const [low, high] = [yOf(chart, yInterval.low), yOf(chart, yInterval.high)];
          lines(context, [x, low, x, high], [x - cap, low, x + cap, low], [x - cap, high, x + cap, high]);
        }
        if (xInterval !== undefined) {
          const [low, high] = [xOf(chart, xInterval.low), xOf(chart, xInterval.high)];
          lines(context, [low, y, high, y], [low, y - cap, low, y + cap], [high, y - cap, high, y + cap]);
        }
        context.stroke();
      }
    });
  };
  const id = 'whiskers';
  return isBar ? { id, afterDatasetsDraw: draw } : { id, beforeDatasetsDraw: draw };
}

/** A ring around each point that is marked. Its name is written with the point's label. */
export function rings(view: ChartView, theme: Theme): Plugin {
  return {
    id: 'rings',
    afterDatasetsDraw(chart) {
      within(chart, (context) => {
        context.lineWidth = 2;
        context.strokeStyle = theme.foreground;
        for (const { point, x, y } of drawnPoints(chart, view)) {
          if (point.mark === undefined) continue;
          context.beginPath();
          context.arc(x, y, 9, 0, 2 * Math.PI);
          context.stroke();
        }
      });
    },
  };
}

/** A dashed line from side to side, with its name at its beginning. */
export function boundLines({ bounds = [] }: ChartView, theme: Theme): Plugin {
  return {
    id: 'bounds',
    beforeDatasetsDraw(chart) {
      within(chart, (context) => {
        const { left, right } = chart.chartArea;
        context.lineWidth = 1.5;
        context.setLineDash([6, 4]);
        context.strokeStyle = theme.foreground;
        context.fillStyle = theme.foreground;
        context.font = `11px ${theme.font}`;
        context.textBaseline = 'bottom';
        for (const { y, label } of bounds) {
          const at = yOf(chart, y);
          context.beginPath();
          lines(context, [left, at, right, at]);
          context.stroke();
          context.fillText(label, left + 6, at - 3);
        }
      });
    },
  };
}

/** Half the length of a whisker's cap. */
const cap = 4;

export interface DrawnPoint {
  readonly series: ChartSeries;
  readonly point: ChartPoint;
  /** In CSS pixels of the canvas. */
  readonly x: number;
  readonly y: number;
  /** Of a bar. */
  readonly width: number | undefined;
}

/** The points of a chart where they are painted. */
export function drawnPoints(chart: Chart, view: ChartView): DrawnPoint[] {
  return view.series.flatMap((series, dataset) => {
    const { data } = chart.getDatasetMeta(dataset);
    return series.points.flatMap((point, index) => {
      const element = data[view.kind === 'bar' ? point.x : index];
      if (element === undefined) return [];
      const place = element.getProps(['x', 'y', 'width'], true) as { x: number; y: number; width?: number };
      return [{ series, point, x: place.x, y: place.y, width: place.width }];
    });
  });
}

function within(chart: Chart, draw: (context: CanvasRenderingContext2D) => void): void {
  const { ctx, chartArea } = chart;
  ctx.save();
  ctx.beginPath();
  // A ring or a whisker of a point at the edge may reach over it.
  ctx.rect(chartArea.left - 10, chartArea.top - 10, chartArea.width + 20, chartArea.height + 20);
  ctx.clip();
  draw(ctx);
  ctx.restore();
}

function lines(
  context: CanvasRenderingContext2D,
  ...all: readonly (readonly [fromX: number, fromY: number, toX: number, toY: number])[]
): void {
  for (const [fromX, fromY, toX, toY] of all) {
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
  }
}

function xOf(chart: Chart, value: number): number {
  return chart.scales['x']?.getPixelForValue(value) ?? 0;
}

export function yOf(chart: Chart, value: number): number {
  return chart.scales['y']?.getPixelForValue(value) ?? 0;
}

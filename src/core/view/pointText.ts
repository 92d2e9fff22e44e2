import type { ChartInterval, ChartPoint, ChartSeries, ChartView } from './chart.ts';
import { formatCount, significant } from './format.ts';

/** One point of a chart in words, for its tooltip and for who walks the points by keys: "triton, 8 connections: 12.4 p95 ms [12.2–12.5] at 886 RPS [866–906], knee". */
export function pointText(view: ChartView, series: ChartSeries, point: ChartPoint): string {
  const mark = point.mark === undefined ? '' : `, ${point.mark}`;
  return `${series.label}${figuresOf(view, point)}${mark}`;
}

function figuresOf(view: ChartView, point: ChartPoint): string {
  const { label, x, y } = point;
  const yText = withLimits(significant(y), view.yLabel, point.yInterval);
  if (view.kind === 'bar') return `, ${view.categories[x] ?? ''}: ${withLimits(label, view.yLabel, point.yInterval)}`;
  if (view.xScale === 'tail') return `, ${label}`;
  if (!view.labelled) return `: ${label} after ${significant(x)} s`;
  const load = /^\d+$/u.test(label) ? formatCount(Number(label), 'connection') : label;
  return `, ${load}: ${yText} at ${withLimits(significant(x), view.xLabel, point.xInterval)}`;
}

function withLimits(value: string, unit: string, limits: ChartInterval | undefined): string {
  const interval = limits === undefined ? '' : ` [${significant(limits.low)}–${significant(limits.high)}]`;
  return `${value} ${unit}${interval}`;
}

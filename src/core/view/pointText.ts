import type { ChartInterval, ChartPoint, ChartSeries, ChartView } from './chart.ts';
import { formatCount, significant } from './format.ts';

/** One point of a chart in words, for its tooltip and for who walks the points by keys: "triton, 8 connections: p95 12.4 ms [12.2–12.5] at 886 RPS [866–906], knee". */
export function pointText(view: ChartView, series: ChartSeries, point: ChartPoint): string {
  const mark = point.mark === undefined ? '' : `, ${point.mark}`;
  const doubt = point.notValid === true ? ', not valid' : '';
  return `${series.label}${figuresOf(view, point)}${mark}${doubt}`;
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

/** @param axis "RPS", "p95 ms": the unit, after the quantity where it is not plain from the unit */
function withLimits(value: string, axis: string, limits: ChartInterval | undefined): string {
  const interval = limits === undefined ? '' : ` [${significant(limits.low)}–${significant(limits.high)}]`;
  const [unit = '', ...quantity] = axis.split(' ').reverse();
  return `${[...quantity.reverse(), value, unit].join(' ')}${interval}`;
}

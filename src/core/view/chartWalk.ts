import type { ChartSeries, ChartView } from './chart.ts';

/** A point of a chart, by the places of its series and of itself in it. */
export interface PointPlace {
  readonly series: number;
  readonly point: number;
}

/**
 * Where a key leads from a point: left and right along its series, up and down to the nearest point of the one before or after,
 * Home and End to its ends; where bars lie, the arrows follow the eye. A first press enters the chart.
 * @param from null: no point yet
 * @returns undefined where the key is none of these, or there is no point
 */
export function walkedTo(
  { series, horizontal }: Pick<ChartView, 'series' | 'horizontal'>,
  from: PointPlace | null,
  key: string,
): PointPlace | undefined {
  const step = steps[key];
  if (step === undefined) return undefined;
  const filled = series.flatMap((one, place) => (one.points.length === 0 ? [] : [place]));
  const here = from === null ? undefined : placeIn(series, from);
  if (here === undefined) {
    const [first] = filled;
    return first === undefined ? undefined : { series: first, point: 0 };
  }
  const last = here.points.length - 1;
  if (step === 'first') return { ...here.place, point: 0 };
  if (step === 'last') return { ...here.place, point: last };
  const [along, across] = horizontal === true ? [step[1], step[0]] : step;
  if (along !== 0) return { ...here.place, point: Math.min(last, Math.max(0, here.place.point + along)) };
  const next = filled[filled.indexOf(here.place.series) + across];
  return next === undefined ? here.place : { series: next, point: nearest(series[next]?.points ?? [], here.x) };
}

/** Points along a series, series onwards. */
type Step = readonly [along: number, across: number] | 'first' | 'last';

const steps: Readonly<Record<string, Step | undefined>> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
  Home: 'first',
  End: 'last',
};

/** undefined where the chart has no such point any more. */
function placeIn(
  series: readonly ChartSeries[],
  place: PointPlace,
): { place: PointPlace; points: ChartSeries['points']; x: number } | undefined {
  const points = series[place.series]?.points ?? [];
  const point = points[place.point];
  return point === undefined ? undefined : { place, points, x: point.x };
}

function nearest(points: ChartSeries['points'], x: number): number {
  const distances = points.map((point) => Math.abs(point.x - x));
  return distances.indexOf(Math.min(...distances));
}

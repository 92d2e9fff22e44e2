import { describe, expect, it } from 'vitest';
import type { ChartSeries } from '../../../src/core/view/chart.ts';
import { walkedTo, type PointPlace } from '../../../src/core/view/chartWalk.ts';

function line(label: string, xs: readonly number[]): ChartSeries {
  return { label, style: 0, points: xs.map((x) => ({ x, y: x, label: String(x) })) };
}

const series = [line('a', [1, 2, 3]), line('without points', []), line('b', [2.4, 9])];

/** Where the keys lead, one after the other, as "series.point". */
function walked(keys: readonly string[], horizontal = false): string[] {
  let place: PointPlace | null = null;
  return keys.map((key) => {
    place = walkedTo({ series, horizontal }, place, key) ?? place;
    return place === null ? '-' : `${String(place.series)}.${String(place.point)}`;
  });
}

describe('the points of a chart by keys', () => {
  it('begin with the first one, whichever arrow enters', () => {
    expect(walked(['ArrowUp'])).toEqual(['0.0']);
    expect(walked(['End'])).toEqual(['0.0']);
  });

  it('go along a series and stop at its ends', () => {
    expect(walked(['Home', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowLeft', 'Home', 'End'])).toEqual([
      '0.0',
      '0.1',
      '0.2',
      '0.2',
      '0.1',
      '0.0',
      '0.2',
    ]);
  });

  it('go to the nearest point of the next series that has any', () => {
    expect(walked(['Home', 'End', 'ArrowDown', 'ArrowDown', 'ArrowUp', 'ArrowUp'])).toEqual([
      '0.0',
      '0.2',
      '2.0',
      '2.0',
      '0.1',
      '0.1',
    ]);
  });

  it('follow the eye where the bars lie', () => {
    expect(walked(['Home', 'ArrowDown', 'ArrowRight', 'ArrowLeft'], true)).toEqual(['0.0', '0.1', '2.0', '0.1']);
  });

  it('begin anew where the point is gone, and leave other keys and empty charts alone', () => {
    expect(walkedTo({ series }, { series: 2, point: 7 }, 'ArrowLeft')).toEqual({ series: 0, point: 0 });
    expect(walkedTo({ series }, null, 'a')).toBeUndefined();
    expect(walkedTo({ series: [line('empty', [])] }, null, 'ArrowRight')).toBeUndefined();
  });
});

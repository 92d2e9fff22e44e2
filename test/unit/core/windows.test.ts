import { describe, expect, it } from 'vitest';
import { createLatencyHistogram, recordLatency } from '../../../src/core/histogram.ts';
import { seededRandom } from '../../../src/core/seededRandom.ts';
import {
  decodeWindows,
  encodeWindows,
  mergeWindows,
  slotMicroseconds,
  slotOf,
  timeWindow,
  windowWidthMs,
  type TimeWindows,
} from '../../../src/core/windows.ts';
import { simulatedWindows, simulations } from '../../support/phaseSimulation.ts';

describe('the windows of a phase', () => {
  it.each([
    [0.5, 100],
    [5, 100],
    [10, 100],
    [20, 200],
    [60, 500],
    [61, 1000],
    [86_400, 1_000_000],
  ])('%d s are cut every %d ms', (seconds, widthMs) => {
    expect(windowWidthMs(seconds)).toBe(widthMs);
  });

  it('have the slots of the latency histogram', () => {
    const random = seededRandom(3);
    for (let draw = 0; draw < 20_000; draw += 1) {
      const microseconds = Math.floor(Math.exp(random() * Math.log(3_600_000_000)));
      const histogram = createLatencyHistogram();
      if (draw < 40) {
        recordLatency(histogram, microseconds / 1000);
        expect(slotMicroseconds(slotOf(microseconds))).toBe(histogram.getValueAtPercentile(100));
      }
      const slot = slotOf(microseconds);
      expect(slotOf(slotMicroseconds(slot))).toBe(slot);
      expect(slotOf(slotMicroseconds(slot) + 1)).toBe(slot + 1);
    }
  });

  it('survive their coding', () => {
    const series: TimeWindows = {
      widthMs: 200,
      windows: [
        timeWindow(0, new Map()),
        timeWindow(
          300,
          new Map([
            [24_000, 1],
            [0, 70_000],
            [5, 2],
          ]),
        ),
        timeWindow(1, new Map([[1, 1]])),
      ],
    };
    expect(decodeWindows(encodeWindows(series))).toEqual(series);
    expect(series.windows[1]).toEqual({ errors: 300, slots: [0, 5, 24_000], counts: [70_000, 2, 1] });
  });

  it('of several workers add up window by window, one that stopped early too', () => {
    const long = simulatedWindows(simulations.lognormal, 1, 5, 300);
    const short = { ...long, windows: simulatedWindows(simulations.lognormal, 2, 5, 300).windows.slice(0, 20) };
    const merged = mergeWindows([long, short]);
    expect(merged.windows.slice(20)).toEqual(long.windows.slice(20));
    const slots = new Map<number, number>();
    for (const one of [long, short]) {
      one.windows[7]?.slots.forEach((slot, at) => {
        slots.set(slot, (slots.get(slot) ?? 0) + (one.windows[7]?.counts[at] ?? 0));
      });
    }
    expect(merged.windows[7]).toEqual(timeWindow(0, slots));
    expect(() => mergeWindows([long, { ...long, widthMs: 1 }])).toThrow(RangeError);
  });

  it.each([
    [5, 600, 4_500],
    [60, 3000, 125_000],
  ])('%d s at %d RPS take less than %d bytes', (seconds, rps, most) => {
    const { data } = encodeWindows(simulatedWindows(simulations.lognormal, 1, seconds, rps));
    expect(data.length).toBeLessThan(most);
  });
});

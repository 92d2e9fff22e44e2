import { describe, expect, it } from 'vitest';
import { schedule } from '../../../src/core/arrivals.ts';

const poisson = (ratePerSecond: number, seed: number): number[] =>
  schedule({ ratePerSecond, arrivals: 'poisson', seed }, 100_000);
const gapsOf = (times: readonly number[]): number[] => times.map((time, index) => time - (times[index - 1] ?? 0));

describe('the schedule of an open loop', () => {
  it('is the same for the same seed, and another one for another', () => {
    expect(poisson(50, 3)).toEqual(poisson(50, 3));
    expect(poisson(50, 3)).not.toEqual(poisson(50, 4));
  });

  it('is as even as it can be when its arrivals are constant', () => {
    const times = schedule({ ratePerSecond: 8, arrivals: 'constant', seed: 1 }, 1_000);
    expect(times).toEqual([0, 125, 250, 375, 500, 625, 750, 875]);
    const later = schedule({ ratePerSecond: 8, arrivals: 'constant', seed: 1, offsetMs: 60 }, 500);
    expect(later).toEqual([60, 185, 310, 435]);
    // Not a sum of gaps, whose rounding would grow.
    expect(schedule({ ratePerSecond: 3, arrivals: 'constant', seed: 1 }, 1e6).at(-1)).toBe((2999 * 1000) / 3);
  });

  it('has the mean, the spread and the tail of a Poisson process', () => {
    const times = poisson(200, 1);
    // A count of mean 20,000 has a standard deviation of 141; the seed is fixed, so this does not change by chance.
    expect(Math.abs(times.length - 20_000)).toBeLessThan(3 * 141);
    const gaps = gapsOf(times);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(deviation / mean).toBeCloseTo(1, 1);
    // P(gap > 3 means) = exp(-3)
    expect(gaps.filter((gap) => gap > 15).length / gaps.length).toBeCloseTo(Math.exp(-3), 2);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
  });

  it('scales with its rate: the seed decides the pattern', () => {
    const slow = poisson(10, 9).slice(0, 50);
    const fast = poisson(100, 9).slice(0, 50);
    for (const [index, time] of slow.entries()) expect(time / (fast[index] ?? 1)).toBeCloseTo(10, 6);
  });

  it('holds nothing from its end on', () => {
    expect(schedule({ ratePerSecond: 1, arrivals: 'constant', seed: 1 }, 2_000)).toEqual([0, 1000]);
  });
});

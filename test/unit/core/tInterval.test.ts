import { describe, expect, it } from 'vitest';
import { comparedOnRepetitions } from '../../../src/core/compare.ts';
import { geometricMean } from '../../../src/core/statistics.ts';
import { differenceInterval95 } from '../../../src/core/tInterval.ts';

describe("Welch's interval of a difference", () => {
  it('has the degrees of freedom of Welch and Satterthwaite, rounded down', () => {
    // By hand: variances 1 and 9, squared errors 1/3 and 9/3, degrees (10/3)^2 / ((1/9)/2 + 9/2) = 2.44; t of 2 is 4.302653.
    const { mean, low, high } = differenceInterval95([1, 2, 3], [4, 7, 10]);
    expect(mean).toBe(5);
    expect(high - mean).toBeCloseTo(4.302653 * Math.sqrt(10 / 3), 5);
    expect(mean - low).toBeCloseTo(high - mean, 12);
    // Alike in size and spread: n + m - 2 = 4 degrees, t is 2.776445.
    const alike = differenceInterval95([1, 2, 3], [2, 3, 4]);
    expect(alike.high - alike.mean).toBeCloseTo(2.776445 * Math.sqrt(2 / 3), 5);
  });

  it('has no width where nothing varies', () => {
    expect(differenceInterval95([2, 2], [5, 5])).toEqual({ mean: 3, low: 3, high: 3 });
  });

  it('of two runs is on the scale of logarithms, and needs two repetitions of each', () => {
    const compared = comparedOnRepetitions([100, 110, 121], [200, 220, 242]);
    expect(compared?.ratio).toBeCloseTo(2, 12);
    // By hand: deviation of the logarithms log 1.1 in both, 4 degrees.
    expect(Math.log((compared?.high ?? 0) / 2)).toBeCloseTo(2.776445 * Math.log(1.1) * Math.sqrt(2 / 3), 5);
    expect(comparedOnRepetitions([100], [200, 220])).toBeNull();
    expect(comparedOnRepetitions([100, null], [200, 220])).toBeNull();
  });
});

describe('the geometric mean', () => {
  it('is the root of the product, and of equal numbers exactly that number', () => {
    expect(geometricMean([2, 8])).toBeCloseTo(4, 12);
    expect(geometricMean([0.1, 0.1, 0.1])).toBe(0.1);
    expect(geometricMean([7.3])).toBe(7.3);
    expect(geometricMean([0, 5])).toBe(0);
  });

  it('is not known where a number is missing', () => {
    expect(geometricMean([1, null])).toBeNull();
    expect(geometricMean([])).toBeNull();
  });
});

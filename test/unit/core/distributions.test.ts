import { describe, expect, it } from 'vitest';
import { automaticBlockLength } from '../../../src/core/blockLength.ts';
import { studentT } from '../../../src/core/distributions.ts';
import { seededRandom } from '../../../src/core/seededRandom.ts';
import { normal } from '../../support/phaseSimulation.ts';

describe("Student's t", () => {
  // From the printed tables.
  it.each([
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [5, 2.571],
    [9, 2.262],
    [10, 2.228],
    [30, 2.042],
    [120, 1.98],
  ])('exceeds its 95%% limit of %d degrees of freedom as tabled', (degrees, value) => {
    expect(studentT(0.05, degrees)).toBeCloseTo(value, 3);
  });

  it('has the tabled far tail', () => {
    expect(studentT(0.001, 9)).toBeCloseTo(4.781, 3);
    expect(studentT(0.01, 1)).toBeCloseTo(63.657, 3);
  });
});

describe('the automatic block length', () => {
  /** In the limit of a long AR(1) series: (3/2)^(1/3) (2 phi / (1 - phi^2))^(2/3) n^(1/3), from Politis & White's formula. */
  it.each([0.3, 0.5, 0.8])('is that of the theory for AR(1) with phi %d', (phi) => {
    const length = 20_000;
    const expected = Math.cbrt(1.5 * length) * Math.cbrt((2 * phi) / (1 - phi ** 2)) ** 2;
    const random = seededRandom(4);
    let state = 0;
    const series = Array.from({ length }, () => (state = phi * state + normal(random)));
    expect(automaticBlockLength(series) / expected).toBeGreaterThan(0.7);
    expect(automaticBlockLength(series) / expected).toBeLessThan(1.3);
  });

  it('is short where nothing is alike, and 1 where nothing varies', () => {
    const random = seededRandom(4);
    const lengths = Array.from({ length: 50 }, () =>
      automaticBlockLength(Array.from({ length: 100 }, () => normal(random))),
    );
    expect(lengths.reduce((sum, one) => sum + one, 0) / 50).toBeLessThan(6);
    expect(automaticBlockLength(Array<number>(50).fill(3))).toBe(1);
    expect(automaticBlockLength([1])).toBe(1);
  });
});

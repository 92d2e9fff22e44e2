import { expect, it } from 'vitest';
import { suiteFails } from '../load/truthTolerance.ts';

it('a suite fails as often as the shares of its quantiles say, and never seen is not never', () => {
  // By numerical integration of x^8 over Beta(0.5, 12.5), Beta(3.5, 9.5) and Beta(12.5, 0.5).
  expect(suiteFails([{ missed: 0, of: 12 }])).toBeCloseTo(1.56e-6, 8);
  expect(suiteFails([{ missed: 3, of: 12 }])).toBeCloseTo(7.05e-4, 5);
  expect(suiteFails([{ missed: 12, of: 12 }])).toBeCloseTo(0.777, 2);
  // Of many cases: the sum.
  expect(suiteFails(Array.from({ length: 60 }, () => ({ missed: 0, of: 12 })))).toBeCloseTo(60 * 1.56e-6, 6);
  expect(suiteFails([{ missed: 6, of: 12 }], 1)).toBe(0.5);
});

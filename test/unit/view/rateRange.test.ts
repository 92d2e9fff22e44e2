import { expect, it } from 'vitest';
import { rateRangeOf } from '../../../src/core/view/rateRange.ts';

const entry = (second: number, ok: number) => ({ second, ok, errors: 0, p50Ms: null, p95Ms: null });

it('is of the whole seconds, each by its own length', () => {
  const whole = [entry(1, 900), entry(2.02, 1020), entry(3, 931)];
  expect(rateRangeOf(whole)).toEqual({ least: 900, greatest: expect.closeTo(1000, 6) as number });
  expect(rateRangeOf([...whole, entry(3.4, 4)])).toEqual(rateRangeOf(whole));
});

it('is not known of fewer than three of them', () => {
  expect(rateRangeOf([])).toBeNull();
  expect(rateRangeOf([entry(1, 900), entry(2, 900), entry(2.5, 450)])).toBeNull();
});

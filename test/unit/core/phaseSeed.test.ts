import { expect, it } from 'vitest';
import { schedule } from '../../../src/core/arrivals.ts';
import { phaseSeed } from '../../../src/core/phaseSeed.ts';

it('the seed of a phase is its own in each turn and place, and the same when it is asked for again', () => {
  const seeds = [0, 1, 2, 999_999_999].flatMap((plan) =>
    [1, 2, 3, 4, 5].flatMap((repetition) =>
      Array.from({ length: 40 }, (_, index) => phaseSeed(plan, repetition, index)),
    ),
  );
  expect(new Set(seeds).size).toBe(seeds.length);
  expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)).toBe(true);
  expect(phaseSeed(1, 2, 3)).toBe(phaseSeed(1, 2, 3));
});

it('turns draw arrivals that know nothing of each other', () => {
  // Counts in 100 tenths of a second of 50 turns: a Poisson count's variance is its mean of 20, and 1.96 of its errors are 1.1.
  const counts = Array.from({ length: 50 }, (_, turn) => {
    const times = schedule({ ratePerSecond: 200, arrivals: 'poisson', seed: phaseSeed(1, turn + 1, 1) }, 10_000);
    return Array.from({ length: 100 }, (__, at) => times.filter((time) => Math.floor(time / 100) === at).length);
  }).flat();
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (counts.length - 1);
  expect(mean).toBeCloseTo(20, 0);
  expect(Math.abs(variance - 20)).toBeLessThan(2);
});

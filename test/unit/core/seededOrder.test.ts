import { describe, expect, it } from 'vitest';
import { seededOrder } from '../../../src/core/seededOrder.ts';

describe('an order drawn from a seed', () => {
  it('is a permutation, the same for the same seed on every machine', () => {
    expect(seededOrder(10, 1)).toEqual(seededOrder(10, 1));
    expect(seededOrder(10, 1)).not.toEqual(seededOrder(10, 2));
    expect([...seededOrder(256, 3)].sort((a, b) => a - b)).toEqual(Array.from({ length: 256 }, (_, index) => index));
    expect(seededOrder(0, 1)).toEqual([]);
    expect(seededOrder(1, 1)).toEqual([0]);
  });

  it('puts every number in every place about equally often', () => {
    const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
    for (let seed = 0; seed < 4000; seed += 1) {
      for (const [place, number] of seededOrder(4, seed).entries()) {
        const row = counts[place];
        if (row !== undefined) row[number] = (row[number] ?? 0) + 1;
      }
    }
    for (const count of counts.flat()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

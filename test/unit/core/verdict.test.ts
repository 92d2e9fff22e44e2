import { describe, expect, it } from 'vitest';
import { verdictOf, verdictText, type Repetition } from '../../../src/core/verdict.ts';
import { verdictCoverage } from '../../support/verdictCoverage.ts';

const repetition = (value: number, reach: number, valid = true): Repetition => ({
  value,
  interval: { low: value - reach, high: value + reach },
  valid,
});
const pair = (a: Repetition, b: Repetition): { a: Repetition; b: Repetition } => ({ a, b });

describe('the verdict of one repetition', () => {
  it('has an interval from those of both, and says what it rests on', () => {
    const verdict = verdictOf([pair(repetition(180, 9), repetition(100, 5))]);
    expect(verdict).toMatchObject({
      kind: 'difference',
      pairs: 1,
      basis: 'one repetition, not interleaved',
    });
    // By hand: log 1.8 = 0.5878; less sqrt(0.0513^2 + 0.0488^2) = 0.0708, and as much more.
    expect(verdictText(verdict, 'triton', 'fastapi')).toBe('triton 1.80x fastapi [1.68–1.93]');
  });

  it('shows no difference where the interval holds 1', () => {
    const verdict = verdictOf([pair(repetition(104, 5), repetition(100, 5))]);
    expect(verdict.kind).toBe('no difference shown');
    expect(verdictText(verdict, 'triton', 'hybrid')).toBe(
      'no difference shown between triton and hybrid (1.04x [0.97–1.11])',
    );
  });

  it('never reads as 1 where it is not', () => {
    const verdict = verdictOf([pair(repetition(1003, 0.5), repetition(1000, 0.5))]);
    expect(verdictText(verdict, 'a', 'b')).toBe('a 1.003x b [1.002–1.004]');
  });

  it('is none where a number, its interval or its validity is missing', () => {
    const good = repetition(100, 5);
    const why = (a: Repetition): string => verdictText(verdictOf([pair(a, good)]), 'a', 'b');
    expect(why({ ...good, valid: false })).toBe('no verdict on a and b: a measurement is not valid');
    expect(why({ ...good, interval: { unknown: 'too short' } })).toBe(
      'no verdict on a and b: a number has no interval',
    );
    expect(why({ ...good, interval: null })).toBe('no verdict on a and b: a number has no interval');
    expect(why({ ...good, value: null })).toBe('no verdict on a and b: a number has no interval');
    expect(verdictOf([]).kind).toBe('none');
  });
});

describe('the verdict of repetitions that took turns', () => {
  it("is Student's t interval of the pairs' log ratios", () => {
    const verdict = verdictOf([
      pair(repetition(110, 1), repetition(100, 1)),
      pair(repetition(240, 1), repetition(200, 1)),
      pair(repetition(65, 1), repetition(50, 1)),
    ]);
    // By hand: logarithms 0.0953, 0.1823, 0.2624; mean 0.1800, deviation 0.08355, t of 2 degrees 4.303.
    expect(verdict).toMatchObject({ kind: 'no difference shown', pairs: 3, basis: 'interleaved repetitions' });
    if (verdict.kind === 'none') return;
    expect(verdict.ratio).toBeCloseTo(1.1972, 4);
    expect(verdict.low).toBeCloseTo(0.9728, 3);
    expect(verdict.high).toBeCloseTo(1.4733, 3);
  });

  it('leaves out a pair that is not valid, and does without phases’ own intervals', () => {
    const without = (value: number): Repetition => ({ value, interval: null, valid: true });
    const pairs = [
      pair(without(110), without(100)),
      pair(without(111), without(100)),
      pair(without(112), without(100)),
    ];
    const spoiled = pair(repetition(900, 1, false), without(100));
    expect(verdictOf([...pairs, spoiled])).toEqual(verdictOf(pairs));
    expect(verdictOf(pairs)).toMatchObject({ kind: 'difference', pairs: 3 });
    expect(verdictOf([spoiled]).kind).toBe('none');
  });

  it('covers where deployments differ by chance; one repetition cannot', () => {
    const covered = new Map(verdictCoverage(2000).map((one) => [one.name, one.covered]));
    // 2000 tries: 95% give or take 1.9% in all but one of 10 000.
    for (const pairs of [2, 3, 5, 10]) {
      const share = covered.get(`${String(pairs)} interleaved repetitions`) ?? 0;
      expect(Math.abs(share - 0.95), String(pairs)).toBeLessThan(0.019);
    }
    expect(Math.abs((covered.get('one repetition, deployments all alike') ?? 0) - 0.95)).toBeLessThan(0.019);
    expect(covered.get('one repetition, deployments differ (its interval cannot know)')).toBeLessThan(0.8);
  });
});

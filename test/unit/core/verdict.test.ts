import { describe, expect, it } from 'vitest';
import { pairedDifference, type Repetition } from '../../../src/core/pairedDifference.ts';
import { verdictOf, verdictText } from '../../../src/core/verdict.ts';
import { judgeCoverage } from '../../support/coverageReport.ts';
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

  it('is none where a number is outside its own interval, which then belongs to another quantity', () => {
    const outside: Repetition = { value: 100, interval: { low: 101, high: 110 }, valid: true };
    expect(verdictText(verdictOf([pair(outside, repetition(100, 5))]), 'a', 'b')).toBe(
      'no verdict on a and b: a number is outside its own interval',
    );
  });
});

describe('a difference in milliseconds', () => {
  const ms = (value: number): number => value;

  it('has an interval from those of both, each side by itself', () => {
    const [a, b] = [
      { value: 63.6, interval: { low: 62.9, high: 64.6 }, valid: true },
      { value: 47.3, interval: { low: 46.7, high: 48 }, valid: true },
    ];
    const cost = pairedDifference([pair(a, b)], ms);
    expect(cost).toMatchObject({ kind: 'known', pairs: 1, planned: 1 });
    if (cost.kind === 'none') return;
    // By hand: 16.3 less sqrt(0.7^2 + 0.7^2) = 0.990, and sqrt(1.0^2 + 0.6^2) = 1.166 more.
    expect([cost.difference, cost.low, cost.high].map((value) => value.toFixed(2))).toEqual([
      '16.30',
      '15.31',
      '17.47',
    ]);
  });

  it("is Student's t interval of the pairs' differences where turns were taken, whatever the machine did meanwhile", () => {
    const drifting = [pair(repetition(14, 9), repetition(10, 9)), pair(repetition(26, 9), repetition(20, 9))];
    const cost = pairedDifference([...drifting, pair(repetition(35, 9), repetition(30, 9))], ms);
    if (cost.kind === 'none') throw new Error(cost.why);
    // By hand: differences 4, 6, 5; mean 5, deviation 1, t of 2 degrees 4.303.
    expect(cost.difference).toBeCloseTo(5, 9);
    expect(cost.low).toBeCloseTo(5 - 4.3027 / Math.sqrt(3), 3);
    expect(cost.high).toBeCloseTo(5 + 4.3027 / Math.sqrt(3), 3);
  });

  it('may be below zero, and is none where a measurement may not be believed', () => {
    expect(pairedDifference([pair(repetition(10, 1), repetition(12, 1))], ms)).toMatchObject({ difference: -2 });
    expect(pairedDifference([pair(repetition(10, 1, false), repetition(12, 1))], ms)).toEqual({
      kind: 'none',
      why: 'a measurement is not valid',
    });
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
    expect(verdictOf([...pairs, spoiled])).toEqual({ ...verdictOf(pairs), planned: 4 });
    expect(verdictOf(pairs)).toMatchObject({ kind: 'difference', pairs: 3, planned: 3 });
    expect(verdictOf([spoiled]).kind).toBe('none');
  });

  it('is none where one pair is left of several, and says how many it rests on where some are missing', () => {
    const good = pair(repetition(180, 9), repetition(100, 5));
    const spoiled = pair(repetition(180, 9, false), repetition(100, 5));
    const why = 'no verdict on a and b: of 3 pairs one is valid, and a verdict over repetitions needs two';
    expect(verdictText(verdictOf([good, spoiled, spoiled]), 'a', 'b')).toBe(why);
    // A topology that failed in its second turn has one pair and no other.
    expect(verdictText(verdictOf([good], 3), 'a', 'b')).toBe(why);
    const two = [good, pair(repetition(185, 9), repetition(100, 5)), spoiled];
    expect(verdictText(verdictOf(two), 'a', 'b')).toMatch(/^a 1\.8x b \[1\.5–2\.2, 2 of 3 pairs\]$/u);
    expect(
      verdictText(
        verdictOf([pair(repetition(110, 1), repetition(100, 1)), pair(repetition(90, 1), repetition(100, 1))], 3),
        'a',
        'b',
      ),
    ).toMatch(/^no difference shown between a and b \(.*, 2 of 3 pairs\)$/u);
  });

  it('covers where deployments differ by chance, in one run and between two; one repetition cannot', () => {
    const verdicts = new Map(verdictCoverage(2000).map((one) => [one.name, one]));
    for (const { name, covered, runs, why } of verdicts.values())
      if (why === undefined) expect(judgeCoverage(covered, runs), name).toBe('within');
    const share = (name: string): number => (verdicts.get(name)?.covered ?? Number.NaN) / 2000;
    expect(share('one repetition, deployments differ')).toBeLessThan(0.8);
    expect(share('two runs of 2 and 2 repetitions')).toBeGreaterThan(0.95);
  });
});

import { describe, expect, it } from 'vitest';
import { nextSearchStep, type SearchOutcome, type SloSearch, type Trial } from '../../../src/core/sloSearch.ts';

const search: SloSearch = { p95Ms: 50, highestRate: 10_000, precision: 0.05, mostTrials: 12 };

/** Mean-one service of an M/M/1 queue: its sojourn time is exponential with rate mu - lambda, so p95 is known in closed form. */
function p95OfQueue(serviceRate: number, rate: number): number {
  return rate >= serviceRate ? Number.POSITIVE_INFINITY : (1000 * Math.log(20)) / (serviceRate - rate);
}

function carryOut(
  settings: SloSearch,
  capacity: number,
  judge: (rate: number, kind: Trial['kind']) => Trial['verdict'],
): { outcome: SearchOutcome; trials: Trial[] } {
  const trials: Trial[] = [];
  for (let step = 0; step < 100; step += 1) {
    const next = nextSearchStep(settings, trials);
    if (next.next === 'end') return { outcome: next.outcome, trials };
    if (next.next === 'capacity') trials.push({ kind: 'capacity', rate: capacity, verdict: 'kept' });
    else trials.push({ kind: next.next, rate: next.rate, verdict: judge(next.rate, next.next) });
  }
  throw new Error('the search does not end');
}

describe('the search for the highest rate', () => {
  it.each([200, 555, 1_000, 4_321])('finds it for a queue that serves %d a second', (serviceRate) => {
    const { outcome, trials } = carryOut(search, serviceRate, (rate) =>
      p95OfQueue(serviceRate, rate) <= search.p95Ms ? 'kept' : 'missed',
    );
    // From p95 = ln(20) / (mu - lambda).
    const truth = serviceRate - (1000 * Math.log(20)) / search.p95Ms;
    expect(outcome.because).toBe('the next rate missed the bound');
    expect(outcome.rate).not.toBeNull();
    expect(outcome.rate ?? 0).toBeLessThanOrEqual(truth);
    // Three digits of the rate are kept, so it may be off by half of the last one.
    expect(outcome.rate ?? 0).toBeGreaterThan(truth / (1 + search.precision) - 0.01 * truth);
    expect(trials.length).toBeLessThanOrEqual(search.mostTrials + 2);
    expect(trials.at(-1)?.kind).toBe('confirmation');
  });

  it('finds a rate above the capacity of the closed loop, up to the highest of the plan', () => {
    const { outcome } = carryOut({ ...search, highestRate: 900 }, 100, () => 'kept');
    expect(outcome).toEqual({ rate: 900, because: 'the highest rate of the plan kept the bound' });
  });

  it('says so when no rate keeps the bound, after a bounded number of trials', () => {
    const { outcome, trials } = carryOut(search, 300, () => 'missed');
    expect(outcome).toEqual({ rate: null, because: 'no rate kept the bound' });
    expect(trials.length).toBeLessThan(9);
  });

  it('steps down when a rate that was kept for a short time is not kept for a long one', () => {
    const { outcome, trials } = carryOut(search, 1_000, (rate, kind) =>
      rate <= (kind === 'trial' ? 800 : 700) ? 'kept' : 'missed',
    );
    expect(outcome.rate).toBeGreaterThan(600);
    expect(outcome.rate).toBeLessThanOrEqual(700);
    expect(trials.filter(({ kind }) => kind === 'confirmation').length).toBeGreaterThan(1);
  });

  it('gives no rate when none is confirmed', () => {
    const { outcome, trials } = carryOut(search, 1_000, (_rate, kind) => (kind === 'trial' ? 'kept' : 'missed'));
    expect(outcome).toEqual({ rate: null, because: 'no rate was confirmed' });
    expect(trials.filter(({ kind }) => kind === 'confirmation')).toHaveLength(3);
  });

  it('does not take a generator that was late for a server that was slow', () => {
    const { outcome } = carryOut(search, 1_000, (rate) => (rate <= 600 ? 'kept' : 'not known'));
    expect(outcome.because).toBe('the load generator could not be believed at the next rate');
    expect(outcome.rate).toBeLessThanOrEqual(600);
  });

  it('confirms what it knows when the trials are used up', () => {
    const { outcome, trials } = carryOut({ ...search, mostTrials: 2 }, 1_000, (rate) =>
      rate <= 620 ? 'kept' : 'missed',
    );
    expect(outcome).toEqual({ rate: 500, because: 'the trials were used up' });
    expect(trials.map(({ kind }) => kind)).toEqual(['capacity', 'trial', 'trial', 'confirmation']);
  });

  it('is the same function of the same trials', () => {
    const trials: Trial[] = [
      { kind: 'capacity', rate: 800, verdict: 'kept' },
      { kind: 'trial', rate: 400, verdict: 'kept' },
      { kind: 'trial', rate: 640, verdict: 'missed' },
    ];
    expect(nextSearchStep(search, trials)).toEqual(nextSearchStep(search, [...trials]));
    expect(nextSearchStep(search, trials)).toEqual({ next: 'trial', rate: 506 });
  });
});

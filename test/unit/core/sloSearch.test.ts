import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/core/seededRandom.ts';
import {
  generatorTooSlow,
  mostConfirmations,
  nextSearchStep,
  type SearchOutcome,
  type SearchStep,
  type SloSearch,
  type Trial,
} from '../../../src/core/sloSearch.ts';
import { normal } from '../../support/phaseSimulation.ts';

const search: SloSearch = { p95Ms: 50, highestRate: 10_000, precision: 0.05, mostTrials: 12 };

/** Mean-one service of an M/M/1 queue: its sojourn time is exponential with rate mu - lambda, so p95 is known in closed form. */
function p95OfQueue(serviceRate: number, rate: number): number {
  return rate >= serviceRate ? Number.POSITIVE_INFINITY : (1000 * Math.log(20)) / (serviceRate - rate);
}

function carryOut(
  settings: SloSearch,
  capacity: number,
  judge: (
    rate: number,
    kind: Trial['kind'],
  ) => Trial['verdict'] | Pick<Trial, 'verdict' | 'confident' | 'doubts' | 'byGenerator'>,
  atCapacity: Partial<Trial> = {},
): { outcome: SearchOutcome; trials: Trial[] } {
  const trials: Trial[] = [];
  for (let step = 0; step < 100; step += 1) {
    const next = nextSearchStep(settings, trials);
    if (next.next === 'end') return { outcome: next.outcome, trials };
    if (next.next === 'capacity') trials.push({ kind: 'capacity', rate: capacity, verdict: 'kept', ...atCapacity });
    else {
      const judged = judge(next.rate, next.next);
      const verdict = typeof judged === 'string' ? { verdict: judged } : judged;
      trials.push({ kind: next.next, rate: next.rate, ...verdict });
    }
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
    expect(outcome).toMatchObject({ rate: 900, because: 'the highest rate of the plan kept the bound' });
  });

  it('says so when no rate keeps the bound, after a bounded number of trials', () => {
    const { outcome, trials } = carryOut(search, 300, () => 'missed');
    expect(outcome).toEqual({ rate: null, because: 'no rate kept the bound', doubts: [], confident: null });
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
    expect(outcome).toEqual({ rate: null, because: 'no rate was confirmed', doubts: [], confident: null });
    expect(trials.filter(({ kind }) => kind === 'confirmation')).toHaveLength(3);
  });

  it('does not take what could not be believed for a server that was slow, and names why of the next rate alone', () => {
    const { outcome } = carryOut(search, 1_000, (rate) =>
      rate <= 600 ? 'kept' : { verdict: 'not known', doubts: [`unstable: at ${String(rate)}/s`] },
    );
    expect(outcome.because).toBe('no measurement at the next rate could be believed');
    expect(outcome.rate).toBeLessThanOrEqual(600);
    expect(outcome.doubts).toHaveLength(1);
    const next = Number(/\d+/u.exec(outcome.doubts[0] ?? '')?.[0]);
    expect(next).toBeGreaterThan(outcome.rate ?? 0);
    expect(next).toBeLessThanOrEqual((outcome.rate ?? 0) * (1 + search.precision));
  });

  it('tries a rate once more before a phase that says nothing counts against it', () => {
    const rates: number[] = [];
    const { outcome } = carryOut(search, 1_000, (rate) => {
      const first = !rates.includes(rate);
      rates.push(rate);
      return first ? 'not known' : rate <= 700 ? 'kept' : 'missed';
    });
    expect(outcome.because).toBe('the next rate missed the bound');
    expect(outcome.rate).toBeGreaterThan(630);
    expect(outcome.rate).toBeLessThanOrEqual(700);
    const twice = rates.filter((rate) => rates.filter((other) => other === rate).length > 1);
    expect(twice.length).toBe(rates.length);
  });

  it('does not say that no rate kept the bound where nobody could tell', () => {
    const doubts = ['unstable: p95 rose', 'the load generator was late: by 12 ms'];
    const nobodyKnows = { verdict: 'not known', doubts } as const;
    const unknown = carryOut(search, 300, () => nobodyKnows);
    expect(unknown.outcome).toEqual({
      rate: null,
      because: 'no measurement at any rate could be believed',
      doubts,
      confident: null,
    });
    expect(unknown.trials.length).toBeLessThanOrEqual(1 + search.mostTrials);
    const some = carryOut(search, 300, (rate) => (rate > 100 ? nobodyKnows : 'missed'));
    expect(some.outcome).toMatchObject({
      because: 'no rate kept the bound where a measurement could be believed',
      doubts,
    });
    const { outcome, trials } = carryOut(search, 1_000, (_rate, kind) => (kind === 'trial' ? 'kept' : nobodyKnows));
    expect(outcome).toMatchObject({ because: 'no confirmation could be believed', doubts });
    expect(trials.filter(({ kind }) => kind === 'confirmation')).toHaveLength(mostConfirmations);
  });

  it('ends where the load generator was at fault from the first on, instead of trying every rate twice', () => {
    const [late, stalled] = ['the load generator was late: by 12 ms', 'the load generator was late: it stood still'];
    const fault = (doubt: string) => ({ verdict: 'not known', doubts: [doubt], byGenerator: true }) as const;
    const atCapacity = { doubts: [stalled], byGenerator: true } as const;
    const { outcome, trials } = carryOut(search, 300, () => fault(late), atCapacity);
    expect(outcome).toEqual({ rate: null, because: generatorTooSlow, doubts: [stalled, late], confident: null });
    expect(trials.map(({ kind, rate }) => [kind, rate])).toEqual([
      ['capacity', 300],
      ['trial', 150],
      ['trial', 150],
    ]);
    // It goes on where the generator was well at capacity, where the repeat was, and where something else was the matter.
    const well = carryOut(search, 300, () => fault(late));
    let tried = 0;
    const repeatWell = carryOut(search, 300, () => (tried++ === 0 ? fault(late) : 'missed'), atCapacity);
    const other = carryOut(search, 300, () => ({ verdict: 'not known', doubts: ['unstable: p95'] }), atCapacity);
    for (const one of [well, repeatWell, other]) {
      expect(one.trials.length).toBeGreaterThan(4);
      expect(one.outcome.because).not.toBe(generatorTooSlow);
    }
  });

  it('says whether the rate that it found was confirmed confidently', () => {
    const trials: Trial[] = [
      { kind: 'capacity', rate: 800, verdict: 'kept' },
      { kind: 'trial', rate: 400, verdict: 'kept' },
      { kind: 'trial', rate: 410, verdict: 'missed' },
    ];
    const after = (confident: boolean): SearchStep =>
      nextSearchStep(search, [...trials, { kind: 'confirmation', rate: 400, verdict: 'kept', confident }]);
    expect(after(false)).toMatchObject({ outcome: { rate: 400, confident: false } });
    expect(after(true)).toMatchObject({ outcome: { rate: 400, confident: true } });
  });

  it('confirms what it knows when the trials are used up', () => {
    const { outcome, trials } = carryOut({ ...search, mostTrials: 2 }, 1_000, (rate) =>
      rate <= 620 ? 'kept' : 'missed',
    );
    expect(outcome).toMatchObject({ rate: 500, because: 'the trials were used up' });
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

describe('the search with p95 known by a sample alone', () => {
  /** What a trial's p95 is off by: standard error of its logarithm. A confirmation is six times as long. */
  const errors = { trial: 0.08, confirmation: 0.08 / Math.sqrt(6) } as const;
  // p95 rises slowly here, so that what it is off by moves the rate by 3 of 100.
  const serviceRate = 200;
  const truth = serviceRate - (1000 * Math.log(20)) / search.p95Ms;
  const random = seededRandom(12);
  const found = Array.from({ length: 1000 }, () =>
    carryOut(search, serviceRate, (rate, kind) => {
      const error = kind === 'capacity' ? 0 : errors[kind];
      const p95Ms = p95OfQueue(serviceRate, rate) * Math.exp(error * normal(random));
      const confident = p95Ms * Math.exp(1.96 * error) <= search.p95Ms;
      return { verdict: p95Ms <= search.p95Ms ? 'kept' : 'missed', confident };
    }),
  ).map(({ outcome }) => outcome);
  const rates = found.flatMap(({ rate }) => rate ?? []).sort((a, b) => a - b);

  it('finds a rate that is off by more than the precision now and then, and seldom by much', () => {
    expect(rates.length).toBeGreaterThan(990);
    const within = (share: number): number =>
      rates.filter((rate) => Math.abs(rate / truth - 1) <= share).length / rates.length;
    expect(within(0.05)).toBeGreaterThan(0.5);
    expect(within(0.05)).toBeLessThan(0.7);
    expect(within(0.1)).toBeGreaterThan(0.9);
  });

  it('finds rates that truly break the bound, and hardly ever calls one of them confident', () => {
    const broken = found.filter(({ rate }) => (rate ?? 0) > truth);
    expect(broken.length / found.length).toBeGreaterThan(0.02);
    // Confidently wrong is one confirmation of 40 at most, and a rate must first be found that breaks the bound.
    expect(broken.filter(({ confident }) => confident === true).length / found.length).toBeLessThan(0.01);
    const confident = found.filter((outcome) => outcome.confident === true).length / found.length;
    expect(confident).toBeGreaterThan(0.5);
    expect(confident).toBeLessThan(0.8);
  });
});

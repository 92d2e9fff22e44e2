import { describe, expect, it } from 'vitest';
import { commonNotes, Notes } from '../../../src/core/view/notes.ts';
import { briefPhaseDoubt, thirdsWords } from '../../../src/core/validityLimits.ts';

describe('the notes of a table', () => {
  it('say each kind once, with the smallest and the largest figure', () => {
    const notes = new Notes([]);
    expect(notes.refer(['late: p99 39.7 ms, the limit is 10 ms'])).toBe(' [1]');
    expect(notes.refer(['it answers 1.7% too late', 'late: p99 1,047.4 ms, the limit is 10 ms'])).toBe(' [1, 2]');
    expect(notes.refer(['late: p99 9.5 ms, the limit is 10 ms'])).toBe(' [1]');
    expect(notes.refer([])).toBe('');
    expect(notes.texts).toEqual(['late: p99 9.5 to 1,047.4 ms, the limit is 10 ms', 'it answers 1.7% too late']);
  });

  it('keep apart what a number within a word tells apart, and kinds of errors', () => {
    const notes = new Notes([]);
    notes.refer(['no interval of p50: 9', 'no interval of p95: 9', 'HTTP 500: 2', 'HTTP 503: 2', 'HTTP 503: 4']);
    expect(notes.texts).toEqual(['no interval of p50: 9', 'no interval of p95: 9', 'HTTP 500: 2', 'HTTP 503: 2 to 4']);
  });

  it('keep apart what is of another load, another repetition or another number of them', () => {
    const texts = [
      ...['errors of fastapi at 8 connections: timeout: 3', 'errors of fastapi at 64 connections: timeout: 5'],
      ...['left out: repetition 1: too few successes', 'left out: repetition 5: too few successes'],
      ...['rests on 1 of 3 repetitions', 'rests on 2 of 3 repetitions'],
      ...['p95 at 200 requests/s (Poisson): 3', 'p95 at 300 requests/s (Poisson): 3'],
    ];
    const notes = new Notes([]);
    notes.refer(texts);
    expect(notes.texts).toEqual(texts);
    expect(commonNotes(texts.map((text) => [text]))).toEqual([]);
  });

  it('keep the figures of a trend together', () => {
    const notes = new Notes([]);
    notes.refer([`${thirdsWords} RPS was 100, then 150, then 200`]);
    notes.refer([`${thirdsWords} RPS was 200, then 150, then 100`]);
    expect(notes.texts).toHaveLength(2);
  });

  it('tell once, without their figures, what thirds of phases leave open', () => {
    const notes = new Notes([]);
    const differed = (quantity: string, figures: string): string =>
      `${thirdsWords} ${quantity} was ${figures}, which may be chance`;
    expect(notes.refer([differed('p95', '3.49, then 7.91, then 3.61 ms'), differed('RPS', '1, then 2, then 3')])).toBe(
      ' [1]',
    );
    expect(notes.refer([`repetition 2: ${differed('RPS', '9, then 8, then 7')}`])).toBe(' [1]');
    const few = 'a third of the phase has too few successes';
    expect(notes.refer([`steady state of p95 not judged: ${few}`])).toBe(' [2]');
    expect(notes.refer([`steady state of p50 and p95 not judged: ${few}`])).toBe(' [2]');
    expect(notes.refer(['repetition 1: steady state not judged: too short'])).toBe(' [3]');
    expect(notes.texts).toEqual([
      `RPS, p50 or p95 differed ${thirdsWords}, by no more than chance may explain`,
      `steady state of p50 or p95 not judged: ${few}`,
      'steady state not judged: too short',
    ]);
    expect(commonNotes([[differed('RPS', '1, then 2, then 3')], [differed('p50', '3, then 2, then 1')]])).toEqual([
      `RPS, p50 or p95 differed ${thirdsWords}, by no more than chance may explain`,
    ]);
  });

  it('leave out what holds everywhere, whatever its figures, and what brief phases leave open', () => {
    const notes = new Notes(['quick quality of 5 samples']);
    expect(notes.refer(['quick quality of 7 samples', `unstable: RPS 1, then 2${briefPhaseDoubt}`])).toBe(' [1]');
    expect(notes.texts).toEqual(['unstable: RPS 1, then 2']);
  });

  it('are common where every row has one of the kind', () => {
    expect(commonNotes([['a 1', 'b 2'], ['b 3'], ['c', 'b 9']])).toEqual(['b 2 to 9']);
    expect(commonNotes([['a', 'b'], []])).toEqual([]);
    expect(commonNotes([])).toEqual([]);
  });
});

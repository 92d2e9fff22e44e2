import { expect, test } from 'vitest';
import { generatorDelay, generatorLimit } from '../../../src/core/generatorBound.ts';
import { nameLoad } from '../../../src/core/phaseLoad.ts';
import { plannedRate } from '../../../src/core/plannedRate.ts';
import type { Intervals } from '../../../src/core/record.ts';
import { measuredRecord, rowsAt, rowsOf, type PhaseRow } from '../../../src/core/view/measured.ts';
import { rowDifferenceMs, rowVerdict } from '../../../src/core/view/rowVerdict.ts';
import { verdictTexts } from '../../../src/core/view/verdictTexts.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';

const closed = nameLoad({ loop: 'closed', connections: 32 });
const open = nameLoad({ loop: 'open', ratePerSecond: 200, arrivals: 'poisson', maxInFlight: 1024 });
const sample = rowsAt(rowsOf(measuredRecord(sampleRecord())), closed);

interface Figure {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

interface Changed {
  readonly rps?: Figure;
  readonly p95Ms?: Figure;
  /** Quantities that have no interval. */
  readonly without?: readonly ('rps' | 'p95Ms')[];
}

/** The rows with other figures: of a topology, in RPS and in p95. */
function rowsWith(changed: Readonly<Record<string, Changed>>): PhaseRow[] {
  return sample.map((row) => {
    const { rps, p95Ms, without = [] } = changed[row.topology] ?? {};
    const values = {
      ...(rps === undefined ? {} : { rps: rps.value }),
      ...(p95Ms === undefined ? {} : { p95Ms: p95Ms.value }),
    };
    const intervalsOf = (intervals: Intervals | null): Intervals | null =>
      intervals === null
        ? null
        : {
            ...intervals,
            ...(rps === undefined ? {} : { rps }),
            ...(p95Ms === undefined ? {} : { p95Ms }),
            ...Object.fromEntries(
              without.map((quantity) => [quantity, { unknown: 'what follows each other is so alike' }]),
            ),
          };
    return {
      ...row,
      ...values,
      intervals: intervalsOf(row.intervals),
      repetitions: row.repetitions.map((one) => ({ ...one, ...values, intervals: intervalsOf(one.intervals) })),
    };
  });
}

/** The same at a rate that the plan set. */
function openRows(changed: Readonly<Record<string, Changed>>): PhaseRow[] {
  return rowsWith(changed).map((row) => ({ ...row, load: open }));
}

function firstTwo([a, b]: readonly PhaseRow[]): [PhaseRow, PhaseRow] {
  if (a === undefined || b === undefined) throw new Error('the sample has three');
  return [a, b];
}

/** No interval to compare by. */
const none = { without: ['rps', 'p95Ms'] } as const;

const slow = { value: 200, low: 190, high: 210 };
/** As many as triton's 917, as far as can be told. */
const likeTriton = { value: 900, low: 870, high: 930 };

test('the one that serves most and the one that answers soonest are named, where they are two', () => {
  const { lead } = verdictTexts(rowsWith({ triton: { p95Ms: slow } }), closed);
  expect(lead).toBe(
    'At 32 connections triton is ahead in RPS: 917 RPS at p95 200 ms [190–210]; hybrid is ahead in p95',
  );
});

test('where nothing is ahead in RPS, the one that is in p95 is the answer, beside the highest RPS', () => {
  const { lead } = verdictTexts(rowsWith({ triton: { p95Ms: slow }, hybrid: { rps: likeTriton } }), closed);
  expect(lead).toBe(
    "At 32 connections hybrid is ahead in p95: 900 RPS at p95 63.6 ms [62.9–64.6]; the highest RPS is triton's, 917 RPS at p95 200 ms [190–210]",
  );
});

test('at a rate that the plan sets p95 alone is compared', () => {
  const { lead, pairs } = verdictTexts(openRows({}), open);
  expect(lead).toBe('At 200 requests/s (Poisson) triton is ahead in p95: 47.3 ms [46.7–48.0]');
  expect(pairs).toEqual([expect.stringMatching(/^p95 \(lower is better\): triton 0\.74x hybrid /u)]);
  const like = { value: 46, low: 30, high: 90 };
  expect(verdictTexts(openRows({ hybrid: { p95Ms: like } }), open).lead).toBe(
    "At 200 requests/s (Poisson) no topology is shown to be ahead of all others: the lowest p95 is hybrid's, 46.0 ms [30.0–90.0]",
  );
  expect(rowVerdict(...firstTwo(openRows({})), 'rps')).toEqual({ kind: 'none', why: plannedRate });
  const without = verdictTexts(openRows({ fastapi: none, hybrid: none, triton: none }), open);
  expect(without.lead).toBe(
    'Not decided which is ahead at 200 requests/s (Poisson): triton p95 47.3 ms, hybrid p95 63.6 ms, fastapi p95 113 ms; p95 has no 95% interval',
  );
  expect(without.pairs).toEqual([]);
});

test('one that is ahead in both is said once, and none where each may be the best by chance', () => {
  expect(verdictTexts(rowsWith({}), closed).lead).toBe(
    'At 32 connections triton is ahead in RPS and p95: 917 RPS at p95 47.3 ms [46.7–48.0]',
  );
  const wide = { low: 20, high: 2000 };
  const any = { rps: { value: 500, ...wide }, p95Ms: { value: 100, ...wide } };
  expect(verdictTexts(rowsWith({ fastapi: any, hybrid: any, triton: any }), closed).lead).toMatch(
    /^At 32 connections no topology is shown to be ahead of all others: the highest RPS is /u,
  );
});

/** Each second of a topology served between two rates. */
function withSeconds(
  rows: readonly PhaseRow[],
  ranges: Readonly<Record<string, readonly [number, number]>>,
): PhaseRow[] {
  return rows.map((row) => {
    const [least, greatest] = ranges[row.topology] ?? [0, 0];
    return { ...row, secondsRps: { least, greatest } };
  });
}

const apart = { triton: [880, 950], hybrid: [690, 760], fastapi: [430, 460] } as const;

test('without an interval it is not decided which is ahead: all figures, the reason, and what each second showed', () => {
  const rows = rowsWith({ fastapi: none, hybrid: none, triton: none });
  const figures = 'Not decided which is ahead at 32 connections: triton 917 RPS, hybrid 730 RPS, fastapi 447 RPS';
  const texts = verdictTexts(withSeconds(rows, apart), closed);
  expect(texts.lead).toBe(`${figures}; neither RPS nor p95 has a 95% interval`);
  expect(texts.pairs).toEqual([
    'RPS: in each whole second triton served more than hybrid and fastapi in their best: 880–950 against at most 760',
  ]);
  expect(texts.wantsTurns).toBe(true);
  const meeting = verdictTexts(withSeconds(rows, { ...apart, hybrid: [690, 880] }), closed);
  expect(meeting.lead).toBe(texts.lead);
  expect(meeting.pairs).toEqual([]);
  const tooFew = withSeconds(rows, apart).map((row) =>
    row.topology === 'fastapi' ? { ...row, secondsRps: null } : row,
  );
  expect(verdictTexts(tooFew, closed).pairs).toEqual([]);
  // So it is of a record from before there were intervals.
  expect(
    verdictTexts(
      rows.map((row) => ({ ...row, intervals: null })),
      closed,
    ).lead,
  ).toBe(texts.lead);
});

test('what has an interval is compared beside what has none, and that is said where no lead says it', () => {
  const withoutRps = { without: ['rps'] } as const;
  const inP95 = verdictTexts(
    withSeconds(rowsWith({ fastapi: withoutRps, hybrid: withoutRps, triton: withoutRps }), apart),
    closed,
  );
  expect(inP95.lead).toBe('At 32 connections triton is ahead in p95: 917 RPS at p95 47.3 ms [46.7–48.0]');
  expect(inP95.pairs[0]).toBe(
    'RPS: no verdict, since it has no 95% interval; in each whole second triton served more than hybrid and fastapi in their best: 880–950 against at most 760',
  );
  expect(inP95.pairs[1]).toMatch(/^p95 \(lower is better\): triton 0\.74x hybrid /u);

  const one = verdictTexts(withSeconds(rowsWith({ hybrid: none }), apart), closed);
  expect(one.lead).toBe(
    'Not decided which is ahead at 32 connections: triton 917 RPS, hybrid 730 RPS, fastapi 447 RPS; RPS of hybrid has no 95% interval',
  );
  expect(one.pairs).toEqual([
    'RPS: triton 2.05x fastapi [1.96–2.14]; no verdict on hybrid: no 95% interval; in each whole second triton served more than hybrid in its best: 880–950 against at most 760',
    'p95 (lower is better): triton 0.42x fastapi [0.40–0.43]; no verdict on hybrid: no 95% interval',
  ]);
});

test('a load generator at its limit gives no verdict on RPS or latency, and no cost of the hybrid', () => {
  const rows = withSeconds(
    rowsWith({}).map((row) => ({ ...row, generatorBound: row.topology === 'triton' })),
    apart,
  );
  const [triton, hybrid] = ['triton', 'hybrid'].map((name) => rows.find(({ topology }) => topology === name));
  if (triton === undefined || hybrid === undefined) throw new Error('the sample has both');
  expect(rowVerdict(triton, hybrid, 'rps')).toEqual({ kind: 'none', why: generatorLimit });
  for (const quantity of ['p50Ms', 'p95Ms'] as const) {
    expect(rowVerdict(hybrid, triton, quantity)).toEqual({ kind: 'none', why: generatorDelay });
    expect(rowDifferenceMs(hybrid, triton, quantity)).toEqual({ kind: 'none', why: generatorDelay });
  }
  const { lead, pairs, wantsTurns } = verdictTexts(rows, closed);
  expect(lead).toBe(
    'Not decided which is ahead at 32 connections: triton 917 RPS, hybrid 730 RPS, fastapi 447 RPS; the load generator, not the server, set the rate of triton',
  );
  expect(pairs).toEqual([
    'RPS: hybrid 1.63x fastapi [1.56–1.71]; no verdict on triton: the load generator, not the server, set the rate',
    'p95 (lower is better): hybrid 0.56x fastapi [0.55–0.58]; no verdict on triton: the load generator had no CPU time left, which adds to the latency',
  ]);
  expect(wantsTurns).toBe(false);
});

test('one reason for both is said once, with whom it lies', () => {
  const [triton, fastapi] = ['triton', 'fastapi'].map((name) =>
    rowsWith({ fastapi: none }).filter(({ topology }) => topology === name),
  );
  const two = [...(triton ?? []), ...(fastapi ?? [])];
  const { lead, pairs, leftOut } = verdictTexts(two, closed);
  expect(lead).toBe(
    'Not decided which is ahead at 32 connections: triton 917 RPS, fastapi 447 RPS; neither RPS nor p95 of fastapi has a 95% interval',
  );
  expect(pairs.join(' ')).not.toMatch(/p95|no verdict/u);
  expect(leftOut).toBe('');
  const unlike = rowsWith({ fastapi: { without: ['rps'] }, triton: { without: ['p95Ms'] } }).filter(
    ({ topology }) => topology !== 'hybrid',
  );
  const each = verdictTexts(unlike, closed);
  expect(each.lead).toMatch(/; RPS of fastapi has no 95% interval$/u);
  expect(each.pairs.at(-1)).toBe('p95: no verdict, since triton has no 95% interval');
});

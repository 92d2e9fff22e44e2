import { expect, test } from 'vitest';
import { nameLoad } from '../../../src/core/phaseLoad.ts';
import type { Intervals } from '../../../src/core/record.ts';
import { measuredRecord, rowsAt, rowsOf, type PhaseRow } from '../../../src/core/view/measured.ts';
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

/** The rows with other figures: of a topology, in RPS and in p95. */
function rowsWith(changed: Readonly<Record<string, { readonly rps?: Figure; readonly p95Ms?: Figure }>>): PhaseRow[] {
  return sample.map((row) => {
    const { rps, p95Ms } = changed[row.topology] ?? {};
    const values = {
      ...(rps === undefined ? {} : { rps: rps.value }),
      ...(p95Ms === undefined ? {} : { p95Ms: p95Ms.value }),
    };
    const intervalsOf = (intervals: Intervals | null): Intervals | null =>
      intervals === null
        ? null
        : { ...intervals, ...(rps === undefined ? {} : { rps }), ...(p95Ms === undefined ? {} : { p95Ms }) };
    return {
      ...row,
      ...values,
      intervals: intervalsOf(row.intervals),
      repetitions: row.repetitions.map((one) => ({ ...one, ...values, intervals: intervalsOf(one.intervals) })),
    };
  });
}

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

test('at a rate that the plan sets it is the other way round', () => {
  const like = { value: 46, low: 30, high: 90 };
  const { lead } = verdictTexts(rowsWith({ hybrid: { p95Ms: like } }), open);
  expect(lead).toMatch(
    /^At open 200\/s Poisson triton is ahead in RPS: 917 RPS at p95 47\.3 ms \[46\.7–48\.0\]; the lowest p95 is hybrid's, 730 RPS at p95 46\.0 ms \[30\.0–90\.0\]$/u,
  );
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

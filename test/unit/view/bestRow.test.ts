import { expect, it } from 'vitest';
import { nameLoad } from '../../../src/core/phaseLoad.ts';
import { bestFigure, eachFigure } from '../../../src/core/view/bestRow.ts';
import { measuredRecord, rowsAt, rowsOf, type PhaseRow } from '../../../src/core/view/measured.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';

const rows = rowsAt(rowsOf(measuredRecord(sampleRecord())), nameLoad({ loop: 'closed', connections: 32 }));
const open = nameLoad({ loop: 'open', ratePerSecond: 200, arrivals: 'poisson', maxInFlight: 64 });
const notValid = { valid: false, reasons: ['late'], caveats: [] };

/** The row of a topology changed, its one repetition with it. */
function having(topology: string, change: Partial<PhaseRow>): PhaseRow[] {
  return rows.map((row) => {
    if (row.topology !== topology) return row;
    const changed = { ...row, ...change };
    const { rps, p95Ms, intervals, validity } = changed;
    return {
      ...changed,
      repetitions: row.repetitions.map((one) => ({ ...one, rps, p95Ms, intervals, valid: validity.valid })),
    };
  });
}

it('is the one that is shown to be ahead of each of the others', () => {
  expect(bestFigure(rows, 'long')).toBe('32 connections: triton 917 RPS at p95 47.3 ms');
  expect(bestFigure(having('fastapi', { rps: 920 }), 'long')).toBeUndefined();
  expect(bestFigure(having('hybrid', { intervals: null }), 'short')).toBeUndefined();
  expect(bestFigure([], 'short')).toBeUndefined();
});

it('is none beside one that may be better and cannot be believed, or whose rate the load generator set', () => {
  expect(bestFigure(having('fastapi', { validity: notValid }), 'short')).toBeUndefined();
  expect(bestFigure(having('fastapi', { generatorBound: true }), 'short')).toBeUndefined();
});

it('is the only one, and marked where it may not be believed', () => {
  const alone = having('triton', { validity: notValid }).filter(({ topology }) => topology === 'triton');
  expect(bestFigure(alone, 'short')).toBe('32 conn.: triton 917 RPS at p95 47.3 ms (not valid)');
});

it('is told by p95 at a rate that the plan set, and so are all where none is the best', () => {
  const planned = rows.map((row) => ({ ...row, load: open }));
  expect(bestFigure(planned, 'short')).toBe('200/s Poisson: triton 917 RPS at p95 47.3 ms');
  expect(eachFigure(planned, 'short')).toBe(
    '200/s Poisson: fastapi p95 113 ms · triton p95 47.3 ms · hybrid p95 63.6 ms',
  );
  expect(eachFigure(rows, 'short')).toBe('32 conn.: fastapi 447 RPS · triton 917 RPS · hybrid 730 RPS');
  expect(eachFigure(rows, 'long')).toMatch(/^32 connections: fastapi 447 RPS · triton/u);
});

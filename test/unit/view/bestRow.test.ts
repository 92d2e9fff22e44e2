import { expect, it } from 'vitest';
import { haveBest } from '../../../src/core/view/bestRow.ts';
import { measuredRecord, rowsAt, rowsOf } from '../../../src/core/view/measured.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';

it('none is the best beside one that may be better and cannot be believed', () => {
  const all = rowsOf(measuredRecord(sampleRecord()));
  const [level] = all;
  if (level === undefined) throw new Error('the sample has rows');
  const rows = rowsAt(all, level.load);
  const notValid = { valid: false, reasons: ['late'], caveats: [] };
  expect(rows.length).toBeGreaterThan(1);
  expect(haveBest(rows)).toBe(true);
  expect(haveBest(rows.map((row) => ({ ...row, validity: notValid })))).toBe(true);
  expect(haveBest(rows.map((row, at) => (at === 0 ? { ...row, validity: notValid } : row)))).toBe(false);
});

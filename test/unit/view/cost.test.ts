import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunRecord, TopologyResult } from '../../../src/core/record.ts';
import { costColumns, costFigures, costRemarks } from '../../../src/core/view/cost.ts';
import { recordMarkdown } from '../../../src/core/view/markdown.ts';
import { measuredRecord, measuredState, rowsOf, type PhaseRow } from '../../../src/core/view/measured.ts';
import { resultTable } from '../../../src/core/view/resultTable.ts';
import { recordTable } from '../../../src/core/view/table.ts';
import { expectGolden } from '../../support/golden.ts';
import { sampleLocalPlan, samplePlan, sampleRecord } from '../../support/sampleRecord.ts';
import { sampleState } from '../../support/sampleState.ts';

const price = { perGpuHour: 2.5, currency: 'EUR' };
const rows = (record: RunRecord): PhaseRow[] => rowsOf(measuredRecord(record));
const withGpus = (count: number): RunRecord => {
  const plan = samplePlan();
  if (plan.gpu === null) throw new Error('The sample plan has a GPU.');
  return sampleRecord({ plan: { ...plan, gpu: { ...plan.gpu, count } } });
};
/** One topology whose server reports another provider. */
const withProvider = (name: string, provider: string): RunRecord =>
  sampleRecord({
    change: (result): TopologyResult =>
      result.topology.name === name
        ? { ...result, runtimes: result.runtimes.map((runtime) => ({ ...runtime, provider })) }
        : result,
  });
const golden = (name: string): string => join(import.meta.dirname, 'golden', name);

describe('requests of a GPU-hour', () => {
  it('are those of the table, for each GPU that is held, with the interval of RPS', () => {
    const [column, ...others] = costColumns(rows(withGpus(4)), null);
    expect(others).toEqual([]);
    for (const row of rows(withGpus(4))) {
      const cost = column?.cell(row);
      expect(cost?.value).toBe((row.rps * 3600) / 4);
      const interval = row.intervals?.rps;
      if (interval === undefined || 'unknown' in interval) throw new Error('The samples have intervals.');
      const [low, high] =
        /^\[([\d.]+)k–([\d.]+)k\]$/u
          .exec(cost?.interval ?? '')
          ?.slice(1)
          .map(Number) ?? [];
      // As precise as the text is: three digits.
      expect(Math.abs((low ?? 0) / (interval.low * 0.9) - 1)).toBeLessThan(0.005);
      expect(Math.abs((high ?? 0) / (interval.high * 0.9) - 1)).toBeLessThan(0.005);
    }
    expect(costRemarks(rows(withGpus(4)), null)).toEqual([
      'Req/GPU-h: successful requests in an hour at this rate, for each GPU held (4 GPUs a topology).',
    ]);
  });

  it('have no interval where RPS has none', () => {
    const [row] = rows(sampleRecord());
    if (row?.intervals === undefined || row.intervals === null) throw new Error('The samples have intervals.');
    const without = { ...row, intervals: { ...row.intervals, rps: { unknown: 'too short' } } };
    for (const column of costColumns([without], price)) expect(column.cell(without)?.interval).toBeNull();
    const old = { ...row, intervals: null };
    for (const column of costColumns([old], price)) expect(column.cell(old)?.interval).toBeNull();
  });
});

describe('the price of a million requests', () => {
  it('is that of the GPU-hours they take, and its interval turns that of RPS round', () => {
    const [, column] = costColumns(rows(sampleRecord()), price);
    expect(column?.header).toBe('EUR/1M req');
    for (const row of rows(sampleRecord())) {
      const cost = column?.cell(row);
      expect(cost?.value).toBeCloseTo((2.5 * 1e6) / (row.rps * 3600), 9);
      const [low = 0, high = 0] = (cost?.interval ?? '').slice(1, -1).split('–').map(Number);
      expect(low).toBeLessThan(cost?.value ?? 0);
      expect(high).toBeGreaterThan(cost?.value ?? 0);
    }
  });

  it('has no upper limit where the rate may have been zero, and is none where nothing was served', () => {
    const [row] = rows(sampleRecord());
    if (row?.intervals === undefined || row.intervals === null) throw new Error('The samples have intervals.');
    const nearly = { ...row, rps: 2, intervals: { ...row.intervals, rps: { low: 0, high: 4 } } };
    const nothing = { ...row, rps: 0, intervals: null };
    const [requests, million] = costColumns([nearly, nothing], price);
    expect(million?.cell(nearly)).toMatchObject({ text: '347', interval: '[174–∞]' });
    expect(requests?.cell(nothing)).toMatchObject({ text: '0.00k', value: 0 });
    expect(million?.cell(nothing)).toBeNull();
    expect(costFigures(nothing, price)).toHaveLength(1);
  });

  it('keeps three digits of the smallest', () => {
    const cheap = { perGpuHour: 0.05, currency: 'USD' };
    const [, column] = costColumns(rows(sampleRecord()), cheap);
    expect(rows(sampleRecord()).map((row) => column?.cell(row)?.text.length)).toEqual(Array(9).fill('0.0151'.length));
    expect(costRemarks(rows(sampleRecord()), cheap)[1]).toContain(
      'USD/1M req: a million successful requests at 0.05 USD a',
    );
    expect(costRemarks(rows(sampleRecord()), { ...cheap, perGpuHour: 0.0125 })[1]).toContain(
      'at 0.0125 USD a GPU-hour',
    );
  });
});

describe('a topology whose GPU did not compute', () => {
  it('has the reason in words in place of a figure, beside those that have one', () => {
    const table = resultTable(rows(withProvider('triton', 'CPUExecutionProvider')), price);
    const texts = table.groups[0]?.rows.map(({ cells }) => cells.slice(-2).map(({ text }) => text));
    expect(texts?.[1]).toEqual(['CPU', 'CPU']);
    expect(texts?.[0]?.[0]).toMatch(/^\d+k$/u);
    expect(table.costRemarks.at(-1)).toBe('No cost of triton: a GPU was held, but the CPU computed.');
  });

  it('has none either where no server said what it computes on', () => {
    const table = resultTable(rows(withProvider('fastapi', 'unknown')), price);
    expect(table.groups[0]?.rows[0]?.cells.slice(-2).map(({ text }) => text)).toEqual(['–', '–']);
    expect(table.costRemarks.at(-1)).toBe('No cost of fastapi: a GPU is held, but whether it computes is not known.');
  });

  it('has no column where it is so of all of them, only the reason', () => {
    const record = sampleRecord({ plan: samplePlan({ allowCpuProvider: true }) });
    const { columns, caption, costRemarks: remarks } = resultTable(rows(record), price);
    expect(columns.filter(({ header }) => /GPU-h|EUR/u.test(header))).toEqual([]);
    expect(caption).not.toContain('cost');
    expect(remarks).toEqual(['No cost of fastapi, triton and hybrid: a GPU was held, but the CPU computed.']);
    expect(rows(record).flatMap((row) => costFigures(row, price))).toEqual([]);
  });
});

it('a run without a GPU says nothing of cost, whatever price is entered', () => {
  const record = sampleRecord({ plan: sampleLocalPlan() });
  expect(recordTable(record, price)).toBe(recordTable(record));
  expect(recordMarkdown(record, price)).toBe(recordMarkdown(record));
  expect(recordTable(record)).not.toMatch(/GPU-h|EUR|No cost/u);
});

it('a run under way has it of the phases that have ended', () => {
  const live = rowsOf(measuredState(sampleState(sampleRecord(), 'loading')));
  expect(live.map((row) => costFigures(row, price).length)).toEqual(Array(4).fill(2));
  const allowed = sampleRecord({ plan: samplePlan({ allowCpuProvider: true }) });
  const unsure = rowsOf(measuredState(sampleState(allowed, 'loading')));
  expect(unsure.map(({ gpu }) => gpu)).toEqual(['unused', 'unused', 'unused', 'unknown']);
  expect(costColumns(unsure, price)).toEqual([]);
});

it('the table says in its caption, for who cannot see it, that cost is in it', () => {
  expect(resultTable(rows(sampleRecord())).caption).toContain('throughput, and cost on GPUs,');
  expect(resultTable(rows(sampleRecord()), price).columns.at(-1)?.title).toContain(
    'if the GPU is this busy all the time',
  );
});

it('a price reads as text', async () => {
  const text = recordTable(sampleRecord(), price);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  await expectGolden(golden('table-priced.txt'), text);
  await expectGolden(golden('markdown-priced.txt'), recordMarkdown(sampleRecord(), price));
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type * as vscode from 'vscode';
import type { RunRecord } from '../../../src/core/record.ts';
import { lensTitles, tellingRows } from '../../../src/extension/figures.ts';
import { ModelLenses } from '../../../src/extension/lens.ts';
import { readDocument } from '../../../src/extension/modelDocument.ts';
import type { LiveRun } from '../../../src/extension/runs.ts';
import { laterRecord, notValid } from '../../support/changedRecord.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';
import { sampleState } from '../../support/sampleState.ts';
import { FakeDocument, visibleEditors } from './fakeEditor.ts';
import { fakeVscode, useDefaults } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeEditor.ts')).fakeEditor);

const config = `name: "m"
backend: "onnxruntime"
max_batch_size: 8
input [ { name: "input_ids" data_type: TYPE_INT64 dims: [ -1 ] }, { name: "attention_mask" data_type: TYPE_INT64 dims: [ -1 ] } ]
output [ { name: "logits" data_type: TYPE_FP32 dims: [ 2 ] } ]
`;
const hour = 60 * 60_000;
let document: FakeDocument;
let lenses: ModelLenses | undefined;
let redrawn: number;

beforeEach(() => {
  document = new FakeDocument('/models/m/config.pbtxt', config);
  visibleEditors.splice(0, visibleEditors.length, { document });
  useDefaults({ 'codeLens.enabled': true });
  redrawn = 0;
  vi.useFakeTimers();
});

afterEach(() => {
  lenses?.dispose();
  vi.useRealTimers();
});

/** Above a config that a run measured that long ago, as its text was then. */
function measured(agoMs: number, change: Partial<RunRecord> = {}): RunRecord {
  const hashes = readDocument(document as unknown as vscode.TextDocument).hashes();
  const modelConfig = { format: 'config.pbtxt', sha256: '', settingsSha256: null, ...hashes } as const;
  const record = sampleRecord({ record: { modelConfig, ...change } });
  vi.setSystemTime(Date.parse(record.endedAt) + agoMs);
  show(record);
  return record;
}

/** @param stored what the results folder holds besides */
function show(record: RunRecord | undefined, ...stored: readonly RunRecord[]): void {
  const nothing = { onDidChange: () => ({ dispose: () => undefined }) };
  const list = async (): Promise<unknown> => stored.map((one) => ({ id: one.id, record: one }));
  lenses = new ModelLenses(
    { lastRunOf: () => record?.id },
    { ...nothing, read: async () => record, list } as never,
    { ...nothing, active: () => [], get: () => undefined } as never,
  );
  lenses.onDidChangeCodeLenses(() => {
    redrawn += 1;
  });
}

async function drawn(): Promise<{ readonly title: string; readonly tooltip?: string }[]> {
  const all = (await lenses?.provideCodeLenses(document as unknown as vscode.TextDocument)) ?? [];
  const resolved: { title: string; tooltip?: string }[] = [];
  for (const lens of all) resolved.push((await lenses?.resolveCodeLens(lens))?.command as { title: string });
  return resolved;
}

async function titles(): Promise<string[]> {
  return (await drawn()).map(({ title }) => title);
}

test('the first figure says how long ago the run was, each in its tooltip when', async () => {
  const figures = lensTitles(tellingRows(measured(3 * hour + 59 * 60_000)), 'not valid');
  const [start, first, ...others] = await titles();
  expect(start).toBe('$(beaker) Benchmark Topology');
  expect(first).toBe(`3h ago, 32 conn.: ${figures[0] ?? ''}`);
  expect(others).toEqual(figures.slice(1));
  for (const { tooltip } of (await drawn()).slice(1)) {
    expect(tooltip).toMatch(
      /^fastapi: p50 .*\ntriton: p50 .*\nhybrid: p50 .* at 32 connections\nMeasured Jan 2, 2026.* in a cluster$/u,
    );
  }
});

test('what is not valid says so in words beside its figure, not by an icon alone', async () => {
  const { topologies } = laterRecord({ topology: 'fastapi', change: notValid });
  measured(hour, { topologies });
  const [, first, second] = await titles();
  expect(first).toBe('$(warning) 1h ago, 32 conn.: fastapi 447 RPS (not valid), p50/p95 68.2/113 ms');
  expect(second).toBe('triton 917 RPS, 34.2/47.3 ms');
});

test.each([
  [0, 'now'],
  [-5 * hour, 'now'],
  [59_999, 'now'],
  [61_000, '1m ago'],
  [26 * hour, '1d ago'],
  [40 * 24 * hour, '1mo ago'],
])('a run of %d ms before is %s', async (agoMs, words) => {
  measured(agoMs);
  expect((await titles())[1]?.split(':')[0]).toBe(`${words}, 32 conn.`);
});

test('figures are stale once the config says something else, saved or not, and no longer when that is undone', async () => {
  measured(hour);
  document.type(config.replace('max_batch_size: 8', 'max_batch_size: 16'));
  expect((await titles())[1]).toMatch(/^stale, 1h ago, 32 conn\.: fastapi 447 RPS, p50\/p95 /u);
  for (const { tooltip } of (await drawn()).slice(1)) expect(tooltip).toMatch(/\nThe config has changed since\.$/u);
  document.type(config);
  expect((await titles())[1]).toMatch(/^1h ago, /u);
});

test('a comment, a space or another order make nothing stale', async () => {
  measured(hour);
  const [name = '', backend = '', ...rest] = config.split('\n');
  document.type(['# tuned by hand', `  ${backend}`, `${name} # the name`, ...rest].join('\r\n'));
  expect((await titles())[1]).toMatch(/^1h ago, /u);
});

test('nothing is said to be stale by a record that does not know what the config said', async () => {
  measured(hour, { modelConfig: { format: 'config.pbtxt', sha256: 'e'.repeat(64), settingsSha256: null } });
  expect((await titles())[1]).toMatch(/^1h ago, /u);
  measured(hour, { modelConfig: null });
  expect((await titles())[1]).toMatch(/^1h ago, /u);
});

test('lenses are drawn anew when one of theirs says something else, not each second of a run', () => {
  const record = sampleRecord();
  const changed = new fakeVscode.EventEmitter<LiveRun>();
  lenses = new ModelLenses(
    { lastRunOf: () => undefined },
    { onDidChange: () => ({ dispose: () => undefined }) } as never,
    { onDidChange: changed.event } as never,
  );
  lenses.onDidChangeCodeLenses(() => {
    redrawn += 1;
  });
  const said = (upTo: Parameters<typeof sampleState>[1] | null, uri = document.uri.toString(), end = false): number => {
    const state = upTo === null ? null : sampleState(record, upTo);
    const run = { id: uri, choices: { subject: { kind: 'config', uri } }, state, cancelling: false };
    changed.fire({ ...run, end: end ? {} : null } as unknown as LiveRun);
    return redrawn;
  };
  expect([said(null), said(null), said('waiting'), said('waiting'), said('loading')]).toEqual([1, 1, 2, 2, 2]);
  expect([said('loading', 'file:///other/config.pbtxt'), said('loading')]).toEqual([3, 3]);
  expect(said('loading', document.uri.toString(), true)).toBe(4);
  changed.fire({ id: 'y', choices: { subject: { kind: 'built-in' } }, state: null, end: null } as unknown as LiveRun);
  expect(redrawn).toBe(4);
});

describe('a run that was started elsewhere', () => {
  const hashes = () => readDocument(document as unknown as vscode.TextDocument).hashes();
  /** As the command line leaves it, of this config unless it says otherwise. */
  function ranElsewhere(id: string, name = 'm'): RunRecord {
    const { plan } = sampleRecord();
    const modelConfig = { format: 'config.pbtxt', sha256: '', settingsSha256: null, ...hashes() } as const;
    return sampleRecord({ plan: { ...plan, model: { ...plan.model, name } }, record: { id, modelConfig } });
  }
  /** Nobody waits for the results: they are there when the lenses are drawn again. */
  async function drawnAgain(): Promise<Awaited<ReturnType<typeof drawn>>> {
    expect(await titles()).toHaveLength(1);
    await vi.waitFor(() => {
      expect(redrawn).toBe(1);
    });
    return drawn();
  }

  test('is the last one of its config, and says where it was found', async () => {
    show(undefined, ranElsewhere('20260102-093000-0001'));
    const [, first] = await drawnAgain();
    expect(first?.title).toMatch(/ ago, 32 conn\.: fastapi 447 RPS, p50\/p95 /u);
    expect(first?.tooltip).toMatch(/\nFound among the results: it was started elsewhere, or is not remembered/u);
    await titles();
    expect(redrawn).toBe(1);
  });

  test('stays the last one, and gets stale, while the config is changed', async () => {
    show(undefined, ranElsewhere('20260102-093000-0001'));
    await drawnAgain();
    document.type(config.replace('max_batch_size: 8', 'max_batch_size: 16'));
    expect((await titles())[1]).toMatch(/^stale, /u);
  });

  test('comes before an older one that was started here, and not before a later one', async () => {
    const here = measured(hour);
    for (const [id, isFound] of [
      ['20260101-093000-0001', false],
      ['20260103-093000-0001', true],
    ] as const) {
      show(here, ranElsewhere(id));
      await titles();
      await vi.advanceTimersByTimeAsync(0);
      const [, first] = await drawn();
      expect(first?.tooltip?.includes('Found among the results')).toBe(isFound);
    }
  });

  test.each([
    ['completed', 'cancelled', '20260103-093000-0001', false, ''],
    ['cancelled', 'completed', '20260101-093000-0001', true, ''],
    ['cancelled', 'failed', '20260103-093000-0001', true, 'failed, '],
    ['cancelled', 'failed', '20260101-093000-0001', false, 'cancelled, '],
  ] as const)('is shown where it says more: %s here, %s elsewhere as %s', async (here, there, id, isFound, words) => {
    show(measured(hour, { status: here }), { ...ranElsewhere(id), status: there });
    await titles();
    await vi.advanceTimersByTimeAsync(0);
    const [, first, second] = await drawn();
    expect(first?.tooltip?.includes('Found among the results')).toBe(isFound);
    expect(first?.title.split('32 conn.')[0]).toMatch(new RegExp(`^${words}(now|\\d+\\w+ ago), $`, 'u'));
    expect(second?.title).toMatch(/^triton/u);
  });

  test('of another model with the same config, or of another config, is not its run', async () => {
    const other = ranElsewhere('20260102-093000-0001', 'copy');
    const changed = { ...ranElsewhere('20260102-093000-0002'), modelConfig: sampleRecord().modelConfig };
    show(undefined, other, changed);
    await drawnAgain();
    expect(await titles()).toHaveLength(1);
  });
});

test('an age is brought up to date when it reads otherwise, as long as an editor shows it', async () => {
  measured(10_000);
  await titles();
  await vi.advanceTimersByTimeAsync(59_000);
  expect(redrawn).toBe(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(redrawn).toBe(1);
  expect((await titles())[1]).toMatch(/^1m ago, /u);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(redrawn).toBe(2);

  await titles();
  visibleEditors.length = 0;
  await vi.advanceTimersByTimeAsync(hour);
  expect(redrawn).toBe(2);
  expect(vi.getTimerCount()).toBe(0);
});

test('an age in hours is looked at when the hour is full', async () => {
  measured(3 * hour + 1);
  await titles();
  await vi.advanceTimersByTimeAsync(hour - 2);
  expect(redrawn).toBe(0);
  await vi.advanceTimersByTimeAsync(2);
  expect(redrawn).toBe(1);
});

test('no clock runs where there are no figures, and none after the end', async () => {
  show(undefined);
  expect(await titles()).toEqual(['$(beaker) Benchmark Topology']);
  expect(vi.getTimerCount()).toBe(0);
  measured(hour);
  await titles();
  expect(vi.getTimerCount()).toBe(1);
  lenses?.dispose();
  expect(vi.getTimerCount()).toBe(0);
});

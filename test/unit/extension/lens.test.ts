import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type * as vscode from 'vscode';
import type { RunRecord } from '../../../src/core/record.ts';
import { lensTitles, tellingRows } from '../../../src/extension/describe.ts';
import { ModelLenses } from '../../../src/extension/lens.ts';
import { readDocument } from '../../../src/extension/modelDocument.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';
import { FakeDocument, visibleEditors } from './fakeEditor.ts';
import { useDefaults } from './fakeVscode.ts';

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

function show(record: RunRecord | undefined): void {
  const nothing = { onDidChange: () => ({ dispose: () => undefined }) };
  lenses = new ModelLenses(
    { lastRunOf: () => record?.id },
    { ...nothing, read: async () => record } as never,
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
  const figures = lensTitles(tellingRows(measured(3 * hour + 59 * 60_000)));
  const [start, first, ...others] = await titles();
  expect(start).toBe('$(beaker) Benchmark Topology');
  expect(first).toBe(`3h ago: ${figures[0] ?? ''}`);
  expect(others).toEqual(figures.slice(1));
  for (const { tooltip } of (await drawn()).slice(1)) expect(tooltip).toMatch(/connections\nMeasured Jan 2, 2026/u);
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
  expect((await titles())[1]?.split(':')[0]).toBe(words);
});

test('figures are stale once the config says something else, saved or not, and no longer when that is undone', async () => {
  measured(hour);
  document.type(config.replace('max_batch_size: 8', 'max_batch_size: 16'));
  expect((await titles())[1]).toMatch(/^stale, 1h ago: p50\/p95 /u);
  for (const { tooltip } of (await drawn()).slice(1)) expect(tooltip).toMatch(/\nThe config has changed since\.$/u);
  document.type(config);
  expect((await titles())[1]).toMatch(/^1h ago: /u);
});

test('a comment, a space or another order make nothing stale', async () => {
  measured(hour);
  const [name = '', backend = '', ...rest] = config.split('\n');
  document.type(['# tuned by hand', `  ${backend}`, `${name} # the name`, ...rest].join('\r\n'));
  expect((await titles())[1]).toMatch(/^1h ago: /u);
});

test('nothing is said to be stale by a record that does not know what the config said', async () => {
  measured(hour, { modelConfig: { format: 'config.pbtxt', sha256: 'e'.repeat(64), settingsSha256: null } });
  expect((await titles())[1]).toMatch(/^1h ago: /u);
  measured(hour, { modelConfig: null });
  expect((await titles())[1]).toMatch(/^1h ago: /u);
});

test('an age is brought up to date when it reads otherwise, as long as an editor shows it', async () => {
  measured(10_000);
  await titles();
  await vi.advanceTimersByTimeAsync(59_000);
  expect(redrawn).toBe(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(redrawn).toBe(1);
  expect((await titles())[1]).toMatch(/^1m ago: /u);
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

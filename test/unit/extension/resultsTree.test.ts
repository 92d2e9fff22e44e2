import { beforeEach, expect, test, vi } from 'vitest';
import type { RunRecord } from '../../../src/core/record.ts';
import type { Baselines } from '../../../src/extension/baselines.ts';
import type { Failures } from '../../../src/extension/failures.ts';
import type { Result, Results } from '../../../src/extension/results.ts';
import { sampleEndpointPlan, sampleEndpointRecord } from '../../support/sampleEndpoint.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { ResultsTree } = await import('../../../src/extension/trees/resultsTree.ts');

const failures = { note: (error: unknown) => error, show: () => undefined } as unknown as Failures;
const stored = (record: RunRecord, id: string): Result => ({
  id,
  path: `/runs/${id}.json`,
  directory: '/runs',
  record: { ...record, id },
});
const unreadable: Result = {
  id: '20260103-080000-dead',
  path: '/runs/20260103-080000-dead.json',
  directory: '/runs',
  problem: 'it is damaged',
  nextStep: 'Delete it.',
};
const sample = sampleRecord();
const runOf = (model: string, id: string): Result =>
  stored({ ...sample, plan: { ...sample.plan, model: { ...sample.plan.model, name: model } } }, id);
const endpointRun = stored(sampleEndpointRecord(sampleEndpointPlan({ name: 'sentiment' })), '20260104-080000-0e0e');

const noBaselines = { standingOf: () => ({ kind: 'no baseline' }) } as unknown as Baselines;

let results: Result[] = [];
const list = vi.fn(async () => results);
const tree = () => new ResultsTree({ list } as unknown as Results, noBaselines, failures);
const rows = async () =>
  (await tree().texts()).map(({ label, description, contextValue, children }) => ({
    text: `${label.replace(/ · .*$/u, '')}: ${description}`,
    contextValue,
    children: children.map((child) => child.contextValue),
  }));

beforeEach(() => {
  list.mockClear();
});

test('results of one model stand without a group, those that cannot be read where they belong in time', async () => {
  results = [runOf('sentiment', '20260104-080000-0001'), unreadable, runOf('sentiment', '20260102-080000-0002')];
  expect((await rows()).map(({ contextValue }) => contextValue)).toEqual(['result', 'result.unreadable', 'result']);
});

test('results of several models stand by model, the newest first, with their number and the newest figures', async () => {
  results = [
    runOf('toxicity', '20260105-080000-0003'),
    unreadable,
    runOf('sentiment', '20260102-080000-0002'),
    runOf('toxicity', '20260101-080000-0001'),
  ];
  const [toxicity, sentiment, last] = await rows();
  expect(toxicity?.text).toMatch(/^toxicity: 2 runs · fastapi \d+ RPS · triton \d+ RPS · hybrid \d+ RPS$/u);
  expect(toxicity?.children).toEqual(['result', 'result']);
  expect(sentiment?.text).toMatch(/^sentiment: 1 run · fastapi/u);
  expect(last).toMatchObject({ contextValue: 'result.unreadable', children: [] });
});

test('an endpoint is no model, even if it has the same name', async () => {
  results = [endpointRun, runOf('sentiment', '20260102-080000-0002')];
  expect((await rows()).map(({ contextValue, children }) => [contextValue, children.length])).toEqual([
    ['model.results', 1],
    ['model.results', 1],
  ]);
  const nodes = await tree().getChildren();
  expect(new Set(nodes.map(({ id }) => id)).size).toBe(2);
});

test('the folder is read once, however many groups there are, and menus of results do not fit a group', async () => {
  results = Array.from({ length: 12 }, (_none, index) =>
    runOf(`model-${String(index % 4)}`, `20260102-08000${String(index % 10)}-000${String(index % 9)}`),
  );
  const shown = tree();
  const groups = await shown.getChildren();
  for (const group of groups) expect(await shown.getChildren(group)).toHaveLength(3);
  expect(list).toHaveBeenCalledTimes(1);
  for (const group of groups) expect(shown.getTreeItem(group).contextValue).not.toMatch(/^result/u);
});

test('a group keeps its id, and so whether it is open, when a newer run of another model comes', async () => {
  results = [runOf('toxicity', '20260102-080000-0002'), runOf('sentiment', '20260101-080000-0001')];
  const idsOf = async () => (await tree().getChildren()).map(({ id }) => id).sort();
  const before = await idsOf();
  results = [runOf('sentiment', '20260103-080000-0003'), ...results];
  expect(await idsOf()).toEqual(before);
});

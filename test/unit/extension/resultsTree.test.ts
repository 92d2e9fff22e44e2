import { beforeEach, expect, test, vi } from 'vitest';
import { profileOf } from '../../../src/core/profiles.ts';
import type { RunRecord } from '../../../src/core/record.ts';
import type { Baselines } from '../../../src/extension/baselines.ts';
import type { Failures } from '../../../src/extension/failures.ts';
import type { Result, Results } from '../../../src/extension/results.ts';
import { laterRecord, notValid } from '../../support/changedRecord.ts';
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

const noBaselines = {
  standingOf: () => ({ kind: 'no baseline' }),
  read: async () => undefined,
} as unknown as Baselines;

let results: Result[] = [];
const list = vi.fn(async (most?: number) => results.slice(0, most));
const tree = () => new ResultsTree({ list } as unknown as Results, noBaselines, failures, () => false);
const rows = async () =>
  (await tree().texts()).map(({ label, description, contextValue, children }) => ({
    text: `${label.replace(/ · .*$/u, '')}: ${description}`,
    contextValue,
    children: children.map((child) => child.contextValue),
  }));

beforeEach(() => {
  list.mockReset();
  list.mockImplementation(async (most) => results.slice(0, most));
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
  expect(toxicity?.text).toMatch(/^toxicity: 2 runs · 32 conn\.: triton \d+ RPS at p95 [\d.]+ ms$/u);
  expect(toxicity?.children).toEqual(['result', 'result']);
  expect(sentiment?.text).toMatch(/^sentiment: 1 run · 32 conn\.: triton/u);
  expect(last).toMatchObject({ contextValue: 'result.unreadable', children: [] });
});

test('a row begins with its time and its best figure, and is read out with the name of its model', async () => {
  results = [runOf('toxicity', '20260105-080000-0003'), runOf('sentiment', '20260102-080000-0002')];
  const shown = tree();
  const rowsOf = async (): Promise<[string, string, unknown][]> => {
    const top = await shown.getChildren();
    const nodes = (
      await Promise.all(top.map(async (node) => ('group' in node ? shown.getChildren(node) : [node])))
    ).flat();
    return nodes.map((node) => {
      const { label, accessibilityInformation, description } = shown.getTreeItem(node);
      return [label as string, accessibilityInformation?.label ?? '', description];
    });
  };
  const [first] = await rowsOf();
  expect(first?.[0]).toMatch(/^Jan 5, 2026, \d+:00 [AP]M · 32 conn\.: triton \d+ RPS at p95 [\d.]+ ms$/u);
  expect(first?.[2]).toBe('');
  expect(first?.[1]).toMatch(
    /^toxicity · 32 connections: triton \d+ RPS at p95 [\d.]+ ms, Jan 5, 2026, \d+:00 [AP]M$/u,
  );
  results = [runOf('toxicity', '20260105-080000-0003')];
  const [alone] = await rowsOf();
  // Of one model alone all rows bear its name, where it may be cut off.
  expect(alone).toEqual([first?.[0], first?.[1], 'toxicity']);
});

test('a row whose icon warns says why to who hears it, and in its tooltip', async () => {
  const doubtful = laterRecord({ topology: 'triton', level: 'c1', change: notValid });
  const differed = { ...sample, sameAnswers: { verdict: 'differed', detail: 'input 3' } as const };
  results = [
    stored(doubtful, '20260105-080000-0001'),
    stored(differed, '20260104-080000-0001'),
    stored(sample, sample.id),
  ];
  const shown = tree();
  const told = (await shown.getChildren()).map((node) => {
    const item = shown.resolveTreeItem(shown.getTreeItem(node), node);
    const [, ended] = (item.tooltip as string).split('\n');
    return [(item.iconPath as { id: string }).id, item.accessibilityInformation?.label, ended];
  });
  expect(told).toEqual([
    [
      'warning',
      expect.stringMatching(/ ms, some levels not valid, Jan 5/u),
      'quick, kubernetes, completed, some levels not valid',
    ],
    [
      'warning',
      expect.stringMatching(/ RPS, answers differed, Jan 4/u),
      'quick, kubernetes, completed, answers differed',
    ],
    ['pass', expect.stringMatching(/ ms, Jan 2/u), 'quick, kubernetes, completed'],
  ]);
});

test('a run without any valid level says that none is', async () => {
  results = [stored(laterRecord({ change: notValid }), '20260105-080000-0001')];
  const shown = tree();
  const [node] = await shown.getChildren();
  if (node === undefined) throw new Error('it has a row');
  const item = shown.resolveTreeItem(shown.getTreeItem(node), node);
  expect(item.accessibilityInformation?.label).toMatch(/, no level valid, Jan 5/u);
  expect(item.tooltip).toMatch(/ completed, no level valid\n/u);
});

test('a file that is not called as its run is says so, opens that run, and stands beside a copy of it', async () => {
  const run = runOf('sentiment', '20260102-080000-0002');
  results = [{ ...run, path: '/runs/main.json' }, run];
  const shown = tree();
  const nodes = await shown.getChildren();
  const [main, own] = nodes.map((node) => shown.getTreeItem(node));
  expect(main?.description).toBe('main.json · sentiment');
  expect(own?.description).toBe('sentiment');
  expect(main?.command?.arguments).toEqual([run.id]);
  expect(new Set(nodes.map(({ id }) => id)).size).toBe(2);
});

test('a row says how long ago its run was, and says it anew when that is over', async () => {
  vi.useFakeTimers({ now: new Date('2026-01-05T09:29:30Z') });
  try {
    const { record } = runOf('sentiment', '20260105-080000-0001');
    if (record === undefined) throw new Error('it has a record');
    results = [stored({ ...record, endedAt: '2026-01-05T08:00:00Z' }, '20260105-080000-0001')];
    const shown = tree();
    const redrawn = vi.fn();
    shown.onDidChangeTreeData(redrawn);
    const [node] = await shown.getChildren();
    if (node === undefined) throw new Error('it has a row');
    expect(shown.getTreeItem(node).label).toMatch(/^1h ago · 32 conn\.: triton/u);
    vi.advanceTimersByTime(30 * 60_000);
    expect(redrawn).not.toHaveBeenCalled();
    vi.advanceTimersByTime(31_000);
    expect(redrawn).toHaveBeenCalledExactlyOnceWith([node]);
    expect(shown.getTreeItem(node).label).toMatch(/^2h ago · 32 conn\.: triton/u);
    vi.setSystemTime(new Date('2026-01-07T09:00:00Z'));
    expect(shown.getTreeItem(node).label).toMatch(/^Jan 5, 2026/u);
    shown.dispose();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test('a row says that its run was cancelled or has failed, once', async () => {
  const cancelled = runOf('sentiment', '20260105-080000-0001');
  const failed = runOf('sentiment', '20260104-080000-0001');
  if (cancelled.record === undefined || failed.record === undefined) throw new Error('both have records');
  const noPhases = failed.record.topologies.map((result) => ({ ...result, status: 'failed' as const, phases: [] }));
  results = [
    { ...cancelled, record: { ...cancelled.record, status: 'cancelled' } },
    { ...failed, record: { ...failed.record, status: 'failed', topologies: noPhases } },
  ];
  const texts = await tree().texts();
  expect(texts.map(({ label, description }) => `${label}, ${description}`)).toEqual([
    expect.stringMatching(/^cancelled · Jan 5, 2026, .* · 32 conn\.: triton \d+ RPS at p95 [\d.]+ ms, sentiment$/u),
    expect.stringMatching(/^Jan 4, 2026, [^·]* · failed, sentiment$/u),
  ]);
});

test('a row of a search says the rates that it found, and no trial', async () => {
  const { record } = runOf('sentiment', '20260105-080000-0001');
  if (record === undefined) throw new Error('it has a record');
  const plan = {
    ...record.plan,
    load: { ...sample.plan.load, search: profileOf('server').search },
  } as RunRecord['plan'];
  const rates: Record<string, number | null> = { fastapi: 303, triton: 498, hybrid: null };
  const topologies = record.topologies.map((result) => {
    const ratePerSecond = rates[result.topology.name] ?? null;
    return {
      ...result,
      searches: [{ ratePerSecond, because: 'the next rate missed the bound' as const, doubts: [], confident: null }],
    };
  });
  const searched = { ...record, plan, topologies };
  const differed = { ...searched, sameAnswers: { verdict: 'differed', detail: 'input 3' } as const };
  results = [stored(searched, record.id), stored(differed, '20260104-080000-0001')];
  expect((await tree().texts()).map(({ label }) => label.replace(/^Jan [^·]* · /u, ''))).toEqual([
    'triton 498/s · fastapi 303/s · hybrid none under p95 100 ms',
    'fastapi 303/s · triton 498/s · hybrid none under p95 100 ms',
  ]);
});

test('no topology is called the best where answers differed, or where the load generator set a rate', async () => {
  const differed = { verdict: 'differed', detail: 'input 3' } as const;
  const busy = sampleRecord({
    change: (result) => ({
      ...result,
      phases: result.phases.map((phase) => {
        const { measurement } = phase;
        const cpuSeconds = result.topology.name === 'triton' ? phase.durationSeconds : 0;
        return { ...phase, measurement: { ...measurement, generator: { ...measurement.generator, cpuSeconds } } };
      }),
    }),
  });
  results = [
    stored({ ...sample, sameAnswers: differed }, '20260105-080000-0001'),
    stored(busy, '20260104-080000-0001'),
  ];
  const labels = (await tree().texts()).map(({ label }) => label.replace(/^Jan [^·]* · /u, ''));
  expect(labels).toEqual([
    '32 conn.: fastapi 447 RPS · triton 917 RPS · hybrid 730 RPS',
    "32 conn.: fastapi 447 RPS · triton 917 RPS (the load generator's limit) · hybrid 730 RPS",
  ]);
});

test('no topology is called the best that is not shown to be ahead of each other', async () => {
  const near = sampleRecord({
    change: (result) => ({
      ...result,
      phases: result.phases.map((phase) =>
        result.topology.name !== 'fastapi' || phase.intervals === 'not yet computed'
          ? phase
          : {
              ...phase,
              measurement: { ...phase.measurement, rps: 912 },
              intervals: { ...phase.intervals, rps: { low: 880, high: 945 } },
            },
      ),
    }),
  });
  results = [stored(near, '20260105-080000-0001')];
  expect((await tree().texts()).map(({ label }) => label.split(' · ').slice(1).join(' · '))).toEqual([
    '32 conn.: fastapi 912 RPS · triton 917 RPS · hybrid 730 RPS',
  ]);
});

test('the tooltip of a row has a line for each thing', async () => {
  results = [runOf('sentiment', '20260105-080000-0001')];
  const shown = tree();
  const [node] = await shown.getChildren();
  if (node === undefined) throw new Error('it has a row');
  const { tooltip } = shown.resolveTreeItem(shown.getTreeItem(node), node);
  if (typeof tooltip !== 'string') throw new Error('its tooltip is plain text');
  expect(tooltip.split('\n')).toEqual([
    expect.stringMatching(/^sentiment · Jan 5, 2026/u),
    'quick, kubernetes, completed',
    expect.stringMatching(/^fastapi: p50/u),
    expect.stringMatching(/^triton: p50/u),
    expect.stringMatching(/^hybrid: p50/u),
    expect.stringMatching(/^First look: at 32 connections triton is ahead in RPS and p95: [^;]*$/u),
    expect.stringMatching(/^RPS: triton /u),
    expect.stringMatching(/^p95 \(lower is better\): triton /u),
  ]);
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

test('of very many results the newest are shown at once, with the word that others are read, and then all', async () => {
  const idOf = (index: number): string => `2026${String(1230 - index).padStart(4, '0')}-080000-0001`;
  results = Array.from({ length: 1000 }, (_none, index) => runOf(index < 990 ? 'sentiment' : 'toxicity', idOf(index)));
  let release = (): void => undefined;
  const all = new Promise<void>((resolve) => {
    release = resolve;
  });
  list.mockImplementation(async (most) => {
    if (most === undefined) await all;
    return results.slice(0, most);
  });
  const shown = tree();
  const refreshed = vi.fn();
  shown.onDidChangeTreeData(refreshed);
  const first = await shown.getChildren();
  expect(first).toHaveLength(31);
  const items = first.map((node) => shown.getTreeItem(node));
  expect(items[0]?.contextValue).toBe('result');
  expect(items.at(-1)?.label).toBe('Older results are being read…');
  expect(items.at(-1)?.contextValue).toBeUndefined();
  // Asked again meanwhile, it starts no second reading of all.
  await shown.getChildren();
  expect(list.mock.calls.filter(([most]) => most === undefined)).toHaveLength(1);
  expect(refreshed).not.toHaveBeenCalled();
  release();
  await vi.waitFor(() => {
    expect(refreshed).toHaveBeenCalledExactlyOnceWith(undefined);
  });
  const groups = await shown.getChildren();
  expect(groups.map((group) => shown.getTreeItem(group).description)).toEqual([
    expect.stringMatching(/^990 runs · 32 conn\.: triton/u),
    expect.stringMatching(/^10 runs · 32 conn\.: triton/u),
  ]);
});

test('a group has no number of runs while not all are read, and a folder that cannot be read then says so', async () => {
  results = Array.from({ length: 60 }, (_none, index) =>
    runOf(`model-${String(index % 2)}`, `202601${String(60 - index).padStart(2, '0')}-080000-0001`),
  );
  list.mockImplementation(async (most) => {
    if (most === undefined) throw new Error('The disk is gone.');
    return results.slice(0, most);
  });
  const shown = tree();
  const refreshed = vi.fn();
  shown.onDidChangeTreeData(refreshed);
  const texts = await shown.texts();
  expect(texts.map(({ label, description }) => `${label}: ${description}`)).toEqual([
    expect.stringMatching(/^model-0: 32 conn\.: triton \d+ RPS/u),
    expect.stringMatching(/^model-1: 32 conn\.: triton \d+ RPS/u),
    'Older results are being read…: ',
  ]);
  await vi.waitFor(() => {
    expect(refreshed).toHaveBeenCalled();
  });
  expect((await shown.texts()).map(({ label }) => label)).toEqual([expect.stringContaining('The disk is gone.')]);
});

test('the list is drawn again where it is another one, and only then', async () => {
  const first = runOf('sentiment', '20260102-080000-0002');
  results = [first];
  let canRunAgain = false;
  const shown = new ResultsTree({ list } as unknown as Results, noBaselines, failures, () => canRunAgain);
  const drawn = vi.fn();
  shown.onDidChangeTreeData(drawn);
  const drawnBy = async (change: () => void): Promise<number> => {
    await shown.getChildren();
    drawn.mockClear();
    change();
    await shown.lookAgain();
    return drawn.mock.calls.length;
  };
  expect(await drawnBy(() => undefined)).toBe(0);
  expect(await drawnBy(() => (results = [runOf('sentiment', '20260103-080000-0003'), first]))).toBe(1);
  expect(await drawnBy(() => (results = [...results]))).toBe(0);
  expect(await drawnBy(() => (results = results.map((result) => ({ ...result, path: `${result.path}.json` }))))).toBe(
    1,
  );
  expect(await drawnBy(() => (results = [first, unreadable]))).toBe(1);
  expect(await drawnBy(() => (results = [first, { ...unreadable, problem: 'it is of another version' }]))).toBe(1);
  expect(await drawnBy(() => (canRunAgain = true))).toBe(1);
  expect(await drawnBy(() => (results = []))).toBe(1);
  expect(await drawnBy(() => list.mockRejectedValueOnce(new Error('the folder cannot be read')))).toBe(1);
});

test('a list that changes while it is looked at is drawn', async () => {
  results = [runOf('sentiment', '20260102-080000-0002')];
  const shown = tree();
  const drawn = vi.fn();
  shown.onDidChangeTreeData(drawn);
  const looking = shown.lookAgain();
  expect(drawn).toHaveBeenCalledTimes(1);
  await looking;
  await shown.getChildren();
  const again = shown.lookAgain();
  await shown.getChildren();
  await again;
  expect(drawn).toHaveBeenCalledTimes(2);
});

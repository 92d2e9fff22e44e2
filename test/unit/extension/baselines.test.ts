import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { TreeItem } from 'vscode';
import type { Plan, TopologyName } from '../../../src/core/plan.ts';
import type { RunRecord } from '../../../src/core/record.ts';
import type { Memory } from '../../../src/extension/memory.ts';
import type { Result, Results } from '../../../src/extension/results.ts';
import { laterRecord, notValid, slowedBy, withoutIntervals } from '../../support/changedRecord.ts';
import { sampleEndpointRecord } from '../../support/sampleEndpoint.ts';
import { sampleLocalPlan, samplePlan, sampleRecord } from '../../support/sampleRecord.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { Baselines } = await import('../../../src/extension/baselines.ts');
const { createPanelContent } = await import('../../../src/extension/panelContent.ts');
const { ResultsTree } = await import('../../../src/extension/trees/resultsTree.ts');

const first = sampleRecord();
const slower = laterRecord({ topology: 'triton', change: slowedBy(1.3) });
const faster = laterRecord({ id: '20260104-093000-0001', change: slowedBy(0.7) });

const planOf = (name: TopologyName): Plan =>
  samplePlan({ topologies: samplePlan().topologies.filter((topology) => topology.name === name) });

let records: readonly RunRecord[] = [];
let damaged: readonly Result[] = [];
let lists = 0;
let pinned: Record<string, string> = {};
/** What has been read, and what could be. */
const known = new Map<string, RunRecord>();
const stored = new Map<string, RunRecord>();
const results = {
  list: async (): Promise<Result[]> => {
    lists += 1;
    for (const record of records) known.set(record.id, record);
    return [
      ...records.map((record) => ({ id: record.id, path: `/runs/${record.id}.json`, directory: '/runs', record })),
      ...damaged,
    ];
  },
  read: async (id: string): Promise<RunRecord> => {
    const record = stored.get(id);
    if (record === undefined) throw new Error(`There is no run record ${id}.`);
    known.set(id, record);
    return record;
  },
  known: (id: string) => known.get(id),
} as unknown as Results;
const memory = {
  baselines: () => pinned,
  rememberBaseline: async (key: string, runId: string | undefined) => {
    const others = Object.entries(pinned).filter(([other]) => other !== key);
    pinned = Object.fromEntries(runId === undefined ? others : [...others, [key, runId]]);
  },
} as unknown as Memory;

let baselines = new Baselines(memory, results);
let canRunAgain: (id: string) => boolean = () => false;
let tree = new ResultsTree(results, baselines, {} as never, (id) => canRunAgain(id));

beforeEach(() => {
  records = [faster, slower, first];
  damaged = [];
  lists = 0;
  pinned = {};
  known.clear();
  stored.clear();
  baselines = new Baselines(memory, results);
  canRunAgain = () => false;
  tree = new ResultsTree(results, baselines, { note: () => undefined } as never, (id) => canRunAgain(id));
});

/** The rows as they are painted, with the tooltips that they get when they are looked at, by run id. */
async function rows(): Promise<ReadonlyMap<string, TreeItem>> {
  const top = await tree.getChildren();
  const nodes = (
    await Promise.all(top.map(async (node) => ('group' in node ? tree.getChildren(node) : [node])))
  ).flat();
  return new Map(
    nodes.map((node) => [
      'result' in node ? node.result.id : node.id,
      tree.resolveTreeItem(tree.getTreeItem(node), node),
    ]),
  );
}

async function row(record: RunRecord): Promise<TreeItem> {
  const item = (await rows()).get(record.id);
  if (item === undefined) throw new Error('no row');
  return item;
}

const iconOf = (item: TreeItem): string => (item.iconPath as { id: string }).id;

describe('in the Results view', () => {
  test('nothing is marked while no run is pinned', async () => {
    for (const item of (await rows()).values()) {
      expect(item.contextValue).toBe('result');
      expect(item.label).toMatch(/^Jan \d+, 2026/u);
      expect(iconOf(item)).toBe('pass');
    }
  });

  test('the baseline says so, and a run that is worse says what got worse', async () => {
    await baselines.pin(first);
    expect(await row(first)).toMatchObject({
      contextValue: 'result.baseline',
      label: expect.stringMatching(/^baseline · Jan 2, 2026/u) as string,
      iconPath: { id: 'pinned' },
    });
    const item = await row(slower);
    expect(item.contextValue).toBe('result.besideBaseline');
    expect(item.label).toMatch(/^worse · Jan \d+, 2026/u);
    expect(item.accessibilityInformation?.label).toContain('worse than baseline');
    expect(iconOf(item)).toBe('arrow-down');
    const tooltip = item.tooltip as string;
    expect(tooltip).toMatch(/Worse than the baseline of Jan 2, 2026, .* by more than 10 %:/u);
    expect(tooltip).toMatch(/\ntriton c8: p95 12\.4 → 16\.1 ms, 1\.30x \[/u);
    expect(tooltip).toMatch(/\ntriton c8: RPS 886 → 682, 0\.77x \[/u);
    expect(tooltip).not.toMatch(/\nfastapi c8: p95/u);
  });

  test('the baseline, whose icon is a pin, says in its row as well that some of its levels are not valid', async () => {
    const doubtful = laterRecord({ topology: 'triton', level: 'c1', change: notValid });
    records = [doubtful];
    await baselines.pin(doubtful);
    const item = await row(doubtful);
    expect(iconOf(item)).toBe('pinned');
    expect(item.label).toMatch(/^baseline · Jan 3, 2026[^·]* · some levels not valid · 32 conn\.: /u);
    expect(item.accessibilityInformation?.label).toContain('baseline, some levels not valid');
    expect(item.tooltip).toContain('completed, some levels not valid');
  });

  test('a run that is not worse looks as before, and can be compared', async () => {
    await baselines.pin(first);
    const item = await row(faster);
    expect(item).toMatchObject({
      contextValue: 'result.besideBaseline',
      label: expect.stringMatching(/^Jan \d+, 2026/u) as string,
    });
    expect(iconOf(item)).toBe('pass');
    expect(item.tooltip).toMatch(/\nNot shown to be worse than the baseline of Jan 2, 2026, .* by more than 10 %\.$/u);
  });

  test('a run of which a part is not valid says of what nothing can be said', async () => {
    const doubtful = laterRecord({
      topology: 'triton',
      change: (phase) => (phase.name === 'c1' ? phase : notValid(phase)),
    });
    records = [doubtful, first];
    await baselines.pin(first);
    expect((await row(doubtful)).tooltip).toMatch(
      /\nNot shown to be worse than .*\.\nBeside the baseline nothing can be said of triton c8 and triton c32, where a number of one of the two runs is missing or not valid\.$/u,
    );
  });

  test('a run that is worse by its bare figures alone is not marked, and its tooltip says what they leave open', async () => {
    const bare = laterRecord({ topology: 'triton', change: (phase) => withoutIntervals(slowedBy(1.3)(phase)) });
    records = [bare, first];
    await baselines.pin(first);
    const item = await row(bare);
    expect(item.description).not.toContain('worse');
    expect(iconOf(item)).toBe('pass');
    expect(item.tooltip).toMatch(
      /\nBeyond 10 % of the baseline of Jan 2, 2026, .*, but without a 95 % interval, so not shown to be worse; measure longer, or in more turns:\n/u,
    );
    expect(item.tooltip).toMatch(/\ntriton c8: p95 12\.4 → 16\.1 ms, 1\.30x(\n|$)/u);
  });

  test('what can be benchmarked again says so to its menu, whatever else it says', async () => {
    canRunAgain = (id) => id !== faster.id;
    const contexts = async () => [...(await rows()).values()].map(({ contextValue }) => contextValue);
    expect(await contexts()).toEqual(['result', 'result.again', 'result.again']);
    await baselines.pin(first);
    expect(await contexts()).toEqual(['result.besideBaseline', 'result.besideBaseline.again', 'result.baseline.again']);
  });

  test('one that failed keeps its icon, and one that is not valid is not called worse', async () => {
    const failed = { ...slower, status: 'failed' } as RunRecord;
    const doubtful = laterRecord({ id: '20260105-093000-0001', change: (phase) => notValid(slowedBy(3)(phase)) });
    records = [doubtful, failed, first];
    await baselines.pin(first);
    const item = await row(failed);
    expect([iconOf(item), (item.label as string).slice(0, 14)]).toEqual(['error', 'worse · failed']);
    expect((await row(doubtful)).label).not.toContain('worse');
  });

  test('runs that were measured in another way are not judged, and say why', async () => {
    const local = sampleRecord({ plan: sampleLocalPlan(), record: { id: '20260106-093000-0001' } });
    records = [local, first];
    await baselines.pin(first);
    const item = await row(local);
    expect(iconOf(item)).toBe('pass');
    expect(item.tooltip).toMatch(
      /Not compared with the baseline of Jan 2, .*: the load comes from inside the cluster/u,
    );
  });

  test('another model, or an endpoint of that name, has a baseline of its own', async () => {
    const model = { ...samplePlan().model, name: 'checkout' };
    const other = sampleRecord({ plan: samplePlan({ model }), record: { id: '20260107-093000-0001' } });
    const endpoint = { ...sampleEndpointRecord(), id: '20260108-093000-0001' };
    records = [endpoint, other, first];
    await baselines.pin(first);
    await baselines.pin(endpoint);
    expect((await row(other)).contextValue).toBe('result');
    await baselines.pin(other);
    expect([...(await rows()).values()].map(({ contextValue }) => contextValue)).toEqual(
      Array(3).fill('result.baseline'),
    );
  });

  test('a group says so of its newest run, since its own mark may be folded away', async () => {
    records = [sampleEndpointRecord(), slower, first];
    await baselines.pin(first);
    const nodes = await tree.getChildren();
    const group = nodes.find((node) => 'group' in node && node.group.of === 'model');
    if (group === undefined) throw new Error('no group');
    expect(tree.getTreeItem(group).description).toMatch(
      /^newest worse than baseline · 2 runs · 32 conn\.: fastapi .* hybrid/u,
    );
    const [item] = (await tree.getChildren(group)).map((node) => tree.getTreeItem(node));
    expect(item?.label).toMatch(/^worse · /u);
  });

  test('a baseline that is not there any more marks nothing, and each run of it says so', async () => {
    await baselines.pin(first);
    records = [slower];
    const item = await row(slower);
    expect(item).toMatchObject({ contextValue: 'result.besideBaseline' });
    expect(item.label).not.toContain('worse');
    expect(item.tooltip).toMatch(
      /\nNot compared with the baseline of Jan 2, 2026, .*: its record was deleted, or cannot be read; pin another run as the baseline\.$/u,
    );
  });

  test('a baseline that is older than the rows that are there is read for them', async () => {
    await baselines.pin(first);
    records = [slower];
    stored.set(first.id, first);
    expect((await row(slower)).label).toMatch(/^worse · /u);
  });

  test.each<[string, () => RunRecord, RegExp]>([
    [
      'with other topologies',
      () => sampleRecord({ plan: planOf('triton'), record: { id: slower.id } }),
      /: the two have no topology and level in common\.$/u,
    ],
    [
      'without a valid number',
      () => laterRecord({ change: notValid }),
      /: at no level do both have valid numbers for the same load\.$/u,
    ],
  ])('a run %s is not judged, and says why', async (_what, make, says) => {
    const fastapi = sampleRecord({ plan: planOf('fastapi') });
    const run = make();
    records = [run, fastapi];
    await baselines.pin(fastapi);
    const item = await row(run);
    expect(item.label).not.toContain('worse');
    expect(item.tooltip).toMatch(/\nNot compared with the baseline of Jan 2, 2026, /u);
    expect(item.tooltip).toMatch(says);
  });

  test('a record that cannot be read still says why', async () => {
    damaged = [
      {
        id: '20251231-235959-dead',
        path: '/runs/x.json',
        directory: '/runs',
        problem: 'it is damaged',
        nextStep: 'Go.',
      },
    ];
    await baselines.pin(first);
    expect((await rows()).get('20251231-235959-dead')).toMatchObject({
      contextValue: 'result.unreadable',
      description: 'it is damaged',
    });
  });
});

describe('pinning', () => {
  test('another run of the same model takes its place; unpinning leaves none', async () => {
    await baselines.pin(first);
    await baselines.pin(slower);
    expect(baselines.of(first)).toBe(slower.id);
    expect(baselines.isBaseline(first.id)).toBe(false);
    await baselines.unpin(first.id);
    expect(baselines.of(first)).toBe(slower.id);
    await baselines.unpin(slower.id);
    expect(baselines.all()).toEqual({});
  });

  test('redraws the results of that model alone, and reads no list anew', async () => {
    const other = { ...sampleEndpointRecord(), id: '20260108-093000-0001' };
    records = [other, slower, first];
    await rows();
    const redrawn: unknown[] = [];
    tree.onDidChangeTreeData((nodes) => redrawn.push(nodes));
    baselines.onDidChange((key) => {
      tree.showBaseline(key);
    });
    await baselines.pin(first);
    expect(redrawn).toHaveLength(1);
    expect((redrawn[0] as { id: string }[]).map(({ id }) => id)).toEqual([
      'results:model:tiny-sentiment',
      `result:/runs/${slower.id}.json`,
      `result:/runs/${first.id}.json`,
    ]);
    expect(lists).toBe(1);
  });
});

test('a run is held against its baseline once, however often its row is painted', async () => {
  await baselines.pin(first);
  await rows();
  const standing = baselines.standingOf(slower);
  expect(standing).toMatchObject({ kind: 'other', worse: { length: 6 } });
  expect(baselines.standingOf(slower)).toBe(standing);
  known.set(first.id, { ...first });
  expect(baselines.standingOf(slower)).not.toBe(standing);
});

describe('the panel of a run', () => {
  const linesOf = async (runId: string): Promise<readonly string[] | undefined> => {
    for (const record of records) stored.set(record.id, record);
    const runs = { get: () => undefined } as never;
    const remembered = { choicesOf: () => undefined, unfinished: () => [] } as never;
    const content = createPanelContent(runs, results, remembered, {} as never, {} as never, undefined, baselines);
    const view = await content.view({ runId });
    if (view.kind !== 'record') throw new Error(`It shows ${view.kind}.`);
    return view.besideBaseline;
  };

  test('says how it stands to the baseline, as its row does, though nobody has read that yet', async () => {
    expect(await linesOf(slower.id)).toBeUndefined();
    await baselines.pin(first);
    known.clear();
    expect(await linesOf(slower.id)).toEqual([
      expect.stringMatching(/^Worse than the baseline of .* by more than 10 %:$/u),
      expect.stringMatching(/^triton c1: p95 .*x \[/u),
      ...Array<unknown>(5).fill(expect.stringMatching(/^triton c\d+: /u)),
    ]);
    expect(await linesOf(faster.id)).toEqual([expect.stringMatching(/^Not shown to be worse than the baseline /u)]);
  });

  test('says nothing of it where it is the baseline itself', async () => {
    await baselines.pin(first);
    expect(await linesOf(first.id)).toBeUndefined();
  });
});

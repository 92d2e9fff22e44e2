import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Disposable } from 'vscode';
import type { ClusterInventory, GpuNode } from '../../../src/core/cluster.ts';
import { BenchError } from '../../../src/core/errors.ts';
import { contextKeys, settingDefaults } from '../../../src/extension/contributions.ts';
import type { Failures } from '../../../src/extension/failures.ts';
import type { Memory } from '../../../src/extension/memory.ts';
import type { LiveRun } from '../../../src/extension/runs.ts';
import { Position, Range } from './fakeEditor.ts';
import { fakeVscode, settingsOf, useDefaults } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
vi.mock('../../../src/extension/engine.ts', () => ({
  loadKubernetes: async () => ({
    listContexts: () => listContexts(),
    readInventory: async (_choice: unknown, signal: AbortSignal) => readInventory(signal),
    namespaceExists: async () => Promise.resolve(namespaceExists),
  }),
}));
const { Cluster } = await import('../../../src/extension/cluster.ts');
const { setContextKey } = await import('../../../src/extension/contextKeySetting.ts');
const { ClusterTree } = await import('../../../src/extension/trees/clusterTree.ts');
const { watchCluster } = await import('../../../src/extension/trees/watchCluster.ts');
const { captionViews } = await import('../../../src/extension/trees/captions.ts');

Object.assign(fakeVscode, { Position, Range });
const failures = { note: (error: unknown) => error, show: () => undefined } as unknown as Failures;
let selected: string | undefined;
let selectedNamespace: string | undefined;
const memory = {
  selectedContext: () => selected,
  selectedNamespace: () => selectedNamespace,
} as unknown as Memory;

const staging = { name: 'staging', namespace: 'models', current: true };
const gpu = (name: string, change: Partial<GpuNode> = {}): GpuNode => ({
  name,
  resource: 'nvidia.com/gpu',
  product: 'Tesla-T4',
  productLabel: 'nvidia.com/gpu.product',
  memoryMiB: 15_360,
  driverVersion: '580.65.06',
  total: 2,
  free: 1,
  takenBy: [{ pod: 'team/trainer', count: 1 }],
  schedulable: true,
  ...change,
});
const inventory = (change: Partial<ClusterInventory> = {}): ClusterInventory => ({
  context: 'staging',
  namespace: 'models',
  serverVersion: 'v1.36.3',
  nodes: 3,
  readyNodes: 3,
  gpuNodes: [],
  podsSeen: 'everywhere',
  runtimeClasses: [],
  notes: [],
  ...change,
});

let listContexts = () => [staging];
let readInventory: (signal: AbortSignal) => ClusterInventory | Promise<ClusterInventory> = () => inventory();
let namespaceExists = true;
let cluster = new Cluster(memory);

beforeEach(async () => {
  vi.clearAllMocks();
  await setContextKey(contextKeys.clusterState, undefined);
  useDefaults(settingDefaults);
  settingsOf.clear();
  fakeVscode.workspace.workspaceFolders = undefined;
  selected = undefined;
  selectedNamespace = undefined;
  listContexts = () => [staging];
  readInventory = () => inventory();
  namespaceExists = true;
  cluster = new Cluster(memory);
});

const tree = () => new ClusterTree(cluster, failures);
const clusterState = () => fakeVscode.commands.executeCommand.mock.lastCall;
const texts = async () => (await tree().texts()).map(({ label, description }) => `${label}: ${description}`);

/** The tooltip of a root row, or of its first child. */
async function tooltipOf(label: string, ofChild = false): Promise<string> {
  const shown = tree();
  await shown.texts();
  const row = (await shown.getChildren()).find((node) => shown.getTreeItem(node).label === label);
  const [child] = ofChild ? await shown.getChildren(row) : [row];
  if (child === undefined) throw new Error(`There is no row ${label}.`);
  const { tooltip } = shown.getTreeItem(child);
  return typeof tooltip === 'string' ? tooltip : (tooltip?.value ?? '');
}

describe('GPUs', () => {
  test('stand by product with free of total, and their nodes below', async () => {
    readInventory = () =>
      inventory({
        gpuNodes: [
          gpu('t4-1'),
          gpu('t4-2', { free: 2, takenBy: [] }),
          gpu('mi', { product: null, resource: 'amd.com/gpu' }),
        ],
      });
    const [, , t4, amd] = await tree().texts();
    expect(t4).toMatchObject({ label: 'Tesla-T4', description: '3 of 4 free · nvidia.com/gpu' });
    expect(t4?.children.map(({ label, description }) => [label, description])).toEqual([
      ['t4-1', '1 of 2 free'],
      ['t4-2', '2 of 2 free'],
    ]);
    expect(amd).toMatchObject({ label: 'amd.com/gpu', description: '1 of 2 free' });
  });

  test('say in the tooltip what takes them', async () => {
    readInventory = () =>
      inventory({ gpuNodes: [gpu('t4-1'), gpu('t4-2', { takenBy: [{ pod: 'ml/batch', count: 2 }] })] });
    const ofPool = await tooltipOf('Tesla-T4');
    expect(ofPool).toContain('- ml/batch takes 2\n- team/trainer takes 1\n');
    expect(await tooltipOf('Tesla-T4', true)).toMatch(/driver 580.65.06[\s\S]*- team\/trainer takes 1\n$/u);
    readInventory = () => inventory({ gpuNodes: [gpu('t4-1', { free: 2, takenBy: [] })] });
    expect(await tooltipOf('Tesla-T4')).toContain('Nothing takes a GPU.');
  });

  test('of a crowded pool name those who hold most', async () => {
    const takenBy = Array.from({ length: 30 }, (_none, index) => ({ pod: `team/p${String(index)}`, count: 1 }));
    readInventory = () => inventory({ gpuNodes: [gpu('t4-1', { total: 40, free: 10, takenBy })] });
    const tooltip = await tooltipOf('Tesla-T4');
    expect(tooltip.match(/takes 1/gu)).toHaveLength(20);
    expect(tooltip).toContain('and 10 more');
  });

  test('never pass off missing rights as free GPUs', async () => {
    const free = gpu('t4-1', { free: 2, takenBy: [] });
    readInventory = () => inventory({ gpuNodes: [free], podsSeen: 'nowhere', notes: ['This user may not list pods.'] });
    expect(await texts()).toEqual([
      'staging: Kubernetes v1.36.3 · 3 of 3 nodes ready',
      'models: namespace',
      'Tesla-T4: up to 2 of 2 free · nvidia.com/gpu',
      'This user may not list pods.: ',
    ]);
    const tooltip = await tooltipOf('Tesla-T4');
    expect(tooltip).toContain('not known: this user may not list pods');
    expect(tooltip).not.toContain('Nothing takes');
    readInventory = () => inventory({ gpuNodes: [gpu('t4-1')], podsSeen: 'own namespace' });
    expect(await tooltipOf('Tesla-T4')).toMatch(/trainer takes 1\n[\s\S]*pods of other namespaces/u);
  });

  test('cannot bring Markdown or commands into the tooltip by their labels', async () => {
    readInventory = () => inventory({ gpuNodes: [gpu('t4-1', { product: '[x](command:y) **b**' })] });
    expect(await tooltipOf('[x](command:y) **b**')).not.toMatch(/\[x\]\(|\*\*b/u);
  });

  test('that no node has are said to be missing', async () => {
    expect(await texts()).toContain('No node of this cluster has a GPU.: ');
    readInventory = () => inventory({ nodes: 0, readyNodes: 0, notes: ['This user may not list nodes.'] });
    expect(await texts()).toEqual([
      'staging: Kubernetes v1.36.3',
      'models: namespace',
      'This user may not list nodes.: ',
    ]);
  });
});

describe('what the tree has read', () => {
  test('is there for the hints of models, until another context is selected', async () => {
    readInventory = () => inventory({ gpuNodes: [gpu('t4-1')] });
    const read = vi.fn();
    cluster.onDidReadInventory(read);
    expect(cluster.lastInventory()).toBeUndefined();
    await tree().texts();
    expect(read).toHaveBeenCalledTimes(1);
    expect(cluster.lastInventory()?.gpuNodes).toHaveLength(1);
    selected = 'production';
    expect(cluster.lastInventory()).toBeUndefined();
  });

  test('is not replaced by what a question reads of another place', async () => {
    await tree().texts();
    readInventory = () => inventory({ context: 'production' });
    await cluster.inventory({ context: 'production', namespace: 'models' }, AbortSignal.timeout(40_000));
    expect(cluster.lastInventory()?.context).toBe('staging');
  });
});

describe('a cluster that is slow to answer', () => {
  const production = { name: 'production', namespace: 'default', current: false };
  let asked: { readonly signal: AbortSignal; answer(what: ClusterInventory | Promise<never>): void }[] = [];
  beforeEach(() => {
    asked = [];
    listContexts = () => [staging, production];
    readInventory = (signal) =>
      new Promise<ClusterInventory>((answer) => {
        asked.push({ signal, answer });
      });
  });
  const labels = async (shown: ReturnType<typeof tree>): Promise<string[]> =>
    (await shown.getChildren()).map((node) => shown.getTreeItem(node).label as string);

  test('holds up neither context nor namespace, and its GPUs follow', async () => {
    const shown = tree();
    const drawn = vi.fn();
    shown.onDidChangeTreeData(drawn);
    expect(await labels(shown)).toEqual(['staging', 'models', 'The cluster is being asked…']);
    expect(drawn).not.toHaveBeenCalled();
    asked[0]?.answer(inventory({ gpuNodes: [gpu('t4-1')] }));
    await vi.waitFor(() => {
      expect(drawn).toHaveBeenCalledTimes(1);
    });
    expect(await labels(shown)).toEqual(['staging', 'models', 'Tesla-T4']);
    expect(asked).toHaveLength(1);
  });

  test('keeps what it had in view while it is asked again', async () => {
    const shown = tree();
    await labels(shown);
    asked[0]?.answer(inventory({ gpuNodes: [gpu('t4-1')] }));
    await vi.waitFor(async () => {
      expect(await labels(shown)).toContain('Tesla-T4');
    });
    shown.refresh();
    expect(await labels(shown)).toEqual(['staging', 'models', 'Tesla-T4']);
    expect(asked).toHaveLength(2);
  });

  test('is not waited for once another context is selected, and its GPUs never stand below that one', async () => {
    const shown = tree();
    await labels(shown);
    asked[0]?.answer(inventory({ gpuNodes: [gpu('t4-1')] }));
    await vi.waitFor(async () => {
      expect(await labels(shown)).toContain('Tesla-T4');
    });
    shown.refresh();
    await labels(shown);
    selected = 'production';
    shown.refresh();
    expect(await labels(shown)).toEqual(['production', 'default', 'The cluster is being asked…']);
    expect(asked[1]?.signal.aborted).toBe(true);
    asked[1]?.answer(inventory({ gpuNodes: [gpu('t4-2')] }));
    await vi.waitFor(() => {
      expect(asked).toHaveLength(3);
    });
    expect(await labels(shown)).toEqual(['production', 'default', 'The cluster is being asked…']);
    expect(cluster.lastInventory()).toBeUndefined();
  });

  test('is said to be asked again where it could not be reached', async () => {
    const shown = tree();
    await labels(shown);
    asked[0]?.answer(Promise.reject(new BenchError({ reason: 'api-unreachable', message: 'It is not reached.' })));
    await vi.waitFor(async () => {
      expect(await labels(shown)).toContain('It is not reached.');
    });
    shown.refresh();
    expect(await labels(shown)).toEqual(['staging', 'models', 'The cluster is being asked…']);
  });
});

describe('what a cluster has free is asked again', () => {
  const visibility = new fakeVscode.EventEmitter<unknown>();
  const view = { visible: true, onDidChangeVisibility: visibility.event as never };
  const note = vi.fn((error: unknown) => error);
  const drawn = vi.fn();
  let answer = (): ClusterInventory => inventory();
  let asked = 0;
  let watching: Disposable;
  const see = (visible: boolean): void => {
    view.visible = visible;
    visibility.fire(undefined);
  };
  const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1_000);

  beforeEach(async () => {
    vi.useFakeTimers();
    view.visible = true;
    asked = 0;
    answer = () => inventory();
    readInventory = () => {
      asked += 1;
      return answer();
    };
    const shown = new ClusterTree(cluster, { note, show: () => undefined } as unknown as Failures);
    shown.onDidChangeTreeData(drawn);
    watching = watchCluster(view, shown);
    await shown.getChildren();
    await seconds(0);
  });
  afterEach(() => {
    watching.dispose();
    vi.useRealTimers();
  });

  test('every minute while the view is seen, and drawn again only where the answer is another one', async () => {
    expect([asked, drawn.mock.calls.length]).toEqual([1, 1]);
    await seconds(59);
    expect(asked).toBe(1);
    await seconds(1);
    expect([asked, drawn.mock.calls.length]).toEqual([2, 1]);
    answer = () => inventory({ gpuNodes: [gpu('t4-1')] });
    await seconds(60);
    expect([asked, drawn.mock.calls.length]).toEqual([3, 2]);
    expect(cluster.lastInventory()?.gpuNodes).toHaveLength(1);
  });

  test('not while nobody sees it, and at once when somebody does again and a minute has gone by', async () => {
    see(false);
    await seconds(600);
    expect(asked).toBe(1);
    see(true);
    await seconds(0);
    expect(asked).toBe(2);
    see(false);
    await seconds(30);
    see(true);
    await seconds(29);
    expect(asked).toBe(2);
    await seconds(1);
    expect(asked).toBe(3);
  });

  test('and says so as soon as a namespace that was missing is there', async () => {
    namespaceExists = false;
    await seconds(60);
    expect(drawn.mock.calls.length).toBe(2);
    await seconds(60);
    expect(drawn.mock.calls.length).toBe(2);
    namespaceExists = true;
    await seconds(60);
    expect(drawn.mock.calls.length).toBe(3);
  });

  test('while it does not answer, too, and the log is told once why', async () => {
    answer = () => {
      throw new BenchError({ reason: 'api-unreachable', message: 'It is not reached.' });
    };
    await seconds(300);
    expect([asked, drawn.mock.calls.length]).toEqual([6, 2]);
    expect(note).toHaveBeenCalledTimes(1);
  });
});

describe('context and namespace', () => {
  test('stay in view when the cluster does not answer, with the reason', async () => {
    readInventory = () => {
      throw new BenchError({ reason: 'api-unreachable', message: 'It is not reached.', nextStep: 'Try again.' });
    };
    expect(await texts()).toEqual(['staging: ', 'models: namespace', 'It is not reached.: Try again.']);
    expect(clusterState()).toEqual(['setContext', 'topologyBench.clusterState', 'shown']);
  });

  test('are what a welcome text asks for, by what is missing', async () => {
    listContexts = () => [{ ...staging, current: false }];
    expect(await texts()).toEqual([]);
    expect(clusterState()).toEqual(['setContext', 'topologyBench.clusterState', 'unselected']);
    listContexts = () => {
      throw new BenchError({ reason: 'kubeconfig-missing', message: 'There is none.' });
    };
    expect(await texts()).toEqual([]);
    expect(clusterState()).toEqual(['setContext', 'topologyBench.clusterState', 'missing']);
    listContexts = () => {
      throw new BenchError({ reason: 'kubeconfig-broken', message: 'It is broken.' });
    };
    expect(await texts()).toEqual(['It is broken.: ']);
    expect(clusterState()).toEqual(['setContext', 'topologyBench.clusterState', 'shown']);
  });

  test('give way to what is wrong with a kubeconfig, which a click opens at that place', async () => {
    listContexts = () => {
      const where = { file: '/home/me/.kube/config', line: 3, column: 2 };
      throw new BenchError({ reason: 'kubeconfig-broken', message: 'It is not YAML.', nextStep: 'Repair it.', where });
    };
    const shown = tree();
    const [row] = await shown.getChildren();
    const item = row && shown.getTreeItem(row);
    expect(item).toMatchObject({
      label: 'It is not YAML.',
      tooltip: 'It is not YAML.\nRepair it.\n/home/me/.kube/config:3:2',
      command: { command: 'vscode.open' },
    });
    const [uri, options] = item?.command?.arguments as [{ fsPath: string }, { selection: { start: unknown } }];
    expect([uri.fsPath, options.selection.start]).toMatchObject(['/home/me/.kube/config', { line: 2, character: 1 }]);
  });

  test('give way to the reason where the setting names a kubeconfig that cannot be read, and the setting is at hand', async () => {
    settingsOf.set('', { kubeconfig: '/home/me/.kube/prod' });
    const message = 'The kubeconfig file /home/me/.kube/prod cannot be read.';
    listContexts = () => {
      throw new BenchError({ reason: 'kubeconfig-missing', message, nextStep: 'Correct its path.' });
    };
    expect(await tree().texts()).toEqual([
      { label: message, description: 'Correct its path.', contextValue: 'problem.setting', children: [] },
    ]);
    expect(clusterState()).toEqual(['setContext', 'topologyBench.clusterState', 'shown']);
  });

  test('say where the namespace was selected here, and how to follow settings and context again', async () => {
    selectedNamespace = 'team-a';
    const shown = tree();
    const [, row] = await shown.getChildren();
    if (row === undefined) throw new Error('There is no row.');
    const { label, description, tooltip } = shown.getTreeItem(row);
    expect([label, description]).toEqual(['team-a', 'namespace, selected here']);
    expect(tooltip).toContain('Select Namespace lets go of it again');
  });

  test('say that the namespace does not exist, once that is known', async () => {
    namespaceExists = false;
    expect((await texts())[1]).toBe('models: namespace; does not exist yet');
    expect(await tooltipOf('models')).toContain('offer to make it');
    namespaceExists = true;
    expect((await texts())[1]).toBe('models: namespace');
    expect(await tooltipOf('models')).not.toContain('offer to make it');
  });

  test('of a protected context show a lock, and offer to unprotect', async () => {
    settingsOf.set('', { protectedContexts: ['stag*'] });
    const shown = tree();
    await shown.texts();
    const [row] = await shown.getChildren();
    if (row === undefined) throw new Error('There is no row.');
    const item = shown.getTreeItem(row);
    expect(item).toMatchObject({ contextValue: 'context.protected', iconPath: { id: 'lock' } });
    expect(item.description).toMatch(/^protected · /u);
  });

  test('stand beside the titles of the views too, until there are none', async () => {
    const views = { cluster: { description: '' }, topologies: { description: '', message: '' } };
    let hint = '';
    const topologies = { onDidRead: () => ({ dispose: () => undefined }), hint: () => hint };
    const runs = new fakeVscode.EventEmitter<LiveRun>();
    captionViews(views, cluster, topologies, { onDidChange: runs.event as never });
    hint = 'Nothing is deployed to stay.';
    runs.fire({} as LiveRun);
    expect(views.topologies.message).toBe(hint);
    await cluster.current();
    expect(views).toMatchObject({
      cluster: { description: 'staging/models' },
      topologies: { description: 'staging/models' },
    });
    settingsOf.set('', { protectedContexts: ['staging'] });
    await cluster.current();
    expect(views.cluster.description).toBe('staging/models, protected');
    listContexts = () => {
      throw new BenchError({ reason: 'kubeconfig-missing', message: 'There is none.' });
    };
    await expect(cluster.current()).rejects.toThrow('There is none.');
    expect(views.cluster.description).toBe('');
  });
});

describe('in a workspace of several folders', () => {
  beforeEach(() => {
    fakeVscode.workspace.workspaceFolders = ['/projects/a', '/projects/b'].map((path) => ({
      uri: fakeVscode.Uri.file(path),
      name: path.slice(-1),
    }));
  });

  test('the namespace is the one that the folders agree on', async () => {
    settingsOf.set('/projects/a', { namespace: 'team' });
    expect((await texts())[1]).toBe('models: namespace; folders have others');
    settingsOf.set('/projects/b', { namespace: 'team' });
    expect((await texts())[1]).toBe('team: namespace');
  });

  test('where they do not agree, the row says so', async () => {
    settingsOf.set('/projects/a', { namespace: 'team-a' });
    settingsOf.set('/projects/b', { namespace: 'team-b' });
    const shown = tree();
    const [, row] = await shown.getChildren();
    if (row === undefined) throw new Error('There is no row.');
    const { label, tooltip } = shown.getTreeItem(row);
    expect(label).toBe('models');
    expect(tooltip).toMatch(/folder a are deployed to team-a\n.*folder b are deployed to team-b/u);
  });
});

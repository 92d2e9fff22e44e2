import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { TreeItem } from 'vscode';
import type { DeployedTopology } from '../../../src/core/cluster.ts';
import { BenchError } from '../../../src/core/errors.ts';
import type { Cluster, ClusterPlace } from '../../../src/extension/cluster.ts';
import type { Failures } from '../../../src/extension/failures.ts';
import type { Runs } from '../../../src/extension/runs.ts';
import { onMachine } from '../../support/onMachine.ts';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { TopologiesTree } = await import('../../../src/extension/trees/topologiesTree.ts');
const { captionViews } = await import('../../../src/extension/trees/captions.ts');
const { watchDeployments } = await import('../../../src/extension/trees/watchDeployments.ts');

const failures = { note: (error: unknown) => error, show: () => undefined } as unknown as Failures;
const deployment: DeployedTopology = {
  id: 'tb-triton-1',
  context: 'staging',
  namespace: 'models',
  topology: 'triton',
  model: 'sentiment',
  createdAt: '2026-01-02T09:30:00Z',
  ready: false,
  modelMissing: false,
  failed: false,
  message: '0/1 nodes are available: 1 Insufficient nvidia.com/gpu',
  endpoint: 'http://tb-triton-1.models.svc:8000',
  gpus: 1,
  networkPolicy: 'not applicable',
};

const looked = new fakeVscode.EventEmitter<ClusterPlace | undefined>();
let deployments: () => readonly DeployedTopology[] = () => [];
let absent: string | undefined;

beforeEach(() => {
  deployments = () => [];
  absent = undefined;
});

/** What the view says above its rows, and the rows. */
async function shown(): Promise<{ hint: string; rows: string[] }> {
  const cluster = {
    deployments: async () => deployments(),
    absentNamespace: async () => absent,
    onDidLook: looked.event,
  } as unknown as Cluster;
  const tree = new TopologiesTree(cluster, { active: () => [] } as unknown as Runs, failures);
  const texts = await tree.texts();
  const all = texts.flatMap(({ children, ...row }) => [row, ...children]);
  return { hint: tree.hint(), rows: all.map(({ label, description }) => `${label}: ${description}`) };
}

/** The row of the first deployment, as VS Code gets it. */
async function deploymentItem(): Promise<TreeItem> {
  const cluster = {
    deployments: async () => deployments(),
    absentNamespace: async () => absent,
    onDidLook: looked.event,
  } as unknown as Cluster;
  const tree = new TopologiesTree(cluster, { active: () => [] } as unknown as Runs, failures);
  for (const topology of await tree.getChildren()) {
    const [row] = await tree.getChildren(topology);
    if (row !== undefined) return tree.getTreeItem(row);
  }
  throw new Error('there is no deployment');
}

describe('the Topologies view', () => {
  test('says what to do where nothing is deployed', async () => {
    const { hint, rows } = await shown();
    expect(hint).toContain('Nothing is deployed');
    expect(rows).toEqual(['fastapi: not deployed', 'triton: not deployed', 'hybrid: not deployed']);
    absent = 'no-such-ns';
    expect((await shown()).hint).toMatch(/^The namespace no-such-ns does not exist\./u);
  });

  test('shows a topology below the run that measures it, and not once more', async () => {
    const ofRun = (key: string): object => ({
      key,
      stage: 'queued',
      message: '',
      result: null,
      phase: null,
      snapshot: null,
    });
    const plan = { topologies: [{ name: 'fastapi' }, { name: 'triton' }] };
    const state = { stage: 'load', message: '', plan, topologies: [ofRun('fastapi'), ofRun('triton')] };
    const run = { id: 'r', subject: 'sentiment', state, end: null, cancelling: false };
    const runs = { active: () => [run], get: () => run } as unknown as Runs;
    const cluster = {
      deployments: async () => deployments(),
      absentNamespace: async () => absent,
      onDidLook: looked.event,
    } as unknown as Cluster;
    const labels = async (): Promise<string[]> => {
      const tree = new TopologiesTree(cluster, runs, failures);
      const texts = await tree.texts();
      // Topologies below a run have no buttons that it could speak of.
      expect(tree.hint()).toBe('');
      return texts.map(({ label, children }) => [label, ...children.map((row) => row.label)].join(' > '));
    };
    expect(await labels()).toEqual(['Benchmark of sentiment > fastapi > triton', 'hybrid']);
    deployments = () => [deployment];
    expect(await labels()).toEqual(['Benchmark of sentiment > fastapi > triton', 'triton > sentiment', 'hybrid']);
  });

  test.each(['kubeconfig-missing', 'kubeconfig-broken'] as const)(
    'says what works with a %s, and leaves that to the Cluster view',
    async (reason) => {
      deployments = () => {
        throw new BenchError({ reason, message: 'There is none.' });
      };
      const { hint, rows } = await shown();
      expect(hint).toContain('run on this machine');
      expect(rows).toHaveLength(3);
      onMachine('win32', 'x64');
      expect((await shown()).hint).toContain('open the folder in WSL');
    },
  );

  test('says why a deployment is not ready, and needs no hint then', async () => {
    deployments = () => [deployment];
    const { hint, rows } = await shown();
    expect(hint).toBe('');
    expect(rows).toContain('sentiment: 0/1 nodes are available: 1 Insufficient nvidia.com/gpu · 1 GPU');
  });

  test('warns of a hybrid whose Triton other pods reach, and says in its tooltip who does', async () => {
    const hybrid: DeployedTopology = { ...deployment, topology: 'hybrid', ready: true, message: 'ready', gpus: 0 };
    deployments = () => [{ ...hybrid, networkPolicy: 'not enforced' }];
    expect((await shown()).rows).toContain('sentiment: ready · network policy not enforced');
    expect(await deploymentItem()).toMatchObject({
      iconPath: { id: 'warning' },
      tooltip: expect.stringContaining('other pods reach Triton directly, past de-identification') as string,
    });
    deployments = () => [{ ...hybrid, networkPolicy: 'enforced' }];
    expect((await shown()).rows).toContain('sentiment: ready');
    expect(await deploymentItem()).toMatchObject({
      iconPath: { id: 'pass' },
      tooltip: expect.stringContaining('only the gateway reaches Triton') as string,
    });
    deployments = () => [{ ...hybrid, networkPolicy: 'not probed' }];
    expect(await deploymentItem()).toMatchObject({
      iconPath: { id: 'pass' },
      tooltip: expect.stringContaining('whether other pods reach Triton is not known') as string,
    });
    deployments = () => [deployment];
    expect((await deploymentItem()).tooltip).not.toContain('etwork policy');
  });

  test('says why the cluster could not be asked, and does not claim that nothing is deployed', async () => {
    deployments = () => {
      throw new BenchError({ reason: 'api-unreachable', message: 'It is not reached.', nextStep: 'Try again.' });
    };
    const { hint, rows } = await shown();
    expect(hint).toBe('');
    expect(rows).toEqual(['fastapi: ', 'triton: ', 'hybrid: ', 'It is not reached.: Try again.']);
  });

  test('spins while a deployment comes up, and not once it has failed for good or waits for its user', async () => {
    const iconOf = async (change: Partial<DeployedTopology>) => {
      deployments = () => [{ ...deployment, ...change }];
      return (await deploymentItem()).iconPath;
    };
    expect(await iconOf({})).toEqual({ id: 'loading~spin' });
    expect(await iconOf({ modelMissing: true })).toEqual({ id: 'warning' });
    const failed = { failed: true, message: 'triton: ErrImagePull: not found' };
    expect(await iconOf(failed)).toEqual({ id: 'error' });
    expect((await deploymentItem()).description).toBe('failed: ErrImagePull: not found · 1 GPU');
  });

  test('shows the context that was selected last, also where the one before it answers late', async () => {
    const asked: { readonly signal: AbortSignal | undefined; answer(listed: readonly DeployedTopology[]): void }[] = [];
    const cluster = {
      absentNamespace: async () => undefined,
      deployments: async (signal?: AbortSignal) =>
        new Promise<readonly DeployedTopology[]>((answer) => {
          asked.push({ signal, answer });
        }),
      onDidLook: looked.event,
    } as unknown as Cluster;
    const tree = new TopologiesTree(cluster, { active: () => [] } as unknown as Runs, failures);
    const read = vi.fn();
    tree.onDidRead(read);
    const before = tree.getChildren();
    tree.reload(true);
    const after = tree.getChildren();
    asked[1]?.answer([{ ...deployment, context: 'production', model: 'summary' }]);
    await after;
    asked[0]?.answer([deployment]);
    await before;
    const models = (await tree.texts()).flatMap(({ children }) => children.map(({ label }) => label));
    expect(models).toEqual(['summary']);
    expect(asked.map(({ signal }) => signal?.aborted)).toEqual([true, false]);
    expect(read).toHaveBeenCalledTimes(1);
  });

  test('shows nothing of a context any more once another one is asked, and says that it is', async () => {
    deployments = () => [deployment];
    const cluster = {
      deployments: async () => deployments(),
      absentNamespace: async () => absent,
      onDidLook: looked.event,
    } as unknown as Cluster;
    const tree = new TopologiesTree(cluster, { active: () => [] } as unknown as Runs, failures);
    looked.fire({ context: 'staging', namespace: 'models' });
    const rows = async (): Promise<string[]> =>
      (await tree.texts()).map(({ label, description }) => `${label}: ${description}`);
    expect(await rows()).toContain('triton: 1 deployed, 0 ready');
    looked.fire({ context: 'staging', namespace: 'models' });
    expect(await rows()).toContain('triton: 1 deployed, 0 ready');
    looked.fire({ context: 'production', namespace: 'models' });
    expect(await rows()).toEqual(['fastapi: ', 'triton: ', 'hybrid: ', 'The cluster is being asked…: ']);
  });

  test('drops what it said above its rows as soon as another place is looked at', async () => {
    const cluster = {
      deployments: async () => deployments(),
      absentNamespace: async () => absent,
      onDidLook: looked.event,
    } as unknown as Cluster;
    const tree = new TopologiesTree(cluster, { active: () => [] } as unknown as Runs, failures);
    const views = { cluster: { description: '' }, topologies: { description: '', message: '' } };
    captionViews(views, cluster, tree, { onDidChange: (() => ({ dispose: () => undefined })) as never });
    looked.fire({ context: 'staging', namespace: 'models' });
    await tree.getChildren();
    expect(views.topologies.message).toContain('Nothing is deployed');
    looked.fire({ context: 'staging', namespace: 'models' });
    expect(views.topologies.message).toContain('Nothing is deployed');
    looked.fire({ context: 'production', namespace: 'models' });
    expect(views.topologies).toEqual({ description: 'production/models', message: '' });
  });
});

describe('as long as it is seen, the Topologies view looks again', () => {
  const note = vi.fn((error: unknown) => error);
  const away = (): never => {
    throw new BenchError({ reason: 'api-unreachable', message: 'It is not reached.' });
  };

  /** Seconds after which the cluster is asked again; undefined: it is not, for an hour. */
  async function nextLook(): Promise<number | undefined> {
    vi.useFakeTimers();
    const asked = vi.fn(async () => deployments());
    const tree = new TopologiesTree(
      { deployments: asked, absentNamespace: async () => undefined, onDidLook: looked.event } as unknown as Cluster,
      { active: () => [] } as unknown as Runs,
      { note, show: () => undefined } as unknown as Failures,
    );
    const onDidChangeVisibility = (() => ({ dispose: () => undefined })) as never;
    const watching = watchDeployments({ visible: true, onDidChangeVisibility }, tree);
    try {
      await tree.getChildren();
      for (let second = 1; second <= 3_600; second += 1) {
        await vi.advanceTimersByTimeAsync(1_000);
        if (asked.mock.calls.length > 1) return second;
      }
      return undefined;
    } finally {
      watching.dispose();
      vi.useRealTimers();
    }
  }

  test.each([
    ['soon at what comes up', () => [deployment], 5],
    ['later at what is ready', () => [{ ...deployment, ready: true }], 30],
    ['later at what has failed', () => [{ ...deployment, failed: true }], 30],
    ['later at a cluster that was away', away, 30],
    ['not where nothing is deployed', () => [], undefined],
  ])('%s', async (_what, listed, seconds) => {
    deployments = listed;
    expect(await nextLook()).toBe(seconds);
  });

  test('and tells the log once why the cluster could not be asked', async () => {
    deployments = away;
    note.mockClear();
    await nextLook();
    expect(note).toHaveBeenCalledTimes(1);
  });
});

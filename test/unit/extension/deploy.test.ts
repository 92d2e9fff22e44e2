/** Deploy Topology, from the confirmed answers to its end; what is made on the cluster is scripted. */
import { beforeEach, expect, test, vi } from 'vitest';
import { BenchError, cancelled } from '../../../src/core/errors.ts';
import type { DeployListener } from '../../../src/kubernetes/index.ts';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import { isDeployNote } from '../../../src/extension/deployNote.ts';
import type { UnfinishedRun } from '../../../src/extension/memory.ts';
import type { Services } from '../../../src/extension/services.ts';
import { fakeVscode, useDefaults } from './fakeVscode.ts';

const place = { context: 'kind-x', namespace: 'team-a' };
let deployOn: (listener: DeployListener) => Promise<void>;

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
vi.mock('../../../src/extension/questions/subject.ts', () => ({
  askAbout: async (
    _argument: unknown,
    _title: string,
    _last: unknown,
    ask: (subject: unknown) => Promise<{ value: unknown }>,
  ) => (await ask({ kind: 'built-in' })).value,
  saveSubject: async () => undefined,
}));
vi.mock('../../../src/extension/questions/deploy.ts', () => ({
  askDeploy: async () => ({
    kind: 'value',
    value: {
      subject: { kind: 'built-in' },
      topologies: ['triton'],
      target: { kind: 'kubernetes', ...place, createNamespace: false },
      gpu: null,
    },
  }),
}));
vi.mock('../../../src/extension/commands/planAsking.ts', () => ({
  askMissingTokenizer: async () => true,
  planAsking: async () => ({
    plan: { topologies: [{ name: 'triton' }] },
    settings: { kubeconfig: null, packageIndexUrl: null },
    warnings: [],
  }),
}));
vi.mock('../../../src/extension/engine.ts', () => ({
  loadKubernetes: async () => ({
    deployTopology: (_options: unknown, _plan: unknown, _topology: unknown, listener: DeployListener) =>
      deployOn(listener),
  }),
}));
const { settingThatMends } = await import('../../../src/extension/failures.ts');
const { deployTopology } = await import('../../../src/extension/commands/deploy.ts');

const stillThere = new BenchError({
  reason: 'clean-up-incomplete',
  message: 'In the namespace team-a this is still there: Deployment tb-triton.',
  nextStep: 'Remove it with Clean Up.',
});
let unfinished: UnfinishedRun[] = [];
const noted = vi.fn();
const changed = vi.fn();
const lastAnswers = vi.fn(() => undefined);
const oneContext = () => [{ name: place.context, namespace: place.namespace, current: false }];
let contexts: () => ReturnType<typeof oneContext> = oneContext;
let lacking = false;
const services = {
  memory: {
    lastAnswers,
    async noteUnfinished(run: UnfinishedRun) {
      unfinished.push(run);
    },
    async forgetUnfinished(runId: string) {
      unfinished = unfinished.filter((run) => run.runId !== runId);
    },
  },
  cluster: {
    current: async () => undefined,
    contexts: async () => contexts(),
    placeOf: () => place,
    wasAway: () => false,
    lacksNamespace: async () => lacking,
    changed,
  },
  protection: { permits: async () => true },
  failures: { note: noted, show: vi.fn() },
  log: { info: () => undefined, warn: () => undefined, show: () => undefined },
} as unknown as Services;

beforeEach(() => {
  vi.clearAllMocks();
  useDefaults(settingDefaults);
  unfinished = [];
  contexts = oneContext;
  lacking = false;
  fakeVscode.window.showInformationMessage.mockResolvedValueOnce('Deploy');
});

test('a Deploy is noted while it is under way, and no more once it is up', async () => {
  const during: UnfinishedRun[] = [];
  deployOn = async () => {
    during.push(...unfinished);
  };
  await deployTopology(undefined, services);
  expect(during).toMatchObject([place]);
  expect(during.every(isDeployNote)).toBe(true);
  expect(unfinished).toEqual([]);
});

test('nor once it was cancelled and has cleaned up', async () => {
  deployOn = async () => {
    throw cancelled('waiting for pods');
  };
  await expect(deployTopology(undefined, services)).rejects.toMatchObject({ reason: 'cancelled' });
  expect(unfinished).toEqual([]);
  expect(fakeVscode.window.showWarningMessage).not.toHaveBeenCalled();
});

test('one that was cancelled and could not clean up says what is left, offers to remove it, and stays noted', async () => {
  deployOn = async (listener) => {
    listener.leftBehind(stillThere);
    throw cancelled('waiting for pods');
  };
  fakeVscode.window.showWarningMessage.mockResolvedValueOnce('Clean Up');
  await expect(deployTopology(undefined, services)).rejects.toMatchObject({ reason: 'cancelled' });
  expect(fakeVscode.window.showWarningMessage.mock.calls[0]).toEqual([
    'In the namespace team-a this is still there: Deployment tb-triton. Remove it with Clean Up.',
    'Clean Up',
    'Show Log',
  ]);
  await vi.waitFor(() => {
    expect(fakeVscode.commands.executeCommand).toHaveBeenCalledWith(
      'topologyBench.cleanUp',
      expect.objectContaining(place),
    );
  });
  expect(noted).toHaveBeenCalledWith(stillThere, 'cleaning up');
  expect(unfinished).toMatchObject([place]);
});

test('says before it makes a namespace when that goes again', async () => {
  lacking = true;
  deployOn = async () => {
    throw new Error('Nobody agreed to make a namespace.');
  };
  await deployTopology(undefined, services);
  expect(fakeVscode.window.showInformationMessage.mock.calls[0]).toEqual([
    'triton with the model tiny-sentiment on kind-x/team-a, CPU only. It stays until you delete it.',
    {
      modal: true,
      detail: 'The namespace team-a is made for it, and goes with it unless something else lives there by then.',
    },
    'Create Namespace and Deploy',
  ]);
});

test.each([
  [
    'no kubeconfig',
    () => {
      throw new BenchError({ reason: 'kubeconfig-missing', message: 'There is none.' });
    },
  ],
  ['a kubeconfig without contexts', () => []],
])(
  'with %s that is said at once, with the setting that mends it, and nothing is asked in vain',
  async (_what, listed) => {
    contexts = listed;
    const failure: unknown = await deployTopology(undefined, services).catch((error: unknown) => error);
    if (!(failure instanceof BenchError)) throw new Error('It did not fail.');
    expect(settingThatMends(failure.reason)).toBe('kubeconfig');
    expect(lastAnswers).not.toHaveBeenCalled();
    expect(fakeVscode.window.showInformationMessage).not.toHaveBeenCalled();
  },
);

test('the views look for a deployment once it is made, once its model is there, and at the end; one of them shows that it is under way', async () => {
  const looksAfter: number[] = [];
  deployOn = async (listener) => {
    for (const stage of ['apply', 'upload', 'wait'] as const) {
      listener.stage(stage);
      looksAfter.push(changed.mock.calls.length);
    }
  };
  await deployTopology(undefined, services);
  expect(looksAfter).toEqual([0, 1, 2]);
  expect(changed).toHaveBeenCalledTimes(3);
  expect(fakeVscode.window.withProgress.mock.calls.map(([options]) => options)).toContainEqual({
    location: { viewId: 'topologyBench.topologies' },
  });
});

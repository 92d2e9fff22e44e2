/** What is done to a deployment is done where the tree listed it, whatever is selected by then. */
import { beforeEach, expect, test, vi } from 'vitest';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import type { Failures } from '../../../src/extension/failures.ts';
import type { Memory } from '../../../src/extension/memory.ts';
import type { Runs } from '../../../src/extension/runs.ts';
import type { Services } from '../../../src/extension/services.ts';
import { fakeVscode, settingsOf, useDefaults } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
vi.mock('../../../src/extension/questions/subject.ts', () => ({ chooseSubject: async () => ({ kind: 'built-in' }) }));
vi.mock('../../../src/extension/engine.ts', () => ({
  loadEngine: async () => ({
    openAssets: () => ({ tinyModelDirectory: '/tiny' }),
    resolveModel: async () => ({}),
  }),
  loadKubernetes: async () => ({
    listContexts: () => contexts,
    listDeployments: async ({ context }: { context: string }) => [{ ...deployment, context }],
    deploymentLogs: async (from: unknown) => noted('logs', from, 'a line'),
    inferOnce: async (from: unknown) => noted('infer', from, []),
    uploadModelAgain: async (from: unknown) => noted('upload', from, 'uploaded'),
    async deleteDeployment(from: unknown) {
      noted('delete', from, undefined);
    },
  }),
}));
const { Cluster } = await import('../../../src/extension/cluster.ts');
const { TopologiesTree } = await import('../../../src/extension/trees/topologiesTree.ts');
const { deleteDeployment, sendSampleRequest, showLogs, uploadModelAgain } =
  await import('../../../src/extension/commands/deployments.ts');

const contexts = [
  { name: 'staging', namespace: 'models', current: true },
  { name: 'production', namespace: 'default', current: false },
];
const deployment = {
  id: 'tb-triton-1',
  namespace: 'models',
  topology: 'triton',
  model: 'sentiment',
  createdAt: '2026-01-02T09:30:00Z',
  ready: true,
  modelMissing: false,
  message: 'ready',
  endpoint: 'http://tb-triton-1.models.svc:8000',
  gpus: 0,
};
const asked: unknown[] = [];
function noted<Value>(what: string, from: unknown, answer: Value): Value {
  asked.push([what, from]);
  return answer;
}

let selected: string | undefined;
const memory = {
  lastAnswers: () => undefined,
  selectedContext: () => selected,
  selectedNamespace: () => undefined,
  tokenizerOf: () => undefined,
} as unknown as Memory;
const cluster = new Cluster(memory);
const permits = vi.fn(async () => true);
const services = {
  cluster,
  memory,
  extension: { path: '/ext', version: '1' },
  protection: { permits },
  log: { info: () => undefined },
} as unknown as Services;
const logs = { replace: vi.fn(), show: vi.fn() };

beforeEach(() => {
  useDefaults(settingDefaults);
  settingsOf.clear();
  asked.length = 0;
  selected = undefined;
  Object.assign(fakeVscode.window, { createOutputChannel: () => logs });
});

/** The row of the deployment, as the tree shows it for the context in view. */
async function row(): Promise<unknown> {
  const runs = { active: () => [] } as unknown as Runs;
  const tree = new TopologiesTree(cluster, runs, { note: (error: unknown) => error } as unknown as Failures);
  const topologies = await tree.getChildren();
  const rows = await Promise.all(topologies.map((topology) => tree.getChildren(topology)));
  return rows.flat()[0];
}

test.each([
  ['Show Deployment Logs', 'logs', showLogs],
  ['Send a Sample Request', 'infer', sendSampleRequest],
  ['Upload Model Again', 'upload', uploadModelAgain],
  ['Delete Deployment', 'delete', deleteDeployment],
])('%s', async (_name, what, command) => {
  const listed = await row();
  selected = 'production';
  fakeVscode.window.showWarningMessage.mockResolvedValueOnce('Delete');
  await command(listed, services);
  expect(asked).toEqual([[what, { context: 'staging', namespace: 'models' }]]);
});

test('what is asked and shown names that place', async () => {
  const listed = await row();
  selected = 'production';
  await deleteDeployment(listed, services);
  expect(fakeVscode.window.showWarningMessage.mock.lastCall?.[0]).toBe(
    'Delete triton (sentiment) from staging/models?',
  );
  await uploadModelAgain(listed, services);
  expect(permits).toHaveBeenLastCalledWith('staging', 'Upload the model to triton on staging/models.');
  expect(fakeVscode.window.withProgress.mock.lastCall?.[0]).toMatchObject({
    title: 'Uploading tiny-sentiment to triton on staging/models',
  });
  await showLogs(listed, services);
  expect(logs.replace.mock.lastCall?.[0]).toContain('triton (tb-triton-1 on staging/models)');
});

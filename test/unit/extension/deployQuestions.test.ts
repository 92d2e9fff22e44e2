/** The questions of Deploy Topology, on quick picks that a test answers. */
import { beforeEach, expect, test, vi } from 'vitest';
import type { ClusterInventory } from '../../../src/core/cluster.ts';
import type { Cluster } from '../../../src/extension/cluster.ts';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import { reply, shown, unusedReplies } from './fakeQuickInput.ts';
import { settingsOf, useDefaults } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { askDeploy } = await import('../../../src/extension/questions/deploy.ts');
const { readSettings } = await import('../../../src/extension/settings.ts');

const contexts = [
  { name: 'staging', namespace: 'models', current: true },
  { name: 'production', namespace: 'default', current: false },
];
const noGpu = { podsSeen: null, gpuNodes: [], nodes: 1, notes: [] as string[] };
let inventory = noGpu;
const cluster = {
  contexts: async () => contexts,
  current: async () => ({ context: 'staging', namespace: 'models' }),
  placeOf: ({ name, namespace }: (typeof contexts)[number]) => ({ context: name, namespace }),
  wasAway: () => false,
  inventory: async () => inventory as unknown as ClusterInventory,
} as unknown as Cluster;
const title = 'Deploy Topology: tiny-sentiment';
/** The answers, or the way that the user went instead. */
async function ask(topology?: 'triton', canGoBack = false): Promise<unknown> {
  const answer = await askDeploy({
    subject: { kind: 'built-in' },
    topology,
    last: undefined,
    settings: readSettings(undefined),
    cluster,
    title,
    canGoBack,
  });
  return answer.kind === 'value' ? answer.value : answer.kind;
}
const steps = () => shown.map(({ step, totalSteps }) => `${String(step)}/${String(totalSteps)}`);

beforeEach(() => {
  useDefaults(settingDefaults);
  settingsOf.clear();
  inventory = noGpu;
});

test("are numbered as the benchmark's are, with a way back that keeps the answers", async () => {
  reply({ pick: ['hybrid'] }, { pick: ['production/default'] }, 'back', 'back', { pick: ['triton'] }, 'accept', {
    pick: ['CPU only'],
  });
  expect(await ask()).toMatchObject({
    topologies: ['triton'],
    target: { context: 'production', namespace: 'default' },
    gpu: null,
  });
  expect(steps()).toEqual(['1/3', '2/3', '3/3', '2/3', '1/3', '2/3', '3/3']);
  expect(shown.map(({ canGoBack }) => canGoBack)).toEqual([false, true, true, true, false, true, true]);
  expect(shown[4]?.picked).toEqual(['hybrid']);
  expect(shown[5]?.hint).toBe('Where should triton be deployed?');
  expect(new Set(shown.map((box) => box.title))).toEqual(new Set([title]));
  expect(unusedReplies()).toEqual([]);
});

test('leave out the topology whose row was clicked, and this machine, which keeps no deployment', async () => {
  reply({ pick: ['staging/models'] }, { pick: ['CPU only'] });
  expect(await ask('triton')).toMatchObject({ topologies: ['triton'], target: { context: 'staging' } });
  expect(steps()).toEqual(['1/2', '2/2']);
  expect(shown[0]?.rows).toEqual(['staging/models', 'production/default']);
});

test('decide nothing when the user leaves', async () => {
  reply({ pick: ['staging/models'] }, 'leave');
  expect(await ask('triton')).toBe('left');
});

test('lead back to the choice of the model from the first one, where there was such a choice', async () => {
  reply({ pick: ['staging/models'] }, 'back', 'back');
  expect(await ask('triton', true)).toBe('back');
  expect(shown.map(({ canGoBack }) => canGoBack)).toEqual([true, true, true]);
});

test('offer a GPU that is not counted to who may not list nodes, and claim of no such cluster that it has none', async () => {
  inventory = { ...noGpu, nodes: 0, notes: ['This user may not list nodes, so GPUs cannot be counted.'] };
  settingsOf.set('', { 'gpu.resource': 'amd.com/gpu' });
  reply({ pick: ['staging/models'] }, { pick: ['1 amd.com/gpu'] });
  expect(await ask('triton')).toMatchObject({ gpu: { resource: 'amd.com/gpu', count: 1, product: null } });
  expect(shown[1]).toMatchObject({
    rows: ['1 amd.com/gpu', 'CPU only'],
    descriptions: ['not counted: this user may not list nodes', ''],
    notes: [],
  });
  inventory = noGpu;
  reply({ pick: ['staging/models'] }, { pick: ['CPU only'] });
  await ask('triton');
  expect(shown[1]).toMatchObject({ rows: ['CPU only'], notes: ['No node of this cluster has a GPU.'] });
});

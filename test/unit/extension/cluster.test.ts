import { beforeEach, expect, test, vi } from 'vitest';
import type { ClusterInventory } from '../../../src/core/cluster.ts';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import type { Memory } from '../../../src/extension/memory.ts';
import { fakeVscode, settingsOf, useDefaults } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
vi.mock('../../../src/extension/engine.ts', () => ({
  loadKubernetes: async () => ({
    listContexts: () => contexts,
    readInventory: async ({ context }: { context: string }) =>
      ({ context, gpuNodes: [] }) as unknown as ClusterInventory,
  }),
}));
const { Cluster } = await import('../../../src/extension/cluster.ts');

let contexts = kubeconfig('staging');
function kubeconfig(current: string) {
  return ['staging', 'production'].map((name) => ({ name, namespace: 'models', current: name === current }));
}
const memory = { selectedContext: () => undefined, selectedNamespace: () => undefined } as unknown as Memory;
const changed = vi.fn();
let cluster = new Cluster(memory);

beforeEach(() => {
  useDefaults(settingDefaults);
  settingsOf.clear();
  fakeVscode.workspace.workspaceFolders = undefined;
  contexts = kubeconfig('staging');
  changed.mockClear();
  cluster = new Cluster(memory);
  cluster.onDidChange(changed);
});

test('a context that was chosen elsewhere is told of by whoever reads it first, once', async () => {
  await cluster.current();
  await cluster.current();
  expect(changed).not.toHaveBeenCalled();
  contexts = kubeconfig('production');
  expect(await cluster.current()).toMatchObject({ context: 'production' });
  await cluster.current();
  expect(changed).toHaveBeenCalledTimes(1);
});

test('what was chosen here is told of once, and not again when it is read', async () => {
  await cluster.current();
  contexts = kubeconfig('production');
  cluster.changed();
  await cluster.current();
  expect(changed).toHaveBeenCalledTimes(1);
});

test('what was read of a context is forgotten with it', async () => {
  const place = await cluster.current();
  if (place === undefined) throw new Error('There is no context.');
  await cluster.inventoryInView(place);
  expect(cluster.lastInventory()?.context).toBe('staging');
  contexts = kubeconfig('production');
  await cluster.current();
  expect(cluster.lastInventory()).toBeUndefined();
});

test('the place that was read last is at hand, with the namespace of the folder that it is asked for', async () => {
  fakeVscode.workspace.workspaceFolders = ['/projects/a', '/projects/b'].map((path) => ({
    uri: fakeVscode.Uri.file(path),
  }));
  settingsOf.set('/projects/a', { namespace: 'team-a' });
  const config = fakeVscode.Uri.file('/projects/a/config.pbtxt') as never;
  expect(cluster.lastPlace()).toBeUndefined();
  await cluster.current();
  expect(cluster.lastPlace()).toEqual({ context: 'staging', namespace: 'models' });
  expect(cluster.lastPlace(config)).toEqual({ context: 'staging', namespace: 'team-a' });
});

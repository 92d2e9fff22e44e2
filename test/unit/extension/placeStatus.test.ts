import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Disposable } from 'vscode';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import type { Memory } from '../../../src/extension/memory.ts';
import { fakeEditor } from './fakeEditor.ts';
import { fakeVscode, settingsOf, useDefaults } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
vi.mock('../../../src/extension/engine.ts', () => ({
  loadKubernetes: async () => ({ listContexts: () => listContexts() }),
}));
interface Item {
  text: string;
  tooltip: string;
  command: string;
  accessibilityInformation: { label: string; role?: string } | undefined;
  isShown: boolean;
}
interface Editor {
  readonly document: { readonly uri: unknown; readonly fileName: string; readonly version: number; getText(): string };
}

const editorsChanged = new fakeVscode.EventEmitter<readonly Editor[]>();
let item: Item & { show(): void; hide(): void; dispose(): void };
const { CodeLens, languages } = fakeEditor;
Object.assign(fakeVscode, { CodeLens, languages, StatusBarAlignment: { Left: 1 } });
Object.assign(fakeVscode.window, {
  createStatusBarItem: () => item,
  onDidChangeVisibleTextEditors: editorsChanged.event,
  onDidChangeActiveTextEditor: editorsChanged.event,
});
const { Cluster } = await import('../../../src/extension/cluster.ts');
const { showPlace } = await import('../../../src/extension/placeStatus.ts');

const staging = { name: 'staging', namespace: 'models', current: true };
const listContexts = vi.fn(() => [staging]);
let selected: string | undefined;
const memory = { selectedContext: () => selected, selectedNamespace: () => undefined } as unknown as Memory;
let cluster = new Cluster(memory);
const visibilityChanged = new fakeVscode.EventEmitter<unknown>();
const view = { visible: false, onDidChangeVisibility: visibilityChanged.event as never };
const sightChanged = new fakeVscode.EventEmitter<void>();
let isPanelSeen = false;
const panels = { isAnySeen: () => isPanelSeen, onDidChangeSight: sightChanged.event as never };
let shown: Disposable;

beforeEach(() => {
  vi.useFakeTimers();
  useDefaults(settingDefaults);
  settingsOf.clear();
  fakeVscode.workspace.workspaceFolders = undefined;
  selected = undefined;
  listContexts.mockReset();
  listContexts.mockImplementation(() => [staging]);
  view.visible = false;
  item = {
    text: '',
    tooltip: '',
    command: '',
    accessibilityInformation: undefined,
    isShown: false,
    show() {
      item.isShown = true;
    },
    hide() {
      item.isShown = false;
    },
    dispose: () => undefined,
  };
  Object.assign(fakeVscode.window, { visibleTextEditors: [], activeTextEditor: undefined });
  cluster = new Cluster(memory);
  isPanelSeen = false;
  shown = showPlace(cluster, [view], panels);
});
afterEach(() => {
  shown.dispose();
  vi.useRealTimers();
});

const classifier = `platform: "onnxruntime_onnx"
input { name: "input_ids" data_type: TYPE_INT64 dims: [ -1 ] }
input { name: "attention_mask" data_type: TYPE_INT64 dims: [ -1 ] }
output { name: "logits" data_type: TYPE_FP32 dims: [ 2 ] }`;

/** Only these files are in sight from now on, for a while. */
async function see(...files: readonly (readonly [path: string, text: string])[]): Promise<void> {
  const editors = files.map(([path, text]): Editor => ({
    document: { uri: fakeVscode.Uri.file(path), fileName: path, version: 1, getText: () => text },
  }));
  Object.assign(fakeVscode.window, { visibleTextEditors: editors, activeTextEditor: editors[0] });
  editorsChanged.fire(editors);
  await vi.advanceTimersByTimeAsync(1_000);
}

describe('the status bar', () => {
  test('says nothing, and reads nothing, as long as nothing of ours is in sight', async () => {
    await see(['/projects/a/readme.md', '# A'], ['/projects/a/config.json', '{ "port": 1 }']);
    expect(item.isShown).toBe(false);
    expect(listContexts).not.toHaveBeenCalled();
  });

  test.each([
    ['a model config', '/projects/a/config.pbtxt', classifier],
    ['a plan file', '/projects/a/topology-bench.yaml', 'version: 1'],
  ])('says where a click goes while %s is in sight', async (_what, path, text) => {
    await see([path, text]);
    expect(item).toMatchObject({
      isShown: true,
      text: '$(server-environment) staging/models',
      command: 'topologyBench.selectContext',
      accessibilityInformation: { label: 'Kubernetes context staging, namespace models' },
    });
    await see();
    expect(item.isShown).toBe(false);
  });

  test('says it while one of the views is in sight', async () => {
    view.visible = true;
    visibilityChanged.fire(undefined);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(item.isShown).toBe(true);
  });

  test('says it while a results panel is all that is in sight, for which alone nothing is read', async () => {
    isPanelSeen = true;
    sightChanged.fire();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(item.isShown).toBe(false);
    expect(listContexts).not.toHaveBeenCalled();
    await see(['/projects/a/topology-bench.yaml', '']);
    await see();
    expect(item.isShown).toBe(true);
    isPanelSeen = false;
    sightChanged.fire();
    expect(item.isShown).toBe(false);
  });

  test('follows the context that is selected, reads it once, and shows a lock where it is protected', async () => {
    listContexts.mockImplementation(() => [staging, { name: 'prod-eu', namespace: 'live', current: false }]);
    settingsOf.set('', { protectedContexts: ['prod-*'] });
    await see(['/projects/a/topology-bench.yaml', '']);
    await see(['/projects/b/topology-bench.yaml', '']);
    expect(listContexts).toHaveBeenCalledTimes(1);
    selected = 'prod-eu';
    cluster.changed();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(item).toMatchObject({
      text: '$(lock) prod-eu/live',
      accessibilityInformation: { label: 'Kubernetes context prod-eu, protected, namespace live' },
    });
  });

  test('names the namespace of the folder that the config lies in', async () => {
    fakeVscode.workspace.workspaceFolders = ['/projects/a', '/projects/b'].map((path) => ({
      uri: fakeVscode.Uri.file(path),
    }));
    settingsOf.set('/projects/a', { namespace: 'team-a' });
    settingsOf.set('/projects/b', { namespace: 'team-b' });
    await see(['/projects/b/config.pbtxt', classifier], ['/projects/a/config.pbtxt', classifier]);
    expect(item.text).toBe('$(server-environment) staging/team-b');
  });

  test('keeps the end of a long name, and takes none for an icon', async () => {
    listContexts.mockImplementation(() => [
      { ...staging, name: 'arn:aws:eks:eu-central-1:123456789012:cluster/$(bell)-production' },
    ]);
    await see(['/projects/a/topology-bench.yaml', '']);
    expect(item.text).toMatch(/^\$\(server-environment\) ….*cluster\/\$ \(bell\)-production\/models$/u);
    expect(item.tooltip).toContain('arn:aws:eks:eu-central-1:123456789012:cluster/$(bell)-production');
  });

  test('is without a place where there is no kubeconfig, until there is one', async () => {
    listContexts.mockImplementation(() => {
      throw new Error('There is none.');
    });
    await see(['/projects/a/topology-bench.yaml', '']);
    expect(item.isShown).toBe(false);
    listContexts.mockImplementation(() => [staging]);
    cluster.changed();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(item.isShown).toBe(true);
  });
});

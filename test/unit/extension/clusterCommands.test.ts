import { beforeEach, describe, expect, test, vi } from 'vitest';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import type { TopologyName } from '../../../src/core/plan.ts';
import type { Memory } from '../../../src/extension/memory.ts';
import type { Choice, Note, Question } from '../../../src/extension/questions/pick.ts';
import type { Services } from '../../../src/extension/services.ts';
import type { BenchmarkChoices, TargetChoice } from '../../../src/extension/choices.ts';
import { onMachine } from '../../support/onMachine.ts';
import { fakeVscode, settingsOf, useDefaults, written } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
vi.mock('../../../src/extension/questions/pick.ts', () => ({ pickOne: (question: never) => pickOne(question) }));
vi.mock('../../../src/extension/engine.ts', () => ({
  loadEngine: async () => ({}),
  loadKubernetes: async () => ({ listContexts: async () => contexts, listNamespaces: async () => namespaces }),
}));
const { Cluster } = await import('../../../src/extension/cluster.ts');
const { chooseKubeconfig, selectContext, selectNamespace } = await import('../../../src/extension/commands/cluster.ts');
const { cleanUp } = await import('../../../src/extension/commands/cleanUp.ts');
const { protectContext } = await import('../../../src/extension/commands/protect.ts');
const { deployQuestion } = await import('../../../src/extension/commands/deploy.ts');
const { targetChoices } = await import('../../../src/extension/questions/target.ts');

const contexts = [
  { name: 'staging', namespace: 'models', current: true },
  { name: 'production', namespace: 'default', current: false },
];
const configA = fakeVscode.Uri.file('/projects/a/config.pbtxt') as never;

let selected: string | undefined;
const selectedNamespaces = new Map<string, string>();
let namespaces: readonly string[] | undefined;
let asked: Question<unknown> | undefined;
let offered: readonly (Choice<unknown> | Note)[] = [];
let chosen = '';
const pickOne = async (question: Question<unknown>): Promise<unknown> => {
  asked = question;
  offered = await question.choices(new AbortController().signal);
  const choice = offered.find((entry): entry is Choice<unknown> => 'label' in entry && entry.label === chosen);
  return choice === undefined ? { kind: 'left' } : { kind: 'value', value: choice.value };
};
const memory = {
  selectedContext: () => selected,
  selectContext: async (context: string | undefined) => {
    selected = context;
  },
  selectedNamespace: (context: string) => selectedNamespaces.get(context),
  selectNamespace: async (context: string, namespace: string | undefined) => {
    if (namespace === undefined) selectedNamespaces.delete(context);
    else selectedNamespaces.set(context, namespace);
  },
} as unknown as Memory;
const cluster = new Cluster(memory);
const services = { cluster, memory } as Services;

beforeEach(() => {
  useDefaults(settingDefaults);
  settingsOf.clear();
  written.length = 0;
  selected = undefined;
  selectedNamespaces.clear();
  chosen = '';
  namespaces = undefined;
  fakeVscode.workspace.workspaceFolders = undefined;
});

const follow = "Follow the kubeconfig's current context";
const pickedLabels = () => offered.flatMap((entry) => ('label' in entry && entry.picked === true ? [entry.label] : []));

describe('Select Kubernetes Context', () => {
  test('pins a context, and lets go of it again', async () => {
    chosen = 'production';
    await selectContext(services);
    expect(pickedLabels()).toEqual([follow]);
    expect(await cluster.current()).toMatchObject({ context: 'production' });
    chosen = follow;
    await selectContext(services);
    expect(pickedLabels()).toEqual(['production']);
    expect(selected).toBeUndefined();
    expect(await cluster.current()).toMatchObject({ context: 'staging' });
  });

  test('leads on to the namespace, and leaves the context as it is', async () => {
    selected = 'production';
    chosen = 'Select Namespace…';
    fakeVscode.window.showInputBox.mockImplementationOnce(async () => 'team-a');
    await selectContext(services);
    expect(offered[1]).toMatchObject({ label: chosen, description: 'default on production now' });
    expect(await cluster.current()).toEqual({ context: 'production', namespace: 'team-a' });
  });

  test('changes nothing when the user leaves', async () => {
    selected = 'production';
    chosen = 'none of them';
    await selectContext(services);
    expect(selected).toBe('production');
  });

  test('a context that the kubeconfig names no more counts as none', async () => {
    selected = 'deleted';
    await selectContext(services);
    expect(pickedLabels()).toEqual([follow]);
  });
});

test('what needs a context says that none is selected, and what to do', async () => {
  const before = [...contexts];
  contexts.splice(0, contexts.length, ...before.map((context) => ({ ...context, current: false })));
  try {
    for (const command of [
      selectNamespace(services),
      protectContext(undefined, services),
      cleanUp(undefined, services),
    ])
      await expect(command).rejects.toMatchObject({ reason: 'context-missing', nextStep: 'Select a context first.' });
  } finally {
    contexts.splice(0, contexts.length, ...before);
  }
});

describe('Select Namespace', () => {
  /** Types a text into the box; undefined leaves it. */
  async function type(text: string | undefined) {
    fakeVscode.window.showInputBox.mockImplementationOnce(async () => text);
    await selectNamespace(services);
    const [box] = fakeVscode.window.showInputBox.mock.lastCall ?? [];
    if (box === undefined) throw new Error('Nothing was asked.');
    return box;
  }

  test('holds one against settings and kubeconfig until nothing is typed, and says what it is then', async () => {
    const box = await type('team-a');
    expect(box).toMatchObject({ value: '', placeHolder: 'models, as settings and context say' });
    expect(box.prompt).toContain(
      'Empty: follow the setting topologyBench.namespace, else the context, which is models',
    );
    settingsOf.set('', { namespace: 'team-b' });
    expect(await cluster.current()).toEqual({ context: 'staging', namespace: 'team-a' });
    expect(cluster.foldersElsewhere({ context: 'staging', namespace: 'team-a' })).toEqual([]);

    const again = await type(' ');
    expect(again).toMatchObject({ value: 'team-a', placeHolder: 'team-b, as settings and context say' });
    expect(await cluster.current()).toEqual({ context: 'staging', namespace: 'team-b' });
    settingsOf.clear();
    expect(await cluster.current()).toEqual({ context: 'staging', namespace: 'models' });
  });

  test('changes nothing when the user leaves, and lets go of no namespace of another context', async () => {
    await type('team-a');
    await type(undefined);
    selected = 'production';
    await type('');
    expect([...selectedNamespaces]).toEqual([['staging', 'team-a']]);
  });

  test('says which folders have a namespace of their own, which nothing typed brings back', async () => {
    fakeVscode.workspace.workspaceFolders = ['/projects/a', '/projects/b'].map((path) => ({
      uri: fakeVscode.Uri.file(path),
      name: path.slice(-1),
    }));
    settingsOf.set('/projects/a', { namespace: 'team-a' });
    await type('mine');
    expect(cluster.lastPlace(configA)?.namespace).toBe('mine');
    expect((await type('')).prompt).toMatch(/which is models now\. Models of the folder a then go to team-a\.$/u);
    expect(cluster.lastPlace(configA)?.namespace).toBe('team-a');
  });

  test('takes nothing that is no name of a namespace', async () => {
    const { validateInput } = await type(undefined);
    expect(['', ' team-a ', 'a'.repeat(63)].map(validateInput)).toEqual([undefined, undefined, undefined]);
    for (const wrong of ['Team', '-a', 'a_b', 'a'.repeat(64)])
      expect(validateInput(wrong)).toContain('lower-case letters');
  });
});

describe('Select Namespace, where namespaces can be listed,', () => {
  const labels = () =>
    offered.flatMap((entry) => ('label' in entry ? [`${entry.label}: ${entry.description ?? ''}`] : []));
  beforeEach(() => {
    namespaces = ['default', 'models', 'team-a'];
  });

  test('offers them, and lets go of the one that was selected', async () => {
    chosen = 'team-a';
    await selectNamespace(services);
    expect(labels()).toEqual(['Follow settings and context: models now', 'default: ', 'models: ', 'team-a: ']);
    expect(pickedLabels()).toEqual(['Follow settings and context']);
    expect((await cluster.current())?.namespace).toBe('team-a');
    chosen = 'Follow settings and context';
    await selectNamespace(services);
    expect(labels()[0]).toBe('team-a: ');
    expect(pickedLabels()).toEqual(['team-a']);
    expect(selectedNamespaces.size).toBe(0);
  });

  test('takes a typed one, too, and says that it does not exist', async () => {
    await selectNamespace(services);
    const missing = 'does not exist yet; it is made only when you say so';
    expect(asked?.typed?.('new')).toMatchObject({ label: 'new', description: missing, value: { namespace: 'new' } });
    expect(asked?.typed?.('models')).toBeUndefined();
    expect(asked?.typed?.('Team')).toHaveProperty('note', expect.stringContaining('lower-case letters'));
    selectedNamespaces.set('staging', 'gone');
    await selectNamespace(services);
    expect(labels()[0]).toBe(`gone: ${missing}`);
  });
});

test("in a workspace of several folders the namespace is the one of the model's own folder", async () => {
  fakeVscode.workspace.workspaceFolders = ['/projects/a', '/projects/b'].map((path) => ({
    uri: fakeVscode.Uri.file(path),
  }));
  settingsOf.set('/projects/a', { namespace: 'team-a' });
  settingsOf.set('/projects/b', { namespace: 'team-b' });
  const labels = async (scope: never): Promise<string[]> =>
    (await targetChoices(cluster, scope, undefined, null)).flatMap((entry) => ('label' in entry ? [entry.label] : []));
  expect(await labels(configA)).toEqual(['staging/team-a', 'production/team-a']);
  expect(await labels(undefined as never)).toEqual(['staging/models', 'production/default']);
});

describe('another kubeconfig', () => {
  const { showOpenDialog } = fakeVscode.window;

  test("goes to the user's own settings, and is looked for beside the one before", async () => {
    settingsOf.set('', { kubeconfig: '/home/me/clusters/old.yaml' });
    showOpenDialog.mockResolvedValueOnce([fakeVscode.Uri.file('/home/me/clusters/new.yaml')]);
    await chooseKubeconfig();
    expect(showOpenDialog.mock.lastCall?.[0].defaultUri.fsPath).toBe('/home/me/clusters');
    expect(written).toEqual([{ key: 'kubeconfig', value: '/home/me/clusters/new.yaml', target: 1 }]);
  });

  test('is none where the user leaves', async () => {
    await chooseKubeconfig();
    expect(written).toEqual([]);
  });
});

describe('this machine', () => {
  const saidOfIt = async (...topologies: readonly TopologyName[]) =>
    (await targetChoices(cluster, undefined, undefined, topologies)).flatMap((entry) => {
      if ('note' in entry) return [[entry.note, entry.detail]];
      return entry.value.kind === 'local' ? [[entry.label, entry.description]] : [];
    });
  const none = 'This machine cannot be chosen';

  test('is offered for what it can run', async () => {
    onMachine('linux', 'x64');
    expect(await saidOfIt('fastapi', 'triton')).toEqual([['This machine', 'without a cluster, CPU only']]);
    onMachine('darwin', 'arm64');
    expect(await saidOfIt('fastapi')).toEqual([['This machine', 'without a cluster, CPU only']]);
    expect(await saidOfIt('fastapi', 'triton')).toEqual([
      ['This machine', 'without a cluster, CPU only, fastapi alone'],
    ]);
  });

  test('is not where it can run none of it, and why is said', async () => {
    onMachine('linux', 'arm64');
    const triton = 'Without a cluster, Triton and the hybrid run on Linux on x86-64 alone.';
    expect(await saidOfIt('triton', 'hybrid')).toEqual([[none, triton]]);
    onMachine('win32', 'x64');
    const windows = 'The servers do not run on Windows itself. Open the folder in WSL to run them there.';
    expect(await saidOfIt('fastapi')).toEqual([[none, windows]]);
  });
});

describe('the question before a deployment', () => {
  const target = {
    kind: 'kubernetes',
    context: 'staging',
    namespace: 'models',
    createNamespace: false,
  } as const satisfies TargetChoice;
  const ask = (gpu: BenchmarkChoices['gpu']): string =>
    deployQuestion({ subject: { kind: 'built-in' }, topologies: ['triton'], target, gpu, profile: 'quick' });

  test('says that it keeps its GPU, where it has one', () => {
    expect(ask({ resource: 'nvidia.com/gpu', count: 1, product: null })).toMatch(
      /staging\/models, 1 nvidia\.com\/gpu\. It stays, and keeps its GPU, until you delete it\.$/u,
    );
    expect(ask({ resource: 'nvidia.com/gpu', count: 2, product: null })).toContain('keeps its 2 GPUs');
  });

  test('and nothing of a GPU where it has none', () => {
    expect(ask(null)).toMatch(/, CPU only\. It stays until you delete it\.$/u);
  });
});

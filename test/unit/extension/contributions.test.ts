import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultGpu, defaultImages } from '../../../src/core/planning.ts';
import {
  commandTitles,
  contextKeys,
  languageId,
  nodeContexts,
  panelType,
  restrictedSettings,
  settingDefaults,
  viewContainerId,
  viewIds,
  walkthroughId,
} from '../../../src/extension/contributions.ts';

const root = join(import.meta.dirname, '../../..');
const json = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));

interface Setting {
  readonly default: unknown;
  readonly scope: string;
  readonly order: number;
  readonly markdownDescription: string;
  readonly enum?: readonly string[];
  readonly markdownEnumDescriptions?: readonly string[];
}
interface MenuItem {
  readonly command: string;
  readonly when?: string;
  readonly group?: string;
}
interface Manifest {
  readonly main: string;
  readonly icon: string;
  readonly extensionKind: readonly string[];
  readonly activationEvents: readonly string[];
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly supported: string; readonly restrictedConfigurations: readonly string[] };
  };
  readonly contributes: {
    readonly languages: readonly {
      readonly id: string;
      readonly filenames: readonly string[];
      readonly configuration: string;
    }[];
    readonly grammars: readonly { readonly path: string }[];
    readonly viewsContainers: { readonly activitybar: readonly { readonly id: string; readonly icon: string }[] };
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly viewsWelcome: readonly { readonly view: string; readonly contents: string; readonly when: string }[];
    readonly commands: readonly {
      readonly command: string;
      readonly title: string;
      readonly category: string;
      readonly enablement?: string;
    }[];
    readonly keybindings: readonly (MenuItem & { readonly key: string })[];
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly configuration: readonly { readonly properties: Readonly<Record<string, Setting>> }[];
    readonly walkthroughs: readonly {
      readonly id: string;
      readonly steps: readonly {
        readonly id: string;
        readonly media:
          | { readonly markdown: string }
          | { readonly image: string | Readonly<Record<string, string>>; readonly altText: string };
        readonly completionEvents: readonly string[];
      }[];
    }[];
  };
}

const manifest = json('package.json') as Manifest;
const texts = json('package.nls.json') as Record<string, string>;
const { contributes } = manifest;
const settings: Record<string, Setting> = Object.assign(
  {},
  ...contributes.configuration.map((group) => group.properties),
) as Record<string, Setting>;

/** Text behind a "%key%". */
function nls(reference: string): string {
  const text = texts[reference.slice(1, -1)];
  if (text === undefined) throw new Error(`package.nls.json has no ${reference}`);
  return text;
}

test('every command of the table is contributed with its title, and no other', () => {
  const contributed = Object.fromEntries(contributes.commands.map(({ command, title }) => [command, nls(title)]));
  expect(contributed).toEqual(commandTitles);
});

test('all commands share one category, so that the palette lists them together', () => {
  expect(new Set(contributes.commands.map((command) => command.category))).toEqual(new Set(['Topology Bench']));
});

test('a key is of a command of the table, and works in a view of ours alone, never while somebody types', () => {
  expect(contributes.keybindings.map(({ command, key }) => [command, key])).toEqual([
    ['topologyBench.deleteResult', 'delete'],
  ]);
  for (const { when } of contributes.keybindings)
    expect(when).toBe(`focusedView == ${viewIds.results} && listFocus && !inputFocus`);
});

test('what runs, deploys or deletes is disabled in a workspace that is not trusted', () => {
  const needTrust = [
    'benchmark',
    'benchmarkAgain',
    'deploy',
    'deleteDeployment',
    'sendSampleRequest',
    'uploadModelAgain',
    'cleanUp',
    'deleteResult',
  ];
  for (const name of needTrust) {
    const command = contributes.commands.find((candidate) => candidate.command === `topologyBench.${name}`);
    expect(command?.enablement, name).toBe('isWorkspaceTrusted');
  }
});

test('views, their container, the panel, the language and the walkthrough have the ids that the code uses', () => {
  expect(contributes.viewsContainers.activitybar.map((container) => container.id)).toEqual([viewContainerId]);
  expect(contributes.views[viewContainerId]?.map((view) => view.id)).toEqual(Object.values(viewIds));
  expect(manifest.activationEvents).toContain(`onWebviewPanel:${panelType}`);
  expect(contributes.languages.map((language) => [language.id, language.filenames])).toEqual([
    [languageId, ['config.pbtxt']],
  ]);
  expect(contributes.walkthroughs.map((walkthrough) => walkthrough.id)).toEqual([walkthroughId]);
});

test('the walkthrough goes from a model to a deployment, and each step is ticked by what it asks for', () => {
  const steps = contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);
  expect(steps.map(({ id }) => id)).toEqual(['model', 'benchmark', 'results', 'compare', 'deploy']);
  const known = [
    ...Object.keys(commandTitles).map((id) => `onCommand:${id}`),
    ...Object.values(contextKeys).map((key) => `onContext:${key}`),
    `onContext:activeWebviewPanelId == '${panelType}'`,
  ];
  for (const { id, completionEvents } of steps) {
    expect(completionEvents.length, id).toBeGreaterThan(0);
    expect(
      completionEvents.filter((event) => !known.includes(event)),
      id,
    ).toEqual([]);
  }
  // Whichever way it came to that: by a lens, a tree, the command of another window.
  const events = Object.fromEntries(steps.map(({ id, completionEvents }) => [id, completionEvents]));
  expect(events['benchmark']).toContain(`onContext:${contextKeys.running}`);
  expect(events['results']).toContain(`onContext:${contextKeys.resultsSeen}`);
  expect(events['compare']).toContain(`onContext:${contextKeys.comparisonSeen}`);
});

test('is activated at every start, or the remains of a run would be found only by who opens the right file', () => {
  expect(manifest.activationEvents).toContain('onStartupFinished');
});

test('every setting of the table is contributed with its default, and no other', () => {
  const defaults = Object.fromEntries(
    Object.entries(settings).map(([key, setting]) => [key.replace('topologyBench.', ''), setting.default]),
  );
  expect(defaults).toEqual(settingDefaults);
});

test('settings are described and scoped, and each value of an enum is described', () => {
  for (const [key, setting] of Object.entries(settings)) {
    expect(nls(setting.markdownDescription).length, key).toBeGreaterThan(20);
    expect(['machine', 'machine-overridable', 'resource', 'window'], key).toContain(setting.scope);
    expect(setting.markdownEnumDescriptions?.map(nls).length, key).toBe(setting.enum?.length);
  }
  expect(settings['topologyBench.kubeconfig']?.scope).toBe('machine');
  // A workspace could unprotect a context otherwise.
  expect(settings['topologyBench.protectedContexts']?.scope).toBe('machine');
});

test('settings stand in the order in which package.json has them, and not by their names', () => {
  for (const { properties } of contributes.configuration) {
    const orders = Object.values(properties).map(({ order }) => order);
    expect(orders).toEqual(orders.map((_order, index) => index + 1));
  }
});

test('an untrusted workspace may not decide what runs, nor where', () => {
  const { supported, restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
  expect(supported).toBe('limited');
  expect(restrictedConfigurations).toEqual(restrictedSettings.map((key) => `topologyBench.${key}`));
  const naming = Object.keys(settings).filter((key) => /images\.|gpu\.|kubeconfig|Folder|Url/.test(key));
  expect(restrictedConfigurations).toEqual(expect.arrayContaining(naming));
});

test('the settings begin with the same images and GPU as a plan without any', () => {
  const { server, triton, loadGenerator, packages } = defaultImages;
  expect(settingDefaults).toMatchObject({
    'images.server': server,
    'images.triton': triton,
    'images.loadGenerator': loadGenerator,
    'images.packages': packages,
    'gpu.resource': defaultGpu.resource,
    'gpu.tolerations': defaultGpu.tolerations,
    'gpu.nodeSelector': defaultGpu.nodeSelector,
    'gpu.runtimeClass': defaultGpu.runtimeClassName,
  });
});

test('menus, welcome texts and "when" clauses name only what exists', () => {
  const items = Object.values(contributes.menus).flat();
  for (const { command, when = '' } of items) {
    expect(Object.keys(commandTitles)).toContain(command);
    for (const [, view] of when.matchAll(/view == ([\w.]+)/g)) expect(Object.values(viewIds)).toContain(view);
    for (const [, context] of when.matchAll(/viewItem == ([\w.]+)/g))
      expect(Object.values(nodeContexts)).toContain(context);
    for (const [key] of when.matchAll(/(?<!== )topologyBench\.\w+/g)) expect(Object.values(contextKeys)).toContain(key);
  }
  for (const { view, contents, when } of contributes.viewsWelcome) {
    expect(Object.values(viewIds)).toContain(view);
    for (const [, command] of nls(contents).matchAll(/command:([\w.]+)/g))
      expect(Object.keys(commandTitles)).toContain(command);
    for (const [key] of when.matchAll(/topologyBench\.\w+/g)) expect(Object.values(contextKeys)).toContain(key);
  }
});

/** Commands that the menu of a row in a view has, whatever else is selected and known. */
function menuOf(row: string, view: string): string[] {
  return itemsOf(row, view).flatMap(({ command, isButton }) => (isButton ? [] : [command]));
}

/** Those of its buttons, which only a pointer reaches. */
function buttonsOf(row: string, view: string): string[] {
  return itemsOf(row, view).flatMap(({ command, isButton }) => (isButton ? [command] : []));
}

function itemsOf(row: string, view: string): { readonly command: string; readonly isButton: boolean }[] {
  return (contributes.menus['view/item/context'] ?? []).flatMap(({ command, when = '', group = '' }) => {
    const fits = when.split(' && ').every((condition) => {
      const [, key, operator, value = ''] = /^(view|viewItem) (==|=~) (.*)$/u.exec(condition) ?? [];
      if (key === undefined) return true;
      const is = key === 'view' ? view : row;
      return operator === '==' ? is === value : new RegExp(value.slice(1, -1), 'u').test(is);
    });
    const isButton = group.startsWith('inline');
    return fits ? [{ command: command.replace('topologyBench.', ''), isButton }] : [];
  });
}

const { result, resultBesideBaseline, baseline, unreadableResult, resultGroup, canRunAgain } = nodeContexts;
const ofEveryResult = [
  'openRecord',
  'openResults',
  'copyMarkdown',
  'exportCsv',
  'exportJson',
  'exportHtml',
  'saveAsPlan',
  'compareWith',
  'compareSelected',
  'deleteResult',
];

test.each<[string, string, readonly string[]]>([
  ['a result', result, [...ofEveryResult, 'pinBaseline']],
  ['a result beside its baseline', resultBesideBaseline, [...ofEveryResult, 'compareWithBaseline', 'pinBaseline']],
  ['a baseline', baseline, [...ofEveryResult, 'unpinBaseline']],
])('the menu of %s has what can be done with it, and Benchmark Again where that is known', (_what, row, commands) => {
  expect(menuOf(row, viewIds.results).sort()).toEqual([...commands].sort());
  expect(menuOf(`${row}.${canRunAgain}`, viewIds.results).sort()).toEqual([...commands, 'benchmarkAgain'].sort());
});

test('a record that cannot be read can be looked at and deleted, and a group has no menu', () => {
  expect(menuOf(unreadableResult, viewIds.results)).toEqual(['openRecord', 'compareSelected', 'deleteResult']);
  expect(menuOf(resultGroup, viewIds.results)).toEqual([]);
});

const { context, protectedContext, namespace, problem, problemOfSetting, liveRun, topology } = nodeContexts;
const { deployment, deploymentWithoutModel } = nodeContexts;
const ofEveryDeployment = ['showLogs', 'copyEndpoint', 'sendSampleRequest', 'uploadModelAgain', 'deleteDeployment'];

test.each<[string, string, keyof typeof viewIds, readonly string[]]>([
  ['a context', context, 'cluster', ['selectContext', 'protectContext']],
  ['a protected context', protectedContext, 'cluster', ['selectContext', 'unprotectContext']],
  ['a namespace', namespace, 'cluster', ['selectNamespace']],
  ['a problem of the cluster', problem, 'cluster', ['selectContext', 'refresh', 'showOutput']],
  ['a problem that a setting mends', problemOfSetting, 'topologies', ['refresh', 'openSettings', 'showOutput']],
  ['a run under way', liveRun, 'topologies', ['openResults', 'cancelRun']],
  ['a topology', topology, 'topologies', ['benchmark', 'deploy']],
  ['a deployment', deployment, 'topologies', ofEveryDeployment],
  ['a deployment without its model', deploymentWithoutModel, 'topologies', ofEveryDeployment],
])('the menu of %s has everything that can be done with it', (_what, row, view, commands) => {
  expect(menuOf(row, viewIds[view]).sort()).toEqual([...commands].sort());
});

test('whatever a button of a row does, its menu does, too: a keyboard reaches no button', () => {
  const rows = [
    ...Object.values(nodeContexts),
    ...[result, resultBesideBaseline, baseline].map((row) => `${row}.${canRunAgain}`),
  ];
  const buttons = rows.flatMap((row) =>
    Object.values(viewIds).flatMap((view) => buttonsOf(row, view).map((button) => ({ row, view, button }))),
  );
  expect(new Set(buttons.map(({ button }) => button)).size).toBeGreaterThan(9);
  expect(buttons.filter(({ row, view, button }) => !menuOf(row, view).includes(button))).toEqual([]);
});

const hasKubeconfig = `${contextKeys.clusterState} != missing`;
const hasPlace = `${hasKubeconfig} && ${contextKeys.clusterState} != unselected`;

test('no button or menu of a view offers what cannot work without a kubeconfig, or without a context', () => {
  const clauseOf = (menu: string, name: string): string[] =>
    (contributes.menus[menu] ?? []).flatMap(({ command, when = '' }) =>
      command === `topologyBench.${name}` ? [when.replace(/^view \S+ \S+ && /u, '')] : [],
    );
  expect(clauseOf('view/title', 'selectContext')).toEqual([hasKubeconfig]);
  expect(clauseOf('view/title', 'selectNamespace')).toEqual([hasPlace]);
  expect(clauseOf('view/title', 'cleanUp')).toEqual([hasPlace]);
  const ofTopology = `viewItem == ${topology} && ${hasKubeconfig}`;
  expect(clauseOf('view/item/context', 'deploy')).toEqual([ofTopology, ofTopology]);
});

test('the palette offers nothing of which a view knows that it cannot work', () => {
  const offered = Object.fromEntries(
    (contributes.menus['commandPalette'] ?? []).map(({ command, when }) => [
      command.replace('topologyBench.', ''),
      when,
    ]),
  );
  const ofResults = [
    'benchmarkAgain',
    'exportResult',
    'exportCsv',
    'exportJson',
    'exportHtml',
    'copyMarkdown',
    'saveAsPlan',
    'compareWith',
    'compareWithBaseline',
    'pinBaseline',
    'unpinBaseline',
  ];
  const ofCluster = [
    'deleteDeployment',
    'showLogs',
    'copyEndpoint',
    'sendSampleRequest',
    'uploadModelAgain',
    'cleanUp',
    'selectNamespace',
    'protectContext',
    'unprotectContext',
  ];
  // A run under way has no record yet.
  expect(offered['openResults']).toBe(`!${contextKeys.noResults} || ${contextKeys.running}`);
  for (const name of ofResults) expect(offered[name], name).toBe(`!${contextKeys.noResults}`);
  // Not "== shown": before the Cluster view was seen nothing is known, and a keyboard needs no view.
  for (const name of ofCluster) expect(offered[name], name).toBe(hasPlace);
  // One of several contexts can be chosen by its questions.
  expect(offered['deploy']).toBe(hasKubeconfig);
  // These need what is selected in a tree, or mend what hides the others.
  for (const name of ['openRecord', 'deleteResult', 'compareSelected']) expect(offered[name], name).toBe('false');
  for (const name of ['benchmark', 'selectContext', 'chooseKubeconfig', 'refresh', 'openSettings'])
    expect(offered[name]).toBeUndefined();
});

test('every text of package.json that people read is a %key%, but for the name of the extension', () => {
  const read = /^(description|title|contextualTitle|category|label|aliases|contents|altText|markdown.*Descriptions?)$/;
  const found: string[] = [];
  const look = (value: unknown, key: string): void => {
    if (typeof value === 'string' && read.test(key)) found.push(value);
    if (Array.isArray(value)) for (const item of value as unknown[]) look(item, key);
    else if (typeof value === 'object' && value !== null)
      for (const [name, part] of Object.entries(value)) look(part, name);
  };
  look(manifest, '');
  expect(found.length).toBeGreaterThan(100);
  expect(found.filter((text) => !/^%[^%]+%$/.test(text) && text !== 'Topology Bench')).toEqual([]);
});

test('every %key% of package.json has its text, and every text is used', () => {
  const used = [...JSON.stringify(manifest).matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key);
  expect([...new Set(used)].sort()).toEqual(Object.keys(texts).sort());
});

test('the files that package.json points to are there', () => {
  const files = [
    manifest.icon,
    ...contributes.viewsContainers.activitybar.map((container) => container.icon),
    ...contributes.languages.map((language) => language.configuration),
    ...contributes.grammars.map((grammar) => grammar.path),
    ...contributes.walkthroughs.flatMap(({ steps }) =>
      steps.flatMap(({ media }) => {
        if ('markdown' in media) return [media.markdown];
        return typeof media.image === 'string' ? [media.image] : Object.values(media.image);
      }),
    ),
    'media/panel-light.svg',
    'media/panel-dark.svg',
  ];
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('a model stays on the machine that has its files', () => {
  expect(manifest.extensionKind).toEqual(['workspace']);
  expect(manifest.main).toBe('./dist/extension.cjs');
});

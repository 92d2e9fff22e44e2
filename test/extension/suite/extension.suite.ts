/** The extension by its own API, inside a real extension host. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { TopologyBenchApi } from '../../../src/extension/extension.ts';
import { samplePaths } from '../harness/samplePaths.ts';

const id = 'topology-bench.topology-bench';

interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

function extension(): vscode.Extension<TopologyBenchApi> {
  const found = vscode.extensions.getExtension<TopologyBenchApi>(id);
  assert.ok(found, `${id} is not installed`);
  return found;
}

function uriOf(path: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, 'no folder is open');
  return vscode.Uri.joinPath(folder.uri, path);
}

async function lensesOf(path: string): Promise<vscode.CodeLens[]> {
  const uri = uriOf(path);
  await vscode.window.showTextDocument(uri);
  return vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri, 10);
}

function markOf(uri: vscode.Uri, hint: string): vscode.Diagnostic | undefined {
  return vscode.languages.getDiagnostics(uri).find(({ code }) => typeof code === 'object' && code.value === hint);
}

/** What `look` finds, as soon as it does. */
async function eventually<Found>(look: () => Found | undefined): Promise<Found> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    assert.ok(Date.now() < deadline, 'waited 60 s');
    await new Promise((next) => setTimeout(next, 100));
  }
}

describe('the extension', () => {
  let api: TopologyBenchApi;

  before(async () => {
    api = await extension().activate();
  });

  it('activates without loading the engine or the Kubernetes client', () => {
    assert.deepEqual(api.loadedBundles(), []);
    assert.ok(Number.isFinite(api.activationMs));
  });

  it('shows results in the sidebar and in a panel without loading them either', async () => {
    const [file] = await vscode.workspace.fs.readDirectory(uriOf(samplePaths.runs));
    assert.ok(file);
    assert.equal((await api.tree('results')).length, 1);
    await vscode.commands.executeCommand('topologyBench.openResults', file[0].replace('.json', ''));
    try {
      await eventually(() => (api.panels().some(({ view }) => view?.kind === 'record') ? true : undefined));
      assert.deepEqual(loadedBundles(), ['records']);
    } finally {
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    }
  });

  it('registers every command that it contributes', async () => {
    const known = new Set(await vscode.commands.getCommands(true));
    const { contributes } = extension().packageJSON as Manifest;
    const missing = contributes.commands.map(({ command }) => command).filter((command) => !known.has(command));
    assert.deepEqual(missing, []);
  });

  it('puts a lens on the configs of text classifiers', async () => {
    for (const path of [samplePaths.classifier, samplePaths.huggingFace]) {
      const [lens, ...others] = await lensesOf(path);
      assert.equal(lens?.command?.command, 'topologyBench.benchmark', path);
      assert.deepEqual(others, [], path);
    }
  });

  it('puts none on the config of another model, nor on any other config.json', async () => {
    for (const path of [samplePaths.vision, samplePaths.unrelated]) {
      const own = (await lensesOf(path)).filter((lens) => lens.command?.command.startsWith('topologyBench.'));
      assert.deepEqual(own, [], path);
    }
  });

  it('puts none anywhere when they are switched off', async () => {
    const settings = vscode.workspace.getConfiguration('topologyBench');
    await settings.update('codeLens.enabled', false, vscode.ConfigurationTarget.Workspace);
    try {
      assert.deepEqual(await lensesOf(samplePaths.classifier), []);
    } finally {
      await settings.update('codeLens.enabled', undefined, vscode.ConfigurationTarget.Workspace);
    }
  });

  it('marks what costs performance, and the quick fix does away with it', async () => {
    const uri = uriOf(samplePaths.classifier);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document);
    try {
      const text = document.getText();
      const [line = ''] = /^dynamic_batching.*\n/mu.exec(text) ?? [];
      const start = text.indexOf(line);
      const removal = new vscode.WorkspaceEdit();
      removal.delete(uri, new vscode.Range(document.positionAt(start), document.positionAt(start + line.length)));
      assert.ok(await vscode.workspace.applyEdit(removal));
      const marked = await eventually(() => markOf(uri, 'dynamic-batching-off'));
      const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
        'vscode.executeCodeActionProvider',
        uri,
        marked.range,
        vscode.CodeActionKind.QuickFix.value,
      );
      const edit = actions.find((action) => action.isPreferred === true)?.edit;
      assert.ok(edit, 'no preferred quick fix');
      assert.ok(await vscode.workspace.applyEdit(edit));
      assert.match(document.getText(), /^max_batch_size: 16\ndynamic_batching \{ \}$/mu);
      await eventually(() => (markOf(uri, 'dynamic-batching-off') === undefined ? true : undefined));
    } finally {
      await vscode.commands.executeCommand('workbench.action.files.revert');
    }
  });

  it('knows a config.pbtxt by its language', async () => {
    const document = await vscode.workspace.openTextDocument(uriOf(samplePaths.classifier));
    assert.equal(document.languageId, 'triton-model-config');
  });

  it('helps to write a plan file: a lens, what is wrong, what can follow, what a field means', async () => {
    const uri = uriOf(samplePaths.plan);
    const [lens, ...others] = await lensesOf(samplePaths.plan);
    assert.equal(lens?.command?.command, 'topologyBench.benchmark');
    assert.deepEqual(others, []);
    const problems = await eventually(() => {
      const found = vscode.languages.getDiagnostics(uri);
      return found.length === 0 ? undefined : found;
    });
    assert.deepEqual(
      problems.map(({ message, range }) => [message, range.start.line]),
      [['there is no field "coers". Did you mean "cores"?', 4]],
    );
    const offered = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      uri,
      new vscode.Position(5, 0),
    );
    const labels = offered.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    for (const field of ['profile', 'cores', 'gpu']) assert.ok(labels.includes(field), field);
    assert.ok(!labels.includes('topologies'), 'topologies are there already');
    const paths = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      uri,
      new vscode.Position(1, 'model: '.length),
    );
    assert.deepEqual(
      paths.items.map(({ label }) => label).filter((label) => typeof label === 'string' && label.startsWith('./')),
      ['./distilbert', './model_repository/sentiment'],
    );
    const [hover] = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      uri,
      new vscode.Position(2, 1),
    );
    const [text] = hover?.contents ?? [];
    assert.match(text instanceof vscode.MarkdownString ? text.value : '', /Where the topologies run/u);
    // The status bar reads the kubeconfig while a config is in sight; nothing else is needed for what stands in and above files.
    const ours = loadedBundles().filter((bundle) => bundle !== 'kubernetes');
    assert.deepEqual(ours, ['records', 'planFiles']);
  });

  it('lists the record of the workspace and opens its panel beside the code', async () => {
    await vscode.window.showTextDocument(uriOf(samplePaths.classifier));
    const [result, ...others] = await api.tree('results');
    assert.deepEqual(others, []);
    assert.equal(result?.description, 'tiny-sentiment');
    const [file] = await vscode.workspace.findFiles(`${samplePaths.runs}/*.json`);
    assert.ok(file);
    const runId = file.path.slice(file.path.lastIndexOf('/') + 1, -'.json'.length);
    await vscode.commands.executeCommand('topologyBench.openResults', runId);
    const drawn = await eventually(() => api.panels().find((panel) => panel.drawn?.runId === runId));
    assert.deepEqual(drawn.problems, []);
    assert.equal(drawn.drawn?.kind, 'record');
    assert.ok(drawn.drawn.figures.length >= 9, 'three topologies at three levels');
    const tab = vscode.window.tabGroups.all.flatMap((group) => group.tabs).find((each) => each.label === drawn.title);
    assert.equal(tab?.group.viewColumn, vscode.ViewColumn.Two);
  });

  it('says in the cluster view what is wrong, and never shows an empty list instead', async () => {
    const broken = await clusterTexts(samplePaths.brokenKubeconfig);
    assert.equal(broken.length, 1);
    assert.match(broken[0] ?? '', /kubeconfig/iu);
    const unreachable = await clusterTexts(samplePaths.kubeconfig);
    assert.match(unreachable[0] ?? '', /^staging/u);
    assert.match(unreachable[1] ?? '', /^models/u);
    assert.match(unreachable[2] ?? '', /refused|reach/iu);
  });

  /** Without what paints a panel first, which a busy machine skips: a panel waits for it for a tenth of a second. */
  function loadedBundles(): readonly string[] {
    return api.loadedBundles().filter((bundle) => bundle !== 'firstPaint');
  }

  /** The view's first level, with this file as kubeconfig. */
  async function clusterTexts(kubeconfig: string): Promise<string[]> {
    const settings = vscode.workspace.getConfiguration('topologyBench');
    await settings.update('kubeconfig', uriOf(kubeconfig).fsPath, vscode.ConfigurationTarget.Global);
    try {
      return (await api.tree('cluster')).map(({ label, description }) => `${label} ${description}`);
    } finally {
      await settings.update('kubeconfig', undefined, vscode.ConfigurationTarget.Global);
    }
  }
});

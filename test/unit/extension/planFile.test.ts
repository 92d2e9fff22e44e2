/** Plan files in the editor: what is marked, offered, run and saved. */
import { win32 } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { CodeAction, CompletionItem, MarkdownString, TextDocument } from 'vscode';
import { parsePlanFile } from '../../../src/core/planFile.ts';
import { stillGives } from '../../../src/core/planFileAgain.ts';
import { planFileChoices, planFileGpu } from '../../../src/core/planFileChoices.ts';
import { planFileCompletions, planFileHover } from '../../../src/core/planFileHelp.ts';
import { planFileText } from '../../../src/core/planFileText.ts';
import { estimateSeconds, makePlan } from '../../../src/core/planning.ts';
import type { RunRecord } from '../../../src/core/record.ts';
import type { BenchmarkChoices, TargetChoice } from '../../../src/extension/choices.ts';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import type { PreparedRun } from '../../../src/extension/prepare.ts';
import type { Services } from '../../../src/extension/services.ts';
import { choices as planChoices } from '../../support/choices.ts';
import { sampleOrigin } from '../../support/origin.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';
import {
  changeOnDisk,
  documentClosed,
  documentOpened,
  editorChanged,
  FakeDocument,
  fakeEditor,
  files,
  fileWatchers,
  haveOpen,
  marks as marked,
  type WorkspaceEdit,
} from './fakeEditor.ts';
import { useDefaults } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeEditor.ts')).fakeEditor);
vi.mock('../../../src/extension/engine.ts', () => ({
  loadEngine: async () => engine,
  loadPlanFiles: async () => engine,
}));
const started: PreparedRun[] = [];
let retry: (() => void) | undefined;
vi.mock('../../../src/extension/startRun.ts', () => ({
  startRun: async (prepared: PreparedRun, _services: unknown, again?: () => void) => {
    started.push(prepared);
    retry = again;
  },
  panelTitle: () => '',
}));
vi.mock('../../../src/extension/questions/pick.ts', () => ({
  pickOne: async ({ title }: { title: string }) => {
    asked.push(title);
    return { kind: 'value', value: { kind: 'built-in' } };
  },
}));
const { Diagnostics } = await import('../../../src/extension/diagnostics.ts');
const { planFileCheck } = await import('../../../src/extension/planCheck.ts');
const { PlanFixes } = await import('../../../src/extension/planFixes.ts');
const { pathFrom, registerPlanFileHelp } = await import('../../../src/extension/planHelp.ts');
const { PlanLenses } = await import('../../../src/extension/planLens.ts');
const { benchmarkAgain, benchmarkCommand } = await import('../../../src/extension/commands/benchmark.ts');
const { readDocument } = await import('../../../src/extension/modelDocument.ts');
const { saveAsPlan } = await import('../../../src/extension/commands/saveAsPlan.ts');

const planPath = '/project/topology-bench.yaml';
const planUri = fakeEditor.Uri.file(planPath);
const asked: string[] = [];
const resolved: unknown[] = [];

const engine = {
  stillGives,
  modelConfigPath: async (folder: string) => {
    const config = `${folder}/config.pbtxt`;
    return files.has(config) ? config : undefined;
  },
  parsePlanFile,
  planFileChoices,
  planFileGpu,
  planFileCompletions,
  planFileHover,
  planFileText,
  makePlan,
  estimateSeconds,
  newRunId: () => '20261124-210000-0000',
  openAssets: () => ({
    tinyModelDirectory: '/tiny',
    payload: async () => planChoices.payload,
    servingSha256: async () => sampleOrigin.origin.servingSha256,
  }),
  resolveModel: async (request: unknown) => {
    resolved.push(request);
    return { model: planChoices.model, triton: null, config: null, modelPaths: {}, warnings: [] };
  },
  lookAtMachine: async () => ({ toFetch: [], cacheDirectory: '/cache', noTriton: null }),
};

let last: TargetChoice | undefined;
let choicesOfRun: BenchmarkChoices | undefined;
const remembered: unknown[] = [];
const record = sampleRecord();
/** The last run of the plan file. */
let measured = record;
const memory = {
  lastAnswers: () => undefined,
  lastChoices: () => (last === undefined ? undefined : ({ target: last } as BenchmarkChoices)),
  rememberChoices: async (choices: unknown) => remembered.push(choices),
  tokenizerOf: () => undefined,
  choicesOf: () => choicesOfRun,
  lastRunOf: (of: { uri?: string }) => (of.uri === planUri.toString() ? record.id : undefined),
};
const contexts = [
  { name: 'kind-x', namespace: 'default', current: true },
  { name: 'production', namespace: 'models', current: false },
];
const placeOf = ({ name, namespace }: (typeof contexts)[number]) => ({ context: name, namespace });
const cluster = {
  contexts: async () => contexts,
  placeOf,
  current: async () => ({ context: 'kind-x', namespace: 'team-a' }),
  lacksNamespace: async () => false,
};
const services = {
  extension: { path: '/ext', version: '1' },
  memory,
  cluster,
  results: { read: async () => measured },
  runs: { get: () => undefined, active: () => [] },
  panels: { inFront: () => undefined },
  protection: { permits: async (context: string) => context !== 'protected' },
  log: {},
} as unknown as Services;

const start = (): void => {
  fakeEditor.window.showInformationMessage.mockResolvedValueOnce('Start');
};
const questions = (): unknown[] => fakeEditor.window.showInformationMessage.mock.calls;

beforeEach(() => {
  useDefaults({ ...settingDefaults, cores: 7, 'images.server': 'mirror.example/python' });
  vi.clearAllMocks();
  // An answer that was not asked for must not be another test's.
  fakeEditor.window.showInformationMessage.mockReset();
  files.clear();
  fileWatchers.clear();
  files.set('/project/models/sentiment/config.pbtxt', 'backend: "onnxruntime"');
  for (const list of [asked, resolved, remembered, started]) list.length = 0;
  last = undefined;
  choicesOfRun = undefined;
  measured = record;
  fakeEditor.window.activeTextEditor = undefined;
  haveOpen();
  fakeEditor.workspace.isTrusted = true;
  fakeEditor.workspace.workspaceFolders = [{ uri: fakeEditor.Uri.file('/project') }];
});

describe('what is marked', () => {
  const settled = (): Promise<void> =>
    vi.waitFor(() => {
      expect(marked.get(planPath)).toBeDefined();
    });
  const marks = () =>
    marked.get(planPath)?.map(({ range, message, severity }) => ({
      at: `${String(range.start.line)}:${String(range.start.character)}-${String(range.end.character)}`,
      message,
      severity,
    }));

  test('a misspelt field, and a model that is not there, at their place', async () => {
    const document = new FakeDocument(planPath, 'version: 1\nmodel: ./models/sentimnet\nprofil: quick\n');
    const shown = new Diagnostics('test', planFileCheck(), { note: vi.fn() });
    documentOpened.fire(document);
    await settled();
    expect(marks()).toEqual([
      { at: '2:0-6', message: 'there is no field "profil". Did you mean "profile"?', severity: 0 },
      {
        at: '1:7-25',
        message: 'There is no file or folder "./models/sentimnet"; it is looked for from the folder of this file.',
        severity: 1,
      },
    ]);
    shown.dispose();
  });

  test('a misspelt field has a quick fix, and what is not marked has none', async () => {
    const document = new FakeDocument(planPath, 'version: 1\nprofil: quick\nseed: x\n');
    const shown = new Diagnostics('test', planFileCheck(), { note: vi.fn() });
    documentOpened.fire(document);
    await settled();
    const actions = (line: number): Promise<CodeAction[]> => {
      const context = {
        diagnostics: [...(marked.get(planPath) ?? [])].filter(({ range }) => range.start.line === line),
      };
      return new PlanFixes().provideCodeActions(
        document as unknown as TextDocument,
        new fakeEditor.Range(line, 1, line, 1) as never,
        context as never,
      );
    };
    const [fix, ...others] = await actions(1);
    expect(others).toEqual([]);
    expect(fix).toMatchObject({ title: 'Change to "profile"', isPreferred: true, diagnostics: { length: 1 } });
    expect(document.with(fix?.edit as unknown as WorkspaceEdit)).toBe('version: 1\nprofile: quick\nseed: x\n');
    expect(await actions(0)).toEqual([]);
    expect(await actions(2)).toEqual([]);
    shown.dispose();
  });

  test('a second document, by the line that it begins with', async () => {
    const document = new FakeDocument(planPath, 'version: 1\nmodel: models/sentiment\n---\nversion: 1\n');
    const shown = new Diagnostics('test', planFileCheck(), { note: vi.fn() });
    documentOpened.fire(document);
    await settled();
    expect(marks()).toMatchObject([
      { at: '2:0-3', message: expect.stringMatching(/^A second YAML document begins here/u) as string, severity: 0 },
    ]);
    shown.dispose();
  });

  test('what is wrong after a pause in typing, and nothing once it is right', async () => {
    const document = new FakeDocument(planPath, 'version: 1\nmodel: models/sentiment\ncores: [1\n');
    const shown = new Diagnostics('test', planFileCheck(), { note: vi.fn() });
    documentOpened.fire(document);
    await settled();
    expect(marks()?.map(({ at, severity }) => [at, severity])).toEqual([['2:8-9', 0]]);
    document.type('version: 1\nmodel: models/sentiment\ncores: 1\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(marks()).toHaveLength(1);
    await vi.waitFor(() => {
      expect(marks()).toEqual([]);
    });
    shown.dispose();
  });

  test('a model that came or went, when one comes back to the file; nothing of a file that was closed', async () => {
    const document = new FakeDocument(planPath, 'version: 1\nmodel: models/new\n');
    const shown = new Diagnostics('test', planFileCheck(), { note: vi.fn() });
    documentOpened.fire(document);
    await vi.waitFor(() => {
      expect(marks()).toHaveLength(1);
    });
    files.set('/project/models/new/config.json', '{}');
    haveOpen(document);
    editorChanged.fire({ document });
    await vi.waitFor(() => {
      expect(marks()).toEqual([]);
    });
    documentClosed.fire(document);
    expect(marks()).toBeUndefined();
    shown.dispose();
  });

  test('what was open before the extension began, without holding that up', async () => {
    haveOpen(new FakeDocument(planPath, 'version: 2\n'));
    const shown = new Diagnostics('test', planFileCheck(), { note: vi.fn() });
    expect(marks()).toBeUndefined();
    await settled();
    expect(marks()).toHaveLength(1);
    shown.dispose();
  });

  test('no other YAML', async () => {
    const shown = new Diagnostics('test', planFileCheck(), { note: vi.fn() });
    documentOpened.fire(new FakeDocument('/project/values.yaml', 'profil: quick\n'));
    await Promise.resolve();
    expect(marked.size).toBe(0);
    shown.dispose();
  });
});

describe('what is offered', () => {
  type Provide<Result> = (document: TextDocument, at: unknown, token: unknown, context: unknown) => Promise<Result>;
  const provider = <Result>(register: { mock: { calls: unknown[][] } }, name: string): Provide<Result> => {
    registerPlanFileHelp();
    const provide = (register.mock.calls.at(-1)?.[1] as Record<string, Provide<Result>>)[name];
    if (provide === undefined) throw new Error(`nothing was registered that has ${name}`);
    return provide;
  };
  /** @param typed the character that asks by itself; none: the user does */
  const ask = async <Result>(provide: Provide<Result>, marked: string, typed?: string): Promise<Result> => {
    const offset = marked.indexOf('|');
    const document = new FakeDocument(planPath, marked.replace('|', ''));
    const context = { triggerCharacter: typed };
    return provide(document as unknown as TextDocument, document.positionAt(offset), {}, context);
  };
  const completions = () =>
    provider<CompletionItem[]>(fakeEditor.languages.registerCompletionItemProvider, 'provideCompletionItems');
  const offered = (marked: string): Promise<CompletionItem[]> => ask(completions(), marked);

  test('fields with what they mean, in the order of the schema, in the place of the word', async () => {
    const items = await offered('version: 1\nco|lour\n');
    const context = items.find(({ label }) => label === 'context');
    expect(context).toMatchObject({ insertText: 'context: ', keepWhitespace: true });
    expect((context?.documentation as MarkdownString).value).toContain('Kube context of the cluster.');
    expect(context?.range).toMatchObject({
      inserting: { start: { line: 1, character: 0 }, end: { line: 1, character: 2 } },
      replacing: { start: { line: 1, character: 0 }, end: { line: 1, character: 6 } },
    });
    const order = items.map(({ sortText }) => sortText ?? '');
    expect(order).toEqual([...order].sort());
    const profile = items.find(({ label }) => label === 'profile');
    expect(profile?.command?.command).toBe('editor.action.triggerSuggest');
    expect((profile?.documentation as MarkdownString).value).toMatch(/Default: `quick`[^]*- `server`: MLPerf Server/u);
  });

  test('folders of models, from the folder of the file, and tokenizers; no files for other fields', async () => {
    files.set('/project/models/sentiment/config.pbtxt', tritonConfig);
    files.set('/project/models/b: c/config.pbtxt', tritonConfig);
    files.set('/project/other/config.json', '{ "compilerOptions": {} }');
    files.set('/project/shared/tokenizer.json', '{}');
    const models = await offered('version: 1\nmodel: |\n');
    expect(models.map(({ label, insertText }) => [label, insertText])).toEqual([
      ['./models/b: c', '"./models/b: c"'],
      ['./models/sentiment', './models/sentiment'],
    ]);
    expect((await offered('tokenizer: ./|')).map(({ label }) => label)).toEqual(['./shared/tokenizer.json']);
    fakeEditor.workspace.findFiles.mockClear();
    await offered('version: 1\n|');
    expect(fakeEditor.workspace.findFiles).not.toHaveBeenCalled();
  });

  test('nothing on another drive of Windows, to which no relative path leads', () => {
    expect(pathFrom('C:\\plans', 'D:\\models\\sentiment', win32)).toBeUndefined();
    expect(pathFrom('C:\\plans', '\\\\server\\models\\sentiment', win32)).toBeUndefined();
    expect(pathFrom('C:\\plans', 'c:\\plans\\models\\sentiment', win32)).toBe('./models/sentiment');
    expect(pathFrom('C:\\plans', 'C:\\models\\sentiment', win32)).toBe('../models/sentiment');
  });

  test('folders within the quotation marks that are there', async () => {
    files.set('/project/models/b: c/config.pbtxt', tritonConfig);
    const [item] = await offered('model: "./models/ol|d one"\n');
    expect(item).toMatchObject({
      insertText: './models/b: c',
      range: { inserting: { start: { character: 8 }, end: { character: 19 } }, replacing: { end: { character: 24 } } },
    });
  });

  test('files that were found a moment ago, while a path is typed, and new ones after that', async () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(0);
    const provide = completions();
    files.set('/project/models/sentiment/config.pbtxt', tritonConfig);
    await ask(provide, 'model: ./|', '/');
    files.set('/project/models/new/config.pbtxt', tritonConfig);
    expect(await ask(provide, 'model: ./models/|', '/')).toHaveLength(1);
    // One look at each of the two names that a config may have.
    expect(fakeEditor.workspace.findFiles).toHaveBeenCalledTimes(2);
    now.mockReturnValue(6_000);
    expect(await ask(provide, 'model: ./models/|', '/')).toHaveLength(2);
    now.mockRestore();
  });

  test.each([
    ['profile: |', ' ', true],
    ['topologies:\n  -|', '-', true],
    ['topologies:\n  - |', ' ', true],
    ['topologies: [|', '[', true],
    ['images: { packages: |', ' ', true],
    ['profile: "|', '"', true],
    ['# a comment |', ' ', false],
    ['profile: quick # by the way, |', ' ', false],
    ['gpu:\n  |', ' ', false],
    ['topologies: [fastapi |', ' ', false],
    ['profile: single-|', '-', false],
  ])('behind %j the character %j asks by itself: %s', async (marked, typed, asks) => {
    const read = vi.spyOn(engine, 'planFileCompletions');
    await ask(completions(), marked, typed);
    expect(read.mock.calls.length).toBe(asks ? 1 : 0);
    read.mockRestore();
  });

  test('what is pointed at', async () => {
    const hover = provider<{ contents: MarkdownString } | undefined>(
      fakeEditor.languages.registerHoverProvider,
      'provideHover',
    );
    expect((await ask(hover, 'cor|es: 2'))?.contents.value).toMatch(
      /^\*\*cores\*\* \(whole number, 1 to 256\)\n\nCPU cores [^]*Default: `2`$/u,
    );
    expect((await ask(hover, 'target: lo|cal'))?.contents.value).toMatch(/^`local`: On this machine/u);
    expect(await ask(hover, 'colour: r|ed')).toBeUndefined();
  });
});

describe('the lens', () => {
  /** What the results folder holds besides. */
  let stored: readonly RunRecord[] = [];
  beforeEach(() => {
    stored = [];
  });
  const nothing = { onDidChange: () => ({ dispose: () => undefined }) };
  const make = (runs: Partial<Services['runs']> = {}) =>
    new PlanLenses(
      memory as never,
      { ...nothing, read: async () => measured, list: async () => stored.map((one) => ({ record: one })) } as never,
      { ...nothing, get: () => undefined, active: () => [], ...runs } as never,
    );
  const lensesOf = async (text = 'version: 1\n', lenses = make()) => {
    const found = await lenses.provideCodeLenses(new FakeDocument(planPath, text) as unknown as TextDocument);
    return Promise.all(found.map(async (lens) => (await lenses.resolveCodeLens(lens)).command));
  };
  /** What the plan file said when its last run was started. */
  const before = (text: string): void => {
    const { planFile } = parsePlanFile(text);
    if (planFile !== undefined)
      choicesOfRun = { plan: { uri: planUri.toString(), file: planFile } } as BenchmarkChoices;
  };
  const config = '/project/models/sentiment/config.pbtxt';
  /** Its model had this config then. */
  const withConfig = (text: string): void => {
    const hashes = readDocument(new FakeDocument(config, text) as unknown as TextDocument).hashes();
    const modelConfig = { format: 'config.pbtxt', sha256: '', settingsSha256: null, ...hashes } as const;
    measured = sampleRecord({ record: { modelConfig } });
  };

  test('runs the plan, and shows what its last run showed', async () => {
    before('version: 1\n');
    const [begin, ...figures] = await lensesOf();
    expect(begin).toMatchObject({ command: 'topologyBench.benchmark', title: '$(beaker) Benchmark Topology' });
    expect(begin?.arguments).toEqual([planUri]);
    expect(figures.map((figure) => figure?.title)).toEqual([
      expect.stringMatching(/^\S+ ago, \S+ conn\.: fastapi \S+ RPS, p50\/p95 \S+ ms$/u),
      expect.stringMatching(/^triton /u),
      expect.stringMatching(/^hybrid /u),
    ]);
    expect(figures[0]?.arguments).toEqual([record.id]);
  });

  test('says that the figures are stale once the file says something else, comments aside', async () => {
    before('# as agreed\nversion: 1\n');
    const [, same] = await lensesOf();
    expect(same?.title).not.toContain('stale');
    before('version: 1\ncores: 4\n');
    const [, changed] = await lensesOf();
    expect(changed?.title).toMatch(/^stale, .* ago, /u);
    expect(changed?.tooltip).toContain('\nThe plan file would run something else now.');
  });

  test('says so by the record, too, of a run whose answers are forgotten', async () => {
    const saved = planFileText(measured, 'unknown');
    const [, same] = await lensesOf(saved);
    expect(same?.title).not.toContain('stale');
    const [, changed] = await lensesOf(saved.replace('cores: 2', 'cores: 4'));
    expect(changed?.title).toMatch(/^stale, /u);
  });

  test("says that they are stale once the model's config says something else, saved or not", async () => {
    const text = 'version: 1\nmodel: models/sentiment\n';
    before(text);
    withConfig(tritonConfig);
    files.set(config, `# a comment\n${tritonConfig}`);
    const [, same] = await lensesOf(text);
    expect(same?.title).not.toContain('stale');
    files.set(config, tritonConfig.replace('size: 8', 'size: 4'));
    const [, onDisk] = await lensesOf(text);
    expect(onDisk?.title).toMatch(/^stale, /u);
    expect(onDisk?.tooltip).toContain("\nThe config of the plan's model has changed since.");
    const document = new FakeDocument(config, tritonConfig);
    haveOpen(document);
    const lenses = make();
    let drawn = 0;
    lenses.onDidChangeCodeLenses(() => {
      drawn += 1;
    });
    const [, inEditor] = await lensesOf(text, lenses);
    expect(inEditor?.title).not.toContain('stale');
    document.type(tritonConfig.replace('size: 8', 'size: 2'));
    expect(drawn).toBe(1);
    const [, typed] = await lensesOf(text, lenses);
    expect(typed?.title).toMatch(/^stale, /u);
    new FakeDocument('/project/other/config.pbtxt', '').type('x');
    lenses.dispose();
    expect(drawn).toBe(1);
  });

  test('notices that the config changes on the disk while no editor shows it, as long as the plan is open', async () => {
    vi.useFakeTimers();
    try {
      const text = 'version: 1\nmodel: models/sentiment\n';
      before(text);
      withConfig(tritonConfig);
      files.set(config, tritonConfig);
      const lenses = make();
      let drawn = 0;
      lenses.onDidChangeCodeLenses(() => {
        drawn += 1;
      });
      const plan = new FakeDocument(planPath, text);
      const shown = async (): Promise<string> => {
        const [, figure] = await lenses.provideCodeLenses(plan as unknown as TextDocument);
        return figure === undefined ? '' : ((await lenses.resolveCodeLens(figure)).command?.title ?? '');
      };
      expect(await shown()).not.toContain('stale');
      changeOnDisk(config, tritonConfig.replace('size: 8', 'size: 4'));
      await vi.advanceTimersByTimeAsync(500);
      expect(drawn).toBe(1);
      expect(await shown()).toContain('stale');
      // Another commit is checked out: the file is away for a moment.
      changeOnDisk(config, undefined);
      await vi.advanceTimersByTimeAsync(500);
      expect(await shown()).not.toContain('stale');
      changeOnDisk(config, tritonConfig.replace('size: 8', 'size: 2'));
      await vi.advanceTimersByTimeAsync(500);
      expect(drawn).toBe(3);
      expect(await shown()).toContain('stale');
      expect([...fileWatchers.keys()]).toEqual([config]);
      documentClosed.fire(plan);
      expect(fileWatchers.size).toBe(0);
      lenses.dispose();
    } finally {
      vi.useRealTimers();
    }
  });

  test('watches the config that the plan names by now, and none once the window is done with it', async () => {
    files.set('/project/models/other/config.pbtxt', tritonConfig);
    const lenses = make();
    const follow = async (model: string): Promise<string[]> => {
      await lensesOf(`version: 1\nmodel: ${model}\n`, lenses);
      return [...fileWatchers.keys()];
    };
    expect(await follow('models/sentiment')).toEqual([config]);
    expect(await follow('models/other')).toEqual(['/project/models/other/config.pbtxt']);
    lenses.dispose();
    expect(fileWatchers.size).toBe(0);
    expect(await follow('models/sentiment')).toEqual([]);
  });

  test('says so of the model that was chosen for a plan without one', async () => {
    before('version: 1\n');
    const subject = { kind: 'config', uri: 'file:///project/models/sentiment' } as const;
    choicesOfRun = { ...choicesOfRun, subject } as BenchmarkChoices;
    withConfig(tritonConfig);
    files.set(config, tritonConfig.replace('size: 8', 'size: 4'));
    const [, changed] = await lensesOf();
    expect(changed?.tooltip).toContain("The config of the plan's model has changed since.");
  });

  test('shows a later run of the command line, of the same plan and the same config of its model', async () => {
    const text = planFileText(measured, { path: './models/sentiment', tokenizer: null });
    withConfig(tritonConfig);
    files.set(config, tritonConfig);
    const later = { ...measured, id: '20260103-093000-0001' };
    const shown = async (of: readonly RunRecord[], says = text): Promise<unknown> => {
      stored = of;
      const fresh = make();
      await lensesOf(says, fresh);
      await new Promise((resolve) => setTimeout(resolve, 0));
      return (await lensesOf(says, fresh))[1]?.arguments?.[0];
    };
    expect(await shown([later])).toBe(later.id);
    expect(await shown([{ ...later, modelConfig: record.modelConfig }])).toBe(measured.id);
    expect(await shown([later], text.replace('cores: 2', 'cores: 4'))).toBe(measured.id);
  });

  test('is not there for a plan that deploys nothing, and running that says how it is done', async () => {
    const text = 'version: 1\ntarget: endpoint\nprofile: quick\n';
    expect(await lensesOf(text)).toEqual([]);
    files.set(planPath, text);
    await expect(benchmarkCommand(planUri, services)).rejects.toMatchObject({
      message: 'topology-bench.yaml is a plan for an endpoint that exists already, and deploys nothing.',
      nextStep: 'Run it on the command line: topology-bench run topology-bench.yaml --endpoint URL.',
    });
  });

  test('leads to the run while one is under way', async () => {
    const live = { id: 'x', choices: { plan: { uri: planUri.toString() } }, state: null, cancelling: false };
    expect(await lensesOf('version: 1\n', make({ active: () => [live] as never }))).toMatchObject([
      { command: 'topologyBench.openResults', title: '$(sync~spin) Benchmark is queued', arguments: ['x'] },
    ]);
    const state = { stage: 'preflight', topologies: [] };
    expect(await lensesOf('version: 1\n', make({ active: () => [{ ...live, state }] as never }))).toMatchObject([
      { command: 'topologyBench.openResults', title: '$(sync~spin) Benchmark: checking', arguments: ['x'] },
    ]);
  });
});

describe('what is run', () => {
  const run = async (text: string, argument: unknown = planUri): Promise<PreparedRun | undefined> => {
    files.set(planPath, text);
    start();
    await benchmarkCommand(argument, services);
    return started.at(-1);
  };
  const phases = [{ connections: 4, seconds: 3 }];

  test('exactly what the file says, with the defaults that it has everywhere, after one question', async () => {
    const text =
      'version: 1\nmodel: models/sentiment\ntarget: local\ntopologies: [triton]\nphases: [{ connections: 4, seconds: 3 }]\nseed: 9\n';
    const prepared = await run(text);
    expect(prepared?.plan).toEqual(
      makePlan({ ...planChoices, target: { kind: 'local' }, topologies: ['triton'], phases, seed: 9 }),
    );
    expect(resolved.at(-1)).toEqual({ path: '/project/models/sentiment', tokenizerPath: undefined });
    expect(prepared?.choices).toMatchObject({
      subject: { kind: 'config', uri: 'file:///project/models/sentiment/config.pbtxt' },
      plan: { uri: planUri.toString(), file: { seed: 9 } },
    });
    expect(asked).toEqual([]);
    expect(questions()).toEqual([
      [
        'Benchmark sentiment: triton?',
        { modal: true, detail: expect.stringContaining('As topology-bench.yaml says.') as string },
        'Start',
      ],
    ]);
    expect(remembered).toEqual([]);
  });

  test('from the palette, too, with the plan file in view; what was typed is saved first', async () => {
    const document = new FakeDocument(planPath, '');
    document.isDirty = true;
    haveOpen(document);
    fakeEditor.window.activeTextEditor = { document };
    expect(await run('version: 1\nmodel: models/sentiment\ntarget: local\n', undefined)).toBeDefined();
    expect(document.save).toHaveBeenCalledOnce();
  });

  test('a model folder without a config, and a tokenizer of its own', async () => {
    files.set('/elsewhere/plain/model.onnx', '');
    const prepared = await run('version: 1\nmodel: ../elsewhere/plain\ntokenizer: ../elsewhere/t\ntarget: local\n');
    expect(resolved.at(-1)).toEqual({ path: '/elsewhere/plain', tokenizerPath: '/elsewhere/t' });
    expect(prepared?.choices.subject).toEqual({ kind: 'config', uri: 'file:///elsewhere/plain' });
    expect(questions()[0]).toEqual(expect.arrayContaining(['Benchmark plain: fastapi, triton, hybrid?']));
  });

  test('a plan without a model asks which', async () => {
    const prepared = await run('version: 1\ntarget: local\n');
    expect(asked).toEqual(['The plan names no model']);
    expect(prepared?.choices.subject).toEqual({ kind: 'built-in' });
    expect(resolved.at(-1)).toMatchObject({ path: '/tiny' });
  });

  test('a plan of the built-in model asks nothing', async () => {
    const prepared = await run('version: 1\nmodel: built-in\ntarget: local\n');
    expect(asked).toEqual([]);
    expect(prepared?.choices.subject).toEqual({ kind: 'built-in' });
    expect(resolved.at(-1)).toMatchObject({ path: '/tiny' });
  });

  const onCluster = (context: string, namespace: string): TargetChoice => ({
    kind: 'kubernetes',
    context,
    namespace,
    createNamespace: false,
  });
  test.each<[string, TargetChoice | undefined, TargetChoice]>([
    ['', undefined, onCluster('kind-x', 'team-a')],
    ['', { kind: 'local' }, { kind: 'local' }],
    ['', onCluster('production', 'since-left'), onCluster('production', 'models')],
    ['context: production', onCluster('production', 'since-left'), onCluster('production', 'models')],
    ['', onCluster('gone', 'mine'), onCluster('kind-x', 'team-a')],
    ['target: kubernetes', { kind: 'local' }, onCluster('kind-x', 'team-a')],
    ['gpu: { count: 1 }', { kind: 'local' }, onCluster('kind-x', 'team-a')],
    ['vantage: in-cluster', { kind: 'local' }, onCluster('kind-x', 'team-a')],
    ['target: local', onCluster('production', 'mine'), { kind: 'local' }],
    ['context: production', onCluster('kind-x', 'mine'), onCluster('production', 'models')],
    ['namespace: theirs', onCluster('kind-x', 'mine'), onCluster('kind-x', 'theirs')],
  ])('where: %j after %j is %j', async (line, before, target) => {
    last = before;
    expect((await run(`version: 1\nmodel: models/sentiment\n${line}\n`))?.choices.target).toEqual(target);
  });

  test.each([
    ['nvidia.com/gpu.product', 'Tesla-T4'],
    ['cloud.google.com/gke-accelerator', 'nvidia-tesla-t4'],
  ])('with the GPU that the file names, by %s', async (productLabel, product) => {
    const prepared = await run(
      `version: 1\nmodel: models/sentiment\ngpu: { count: 2, nodeSelector: { ${productLabel}: ${product} } }\n`,
    );
    expect(prepared?.choices.gpu).toEqual({ resource: 'nvidia.com/gpu', count: 2, product, productLabel });
    expect(prepared?.plan.gpu).toMatchObject({ count: 2, runtimeClassName: 'nvidia' });
    expect(prepared?.plan.images.requirements).toBe('cuda');
  });

  test.each([
    ['version: 1\nprofil: quick\n', /^topology-bench\.yaml is not a valid plan: line 2: there is no field "profil"/u],
    ['version: 1\ncontext: gone\n', /names the kube context "gone"/u],
  ])('not what is wrong: %j', async (text, message) => {
    await expect(run(text)).rejects.toThrow(message);
    expect(started).toEqual([]);
  });

  test('nothing in a workspace that is not trusted', async () => {
    fakeEditor.workspace.isTrusted = false;
    expect(await run('version: 1\nmodel: models/sentiment\ntarget: local\n')).toBeUndefined();
    expect(resolved).toEqual([]);
  });

  test('again: the file as it stands by then, where the run was, after a question where it says something else', async () => {
    choicesOfRun = (await run('version: 1\ntarget: local\n'))?.choices;
    asked.length = 0;
    last = onCluster('production', 'mine');
    files.set(planPath, 'version: 1\ncores: 4\n');
    start();
    await benchmarkAgain('x', services);
    expect(started.at(-1)?.choices).toMatchObject({ target: { kind: 'local' }, subject: { kind: 'built-in' } });
    expect(started.at(-1)?.plan.topologies[0]?.cores).toBe(4);
    expect(asked).toEqual([]);
    expect(questions()).toHaveLength(2);
  });

  test('again without a question while the file says the same', async () => {
    choicesOfRun = (await run('version: 1\ntarget: local\n'))?.choices;
    await benchmarkAgain('x', services);
    expect(started).toHaveLength(2);
    expect(questions()).toHaveLength(1);
  });

  test('again from the button of a failure: the same model and place, whatever ran or was selected since', async () => {
    last = onCluster('production', 'unused');
    const first = await run('version: 1\n');
    asked.length = 0;
    last = { kind: 'local' };
    contexts[1] = { name: 'production', namespace: 'other', current: false };
    retry?.();
    await vi.waitFor(() => {
      expect(started).toHaveLength(2);
    });
    contexts[1] = { name: 'production', namespace: 'models', current: false };
    expect(started[1]?.choices).toEqual(first?.choices);
    expect(asked).toEqual([]);
  });

  test('with a question all the same where it would run somewhere else', async () => {
    last = onCluster('production', 'mine');
    choicesOfRun = (await run('version: 1\nmodel: models/sentiment\n'))?.choices;
    const [production] = contexts.splice(1, 1);
    await benchmarkAgain('x', services);
    if (production !== undefined) contexts.push(production);
    expect(started).toHaveLength(1);
    expect(questions()).toHaveLength(2);
  });

  test('on a protected context only once its name was typed', async () => {
    contexts.push({ name: 'protected', namespace: 'default', current: false });
    const prepared = await run('version: 1\nmodel: models/sentiment\ncontext: protected\n');
    contexts.pop();
    expect(prepared).toBeUndefined();
  });
});

describe('Save as Plan', () => {
  const saveTo = (path: string): void => {
    fakeEditor.window.showSaveDialog.mockResolvedValueOnce(fakeEditor.Uri.file(path));
  };
  const subject = { kind: 'config', uri: 'file:///project/models/sentiment/config.pbtxt' } as const;
  const choices: BenchmarkChoices = {
    subject,
    topologies: ['fastapi'],
    target: { kind: 'kubernetes', context: 'secret-context', namespace: 'team-a', createNamespace: false },
    gpu: null,
    profile: 'quick',
  };

  test('writes a plan that names the model from where it lies, and opens it', async () => {
    choicesOfRun = choices;
    saveTo('/project/plans/topology-bench.yaml');
    await saveAsPlan({ runId: record.id }, services);
    const text = files.get('/project/plans/topology-bench.yaml') ?? '';
    expect(parsePlanFile(text).planFile).toMatchObject({ model: '../models/sentiment/config.pbtxt', profile: 'quick' });
    expect(text).toContain(record.id);
    expect(text).not.toContain('secret-context');
    expect(fakeEditor.window.showSaveDialog.mock.calls[0]?.[0].defaultUri.fsPath).toBe(planPath);
    expect(fakeEditor.window.showTextDocument).toHaveBeenCalledOnce();
  });

  test('of a run of a plan file, as that file names its files', async () => {
    const plan = {
      uri: 'file:///project/team/topology-bench.yaml',
      file: { version: 1, model: '../models/m', tokenizer: 't' },
    } as const;
    choicesOfRun = { ...choices, plan };
    saveTo('/project/topology-bench.yaml');
    await saveAsPlan({ runId: record.id }, services);
    expect(parsePlanFile(files.get(planPath) ?? '').planFile).toMatchObject({
      model: './models/m',
      tokenizer: './team/t',
    });
    expect(fakeEditor.window.showSaveDialog.mock.calls[0]?.[0].defaultUri.fsPath).toBe(
      '/project/team/topology-bench.yaml',
    );
  });

  test('names no model from outside the workspace folder, whose path is private', async () => {
    choicesOfRun = { ...choices, subject: { kind: 'config', uri: 'file:///home/alice/secret/config.pbtxt' } };
    saveTo(planPath);
    await saveAsPlan({ runId: record.id }, services);
    const text = files.get(planPath) ?? '';
    expect(text).toContain('name its folder or config with "model: PATH"');
    expect(text).not.toContain('alice');
    expect(parsePlanFile(text).planFile).not.toHaveProperty('model');
  });

  test('where the file goes outside of every folder, names only what lies below it', async () => {
    choicesOfRun = choices;
    saveTo('/elsewhere/topology-bench.yaml');
    await saveAsPlan({ runId: record.id }, services);
    expect(parsePlanFile(files.get('/elsewhere/topology-bench.yaml') ?? '').planFile).not.toHaveProperty('model');
  });

  test('names no tokenizer from outside either, and says that there was one', async () => {
    const file = { version: 1, model: './models/m', tokenizer: '../home/alice/tokenizer.json' } as const;
    choicesOfRun = { ...choices, plan: { uri: planUri.toString(), file } };
    saveTo(planPath);
    await saveAsPlan({ runId: record.id }, services);
    const text = files.get(planPath) ?? '';
    expect(parsePlanFile(text).planFile).toMatchObject({ model: './models/m' });
    expect(text).toContain('name it with "tokenizer: PATH"');
    expect(text).not.toContain('alice');
  });

  test('says what is missing of a run that this workspace knows nothing of', async () => {
    saveTo(planPath);
    await saveAsPlan({ runId: record.id }, services);
    expect(files.get(planPath)).toContain('name its folder or config with "model: PATH"');
  });

  test('writes nothing when the user leaves, and says why it could not write', async () => {
    await saveAsPlan({ runId: record.id }, services);
    expect(fakeEditor.workspace.fs.writeFile).not.toHaveBeenCalled();
    saveTo('/full/topology-bench.yaml');
    fakeEditor.workspace.fs.writeFile.mockRejectedValueOnce(new Error('no space left'));
    await expect(saveAsPlan({ runId: record.id }, services)).rejects.toThrow(
      'The plan could not be written to /full/topology-bench.yaml: no space left.',
    );
  });
});

const tritonConfig = `
name: "sentiment"
backend: "onnxruntime"
max_batch_size: 8
input [ { name: "input_ids" data_type: TYPE_INT64 dims: [ -1 ] }, { name: "attention_mask" data_type: TYPE_INT64 dims: [ -1 ] } ]
output [ { name: "logits" data_type: TYPE_FP32 dims: [ 2 ] } ]
`;

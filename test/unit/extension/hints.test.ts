import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type * as vscode from 'vscode';
import type { ClusterInventory, GpuNode } from '../../../src/core/cluster.ts';
import { Diagnostics } from '../../../src/extension/diagnostics.ts';
import { modelCheck } from '../../../src/extension/modelCheck.ts';
import { ModelHints } from '../../../src/extension/modelHints.ts';
import { readDocument } from '../../../src/extension/modelDocument.ts';
import { QuickFixes } from '../../../src/extension/quickFixes.ts';
import { FakeDocument, fakeEditor, haveOpen, marks, Range, type WorkspaceEdit } from './fakeEditor.ts';
import { configurationChanged, settingsOf, useDefaults } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeEditor.ts')).fakeEditor);

/** Sizes of files by path, beside the folder that holds them. */
const files = new Map<string, number>();
vi.mock('../../../src/extension/onnxSize.ts', () => ({
  onnxBytes: async (config: { fsPath: string }, name: string) => files.get(`${config.fsPath} ${name}`) ?? null,
}));

const config = `name: "m"
backend: "onnxruntime"
max_batch_size: 8 # as trained
input [ { name: "input_ids" data_type: TYPE_INT64 dims: [ 64 ] }, { name: "attention_mask" data_type: TYPE_INT64 dims: [ 64 ] } ]
output [ { name: "logits" data_type: TYPE_FP32 dims: [ 2 ] } ]
instance_group [ { kind: KIND_GPU count: 40 } ]
`;
const path = '/models/m/config.pbtxt';
const batching = 'dynamic_batching { }\n';
const inventoryRead = new fakeEditor.EventEmitter<undefined>();
let inventory: ClusterInventory | undefined;
let document: FakeDocument;
let hints: ModelHints;
let diagnostics: Diagnostics | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  useDefaults({ 'hints.enabled': true, 'codeLens.enabled': true });
  document = open(config);
  inventory = undefined;
  hints = new ModelHints({ lastInventory: () => inventory, onDidReadInventory: inventoryRead.event as never });
  diagnostics = new Diagnostics('test', modelCheck(hints), { note: vi.fn() });
});

afterEach(() => {
  diagnostics?.dispose();
  hints.dispose();
  settingsOf.clear();
  files.clear();
  vi.useRealTimers();
});

function open(text: string): FakeDocument {
  const opened = new FakeDocument(path, text);
  haveOpen(opened);
  return opened;
}

function real(fake: FakeDocument): vscode.TextDocument {
  return fake as unknown as vscode.TextDocument;
}

function codes(): unknown[] {
  return (marks.get(path) ?? []).map(({ code }) => (code as { value?: string } | undefined)?.value ?? null);
}

function type(text: string): void {
  document.type(text);
  vi.advanceTimersByTime(300);
}

function actions(range: Range): vscode.CodeAction[] {
  const context = { diagnostics: [...(marks.get(path) ?? [])] };
  return new QuickFixes(hints).provideCodeActions(real(document), range as never, context as never);
}

/** A cluster of one node with that many GPUs of 16 GiB. */
function see(gpus: number): void {
  const gpu: GpuNode = {
    name: 'gpu-node-1',
    resource: 'nvidia.com/gpu',
    product: 'Tesla-T4',
    productLabel: 'nvidia.com/gpu.product',
    memoryMiB: 16_384,
    driverVersion: null,
    total: gpus,
    free: gpus,
    takenBy: [],
    schedulable: true,
  };
  const gpuNodes = gpus === 0 ? [] : [gpu];
  inventory = { context: 'kind-x', nodes: 2, gpuNodes } as unknown as ClusterInventory;
  inventoryRead.fire(undefined);
}

describe('marks', () => {
  test('a hint is information with a code that leads to the documentation', () => {
    const [mark, ...more] = marks.get(path) ?? [];
    expect(more).toEqual([]);
    expect(mark).toMatchObject({ severity: 2, source: 'Topology Bench', range: new Range(2, 0, 2, 17) });
    expect(mark?.message).toContain('Dynamic batching is off');
    const code = mark?.code as { value: string; target: vscode.Uri };
    expect(code.value).toBe('dynamic-batching-off');
    expect(code.target.toString()).toContain('/user_guide/batcher.html');
  });

  test('follow what is typed, after a pause, and go when the text has an error', () => {
    type(config + batching);
    expect(codes()).toEqual([]);
    type(`${config}}`);
    expect(codes()).toEqual([null]);
    expect(marks.get(path)?.[0]?.severity).toBe(0);
  });

  test('can be switched off for a folder, and come back', () => {
    settingsOf.set('', { 'hints.enabled': false });
    configurationChanged.fire({ affectsConfiguration: (section) => section === 'topologyBench.hints.enabled' });
    expect(codes()).toEqual([]);
    settingsOf.clear();
    configurationChanged.fire({ affectsConfiguration: (section) => section === 'topologyBench.hints.enabled' });
    expect(codes()).toEqual(['dynamic-batching-off']);
  });

  test("a cluster's GPUs count once the Cluster view has read them", async () => {
    type(config + batching);
    see(0);
    expect(codes()).toEqual(['gpu-missing']);
    files.set(`${path} model.onnx`, 500_000_000);
    see(1);
    await vi.advanceTimersByTimeAsync(0);
    expect(codes()).toEqual(['instances-exceed-gpu']);
    expect(marks.get(path)?.[0]?.message).toContain('40 instances on each GPU hold 20.0 GB of weights');
    inventory = undefined;
    inventoryRead.fire(undefined);
    expect(codes()).toEqual([]);
  });

  test("the model's file counts as it is by now: exported anew, gone, or there again", async () => {
    type(config + batching);
    files.set(`${path} model.onnx`, 500_000_000);
    see(1);
    await vi.advanceTimersByTimeAsync(0);
    expect(codes()).toEqual(['instances-exceed-gpu']);
    for (const bytes of [1000, 500_000_000, undefined]) {
      if (bytes === undefined) files.clear();
      else files.set(`${path} model.onnx`, bytes);
      // As the cursor moves, and with it the quick fixes that are offered.
      actions(new Range(0, 0, 0, 4));
      await vi.advanceTimersByTimeAsync(0);
      expect(codes()).toEqual(bytes === 500_000_000 ? ['instances-exceed-gpu'] : []);
    }
  });

  test('a cluster whose nodes may not be listed says nothing', () => {
    type(config + batching);
    inventory = { context: 'kind-x', nodes: 0, gpuNodes: [] } as unknown as ClusterInventory;
    inventoryRead.fire(undefined);
    expect(codes()).toEqual([]);
  });
});

describe('quick fixes', () => {
  test('are offered where the hint is marked, with its mark, and make its edits', () => {
    const [action, ...more] = actions(new Range(2, 3, 2, 3));
    expect(more).toEqual([]);
    expect(action).toMatchObject({ title: expect.stringContaining('dynamic batching on') as string, kind: 'quickfix' });
    expect(action?.isPreferred).toBe(true);
    expect(action?.diagnostics).toEqual(marks.get(path));
    type(document.with(action?.edit as unknown as WorkspaceEdit));
    expect(document.getText()).toContain('max_batch_size: 8 # as trained\ndynamic_batching { }\ninput');
    expect(codes()).toEqual([]);
  });

  test('are not offered elsewhere, nor once the hint is gone', () => {
    expect(actions(new Range(0, 0, 0, 4))).toEqual([]);
    type(config + batching);
    expect(actions(new Range(0, 0, 7, 0))).toEqual([]);
  });
});

test('each version of a document is read once, whoever asks', () => {
  expect(document.reads).toBe(1);
  actions(new Range(2, 0, 2, 1));
  readDocument(real(document));
  hints.of(real(document));
  expect(document.reads).toBe(1);
  type(config + batching);
  actions(new Range(2, 0, 2, 1));
  expect(document.reads).toBe(2);
});

test('of a huge file that has the name of a config nothing is kept', () => {
  vi.useRealTimers();
  const text = '# \n'.repeat(4_000_000);
  const tookMs = [1, 2, 3].map(() => {
    const huge = new FakeDocument(path, text);
    const startedAt = performance.now();
    expect(readDocument(real(huge))).toMatchObject({ model: undefined, problems: [], text: '' });
    expect(hints.of(real(huge))).toEqual([]);
    expect(huge.reads).toBe(1);
    return performance.now() - startedAt;
  });
  // One of them may fall into a pause of the machine.
  expect(Math.min(...tookMs)).toBeLessThan(1000);
});

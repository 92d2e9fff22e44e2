/** A run of a window, from its start to its end: the real engine on a scripted target. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { LogOutputChannel } from 'vscode';
import { benchmark } from '../../../src/core/benchmark.ts';
import { BenchError, throwIfCancelled } from '../../../src/core/errors.ts';
import { estimateSeconds, makePlan } from '../../../src/core/planning.ts';
import type { RunRecord } from '../../../src/core/record.ts';
import type { BenchmarkChoices } from '../../../src/extension/choices.ts';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import { createLog } from '../../../src/extension/log.ts';
import type { Memory, UnfinishedRun } from '../../../src/extension/memory.ts';
import type { PanelRequest } from '../../../src/protocol/messages.ts';
import { choices as planChoices } from '../../support/choices.ts';
import { sampleOrigin } from '../../support/origin.ts';
import { ScriptedTarget } from '../../support/scriptedTarget.ts';
import { fakeVscode, settingsOf, useDefaults } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
vi.mock('../../../src/extension/engine.ts', () => ({
  loadEngine: async () => engine,
  loadKubernetes: async () => ({ createKubernetesTarget: () => openTarget() }),
}));
const { prepare } = await import('../../../src/extension/prepare.ts');
const { Runs } = await import('../../../src/extension/runs.ts');
const { createPanelContent } = await import('../../../src/extension/panelContent.ts');
const { startRun } = await import('../../../src/extension/startRun.ts');
const { createFailures } = await import('../../../src/extension/failures.ts');

const choices: BenchmarkChoices = {
  subject: { kind: 'built-in' },
  topologies: ['fastapi', 'triton'],
  target: { kind: 'kubernetes', context: 'kind-x', namespace: 'team-a', createNamespace: false },
  gpu: null,
  profile: 'quick',
};
const podFailed = new BenchError({ reason: 'pod-failed', message: 'It was killed.', nextStep: 'Give it more memory.' });
const diskFull = new BenchError({ reason: 'save-failed', message: 'The disk is full.', nextStep: 'Free some space.' });
const answered = new BenchError({ reason: 'clean-up-incomplete', message: 'Two pods are left.' });

let target = new ScriptedTarget();
let openTarget = (): ScriptedTarget => target;
let saved: RunRecord[] = [];
let saveProblem: BenchError | undefined;
let unfinished: UnfinishedRun[] = [];
let measured: string[] = [];
let memoryProblem: Error | undefined;
let lines: string[] = [];
let channelIsClosed = false;
let runNumber = 0;

const engine = {
  benchmark,
  makePlan,
  estimateSeconds,
  newRunId: () => `20261124-210000-${String(runNumber++).padStart(4, '0')}`,
  sha256: () => 'f'.repeat(64),
  systemClock: { now: () => 1_795_000_000_000, elapsed: () => 0, sleep: async () => undefined },
  openAssets: () => ({
    tinyModelDirectory: '/tiny',
    workerPath: '/worker',
    payload: async () => planChoices.payload,
    servingSha256: async () => sampleOrigin.origin.servingSha256,
  }),
  resolveModel: async () => ({
    model: planChoices.model,
    triton: null,
    config: sampleOrigin.origin.modelConfig,
    modelPaths: {},
    warnings: [],
  }),
  thisMachine: () => sampleOrigin.thisMachine,
  createLoadDriver: () => ({}),
};

/** As VS Code's own channel: once the window has closed it, every line throws. */
const write = (line: unknown): void => {
  if (channelIsClosed) throw new Error('Channel has been closed');
  lines.push(String(line));
};
const channel = {
  info: write,
  warn: write,
  error: write,
  debug: write,
  show: () => undefined,
} as unknown as LogOutputChannel;
const log = createLog(channel);
const remember = async (change: () => void): Promise<void> => {
  if (memoryProblem !== undefined) throw memoryProblem;
  change();
};
const memory = {
  rememberRun: async () => undefined,
  rememberMeasured: (runId: string) => remember(() => measured.push(runId)),
  noteUnfinished: async (run: UnfinishedRun) => {
    unfinished.push(run);
  },
  forgetUnfinished: (runId: string) =>
    remember(() => {
      unfinished = unfinished.filter((run) => run.runId !== runId);
    }),
  unfinished: () => unfinished,
  choicesOf: () => choices,
  tokenizerOf: () => undefined,
} as unknown as Memory;
const results = {
  storeFor: async () => ({
    async save(record: RunRecord) {
      if (saveProblem !== undefined) throw saveProblem;
      saved.push(record);
    },
  }),
  fileOf: async () => undefined,
  changed: () => undefined,
} as never;

const prepareRun = () =>
  prepare(choices, { extensionPath: '/ext', version: '1', memory, results, log }, new AbortController().signal);

beforeEach(() => {
  vi.clearAllMocks();
  useDefaults(settingDefaults);
  settingsOf.clear();
  target = new ScriptedTarget();
  openTarget = () => target;
  saved = [];
  saveProblem = undefined;
  unfinished = [];
  measured = [];
  memoryProblem = undefined;
  lines = [];
  channelIsClosed = false;
});

test('a run that ends well has its record on the disk, is noted as finished, and its model as measured', async () => {
  const runs = new Runs(memory, log);
  const { run, ended } = runs.start(await prepareRun());
  const end = await ended;
  expect(end).toMatchObject({ failure: null, notSaved: null, leftBehind: null, record: { status: 'completed' } });
  expect(saved.map((record) => record.id)).toEqual([run.id]);
  expect(unfinished).toEqual([]);
  expect(measured).toEqual([run.id]);
  expect(runs.active()).toEqual([]);
});

describe('a window that closes in mid-run', () => {
  /** Under load until it is stopped. */
  function underLoad(): { readonly loading: Promise<void> } {
    let begun: () => void = () => undefined;
    const loading = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const deploy = target.deploy.bind(target);
    target.deploy = async (...parts) => ({
      ...(await deploy(...parts)),
      async load(_request, _handlers, signal) {
        begun();
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve, { once: true });
        });
        throwIfCancelled(signal, 'loading');
        throw new Error('not reached');
      },
    });
    return { loading };
  }

  /** In VS Code's own order: `deactivate` is called, and what subscribed is disposed of while it is waited for. */
  async function close(runs: InstanceType<typeof Runs>): Promise<void> {
    const stopped = runs.stopAll();
    channelIsClosed = true;
    runs.dispose();
    await stopped;
  }

  test('removes what the run made, though nobody reads its log any more', async () => {
    const { loading } = underLoad();
    const runs = new Runs(memory, log);
    const { ended } = runs.start(await prepareRun());
    await loading;
    await close(runs);
    expect(target.calls.slice(-2)).toEqual(['remove fastapi', 'close']);
    await expect(ended).resolves.toMatchObject({ leftBehind: null, failure: { reason: 'cancelled' } });
    expect(unfinished).toEqual([]);
  });

  test('and does so even when every line of the log throws where it is written', async () => {
    const { loading } = underLoad();
    const runs = new Runs(memory, channel);
    const { ended } = runs.start(await prepareRun());
    await loading;
    await close(runs).catch(() => undefined);
    expect(target.calls.slice(-2)).toEqual(['remove fastapi', 'close']);
    await ended.catch(() => undefined);
  });

  test('keeps the note of a run that it could not clean up', async () => {
    target = new ScriptedTarget({ close: answered });
    const { loading } = underLoad();
    const runs = new Runs(memory, log);
    const { run } = runs.start(await prepareRun());
    await loading;
    await close(runs);
    expect(unfinished.map(({ runId }) => runId)).toEqual([run.id]);
  });

  test('and of one whose clean-up never came to its end', async () => {
    const prepared = await prepareRun();
    const cutOff = vi.spyOn(engine, 'benchmark').mockRejectedValueOnce(new Error('cut off'));
    const runs = new Runs(memory, log);
    const end = await runs.start(prepared).ended;
    cutOff.mockRestore();
    expect(target.calls).toEqual([]);
    expect(end.leftBehind?.reason).toBe('clean-up-incomplete');
    expect(unfinished).toHaveLength(1);
  });

  test('ends the run also when its memory is gone', async () => {
    memoryProblem = new Error('Canceled');
    const runs = new Runs(memory, log);
    const end = await runs.start(await prepareRun()).ended;
    expect(end).toMatchObject({ failure: null, record: { status: 'completed' } });
    expect(unfinished).toHaveLength(1);
  });
});

test('a run that could make nothing ends, and leaves no note', async () => {
  openTarget = () => {
    throw new BenchError({ reason: 'kubeconfig-broken', message: 'The kubeconfig is damaged.' });
  };
  const runs = new Runs(memory, log);
  const end = await runs.start(await prepareRun()).ended;
  expect(end).toMatchObject({ record: null, failure: { reason: 'kubeconfig-broken' }, leftBehind: null });
  expect(unfinished).toEqual([]);
});

describe('a run in which every topology failed', () => {
  beforeEach(() => {
    target = new ScriptedTarget({ 'deploy fastapi': podFailed, 'deploy triton': podFailed });
  });

  test('has its record, and its panel shows it', async () => {
    const runs = new Runs(memory, log);
    const { run, ended } = runs.start(await prepareRun());
    const end = await ended;
    expect(saved).toHaveLength(1);
    expect(end).toMatchObject({ failure: { reason: 'pod-failed' }, record: { status: 'failed' } });
    expect(end.record).toMatchObject({ modelConfig: sampleOrigin.origin.modelConfig, repeats: null });
    expect(measured).toEqual([]);
    const view = await createPanelContent(runs, results, memory, log).view({ runId: run.id });
    expect(view).toMatchObject({ kind: 'record', record: { id: run.id }, notSaved: null });
  });

  test('says of each of them what went wrong', async () => {
    await startRun(await prepareRun(), servicesOf(new Runs(memory, log)));
    expect(fakeVscode.window.showErrorMessage).not.toHaveBeenCalled();
    const [message] = fakeVscode.window.showWarningMessage.mock.calls[0] ?? [];
    expect(message).toContain('fastapi: It was killed. Give it more memory. triton: It was killed.');
  });

  test('says also that its record was not saved', async () => {
    saveProblem = diskFull;
    const runs = new Runs(memory, log);
    const { run, ended } = runs.start(await prepareRun());
    await ended;
    const view = await createPanelContent(runs, results, memory, log).view({ runId: run.id });
    expect(view).toMatchObject({ kind: 'record', notSaved: 'The disk is full. Free some space.' });
  });
});

test("a panel shows a run at the price of the user's settings, as they stand, and has it asked for", async () => {
  const runs = new Runs(memory, log);
  const { run, ended } = runs.start(await prepareRun());
  await ended;
  const content = createPanelContent(runs, results, memory, log);
  expect(await content.view({ runId: run.id })).toMatchObject({ gpuPrice: { price: null, problem: null } });
  settingsOf.set('', { gpuHourPrice: 2.5, currency: 'EUR' });
  expect(await content.view({ runId: run.id })).toMatchObject({
    gpuPrice: { price: { perGpuHour: 2.5, currency: 'EUR' } },
  });
  await content.answer({ runId: run.id }, { kind: 'set-gpu-price' });
  expect(fakeVscode.commands.executeCommand).toHaveBeenCalledWith('topologyBench.setGpuPrice');
});

test('a run that was stopped before its first number has no record, and its panel says why', async () => {
  const stop = new BenchError({ reason: 'cancelled', message: 'Cancelled while checking.' });
  target = new ScriptedTarget({ preflight: stop });
  const runs = new Runs(memory, log);
  const { run, ended } = runs.start(await prepareRun());
  expect(await ended).toMatchObject({ record: null, failure: { reason: 'cancelled' } });
  const view = await createPanelContent(runs, results, memory, log).view({ runId: run.id });
  expect(view).toMatchObject({ kind: 'problem', message: 'Cancelled while checking.' });
});

describe('a record that could not be saved', () => {
  beforeEach(() => {
    saveProblem = diskFull;
  });

  test('is saved by Retry, as often as it takes', async () => {
    const runs = new Runs(memory, log);
    const dialogs = fakeVscode.window.showErrorMessage;
    dialogs.mockResolvedValueOnce('Retry').mockImplementationOnce(async () => {
      saveProblem = undefined;
      return 'Retry';
    });
    const { runId } = await prepareAndStart(runs);
    await vi.waitFor(() => {
      expect(saved).toHaveLength(1);
    });
    expect(dialogs).toHaveBeenCalledTimes(2);
    expect(dialogs.mock.calls[0]?.slice(1)).toEqual(['Retry', 'Open Settings', 'Show Log']);
    expect(runs.get(runId)?.end?.notSaved).toBeNull();
    const view = await createPanelContent(runs, results, memory, log).view({ runId });
    expect(view).toMatchObject({ kind: 'record', notSaved: null });
  });

  test('stays on offer while the user is in the settings', async () => {
    const runs = new Runs(memory, log);
    fakeVscode.window.showErrorMessage.mockResolvedValueOnce('Open Settings').mockImplementationOnce(async () => {
      saveProblem = undefined;
      return 'Retry';
    });
    await prepareAndStart(runs);
    await vi.waitFor(() => {
      expect(saved).toHaveLength(1);
    });
    expect(fakeVscode.commands.executeCommand).toHaveBeenCalledWith(
      'workbench.action.openSettings',
      'topologyBench.resultsFolder',
    );
  });

  test('opens as a document of its own', async () => {
    const runs = new Runs(memory, log);
    const { runId } = await prepareAndStart(runs);
    const request: PanelRequest = { kind: 'open-record' };
    await createPanelContent(runs, results, memory, log).answer({ runId }, request);
    const [opened] = fakeVscode.workspace.openTextDocument.mock.calls[0] ?? [];
    const { content, language } = opened as { content: string; language: string };
    expect(language).toBe('json');
    expect(JSON.parse(content)).toEqual(runs.get(runId)?.end?.record);
    expect(fakeVscode.window.showTextDocument).toHaveBeenCalledTimes(1);
  });

  test('is not forgotten when others end after it', async () => {
    const runs = new Runs(memory, log);
    const { run, ended } = runs.start(await prepareRun());
    await ended;
    saveProblem = undefined;
    const others = [];
    for (let count = 0; count < 12; count += 1) {
      const other = runs.start(await prepareRun());
      await other.ended;
      others.push(other.run.id);
    }
    expect(runs.get(run.id)?.end?.notSaved).not.toBeNull();
    expect(runs.get(others[0] ?? '')).toBeUndefined();
  });

  async function prepareAndStart(runs: InstanceType<typeof Runs>): Promise<{ runId: string }> {
    const prepared = await prepareRun();
    await startRun(prepared, servicesOf(runs));
    return prepared;
  }
});

test('clean-up that was not complete is offered on the cluster of the run', async () => {
  target = new ScriptedTarget({ close: answered });
  fakeVscode.window.showWarningMessage.mockResolvedValueOnce('Clean Up');
  await startRun(await prepareRun(), servicesOf(new Runs(memory, log)));
  await vi.waitFor(() => {
    expect(fakeVscode.commands.executeCommand).toHaveBeenCalledWith('topologyBench.cleanUp', choices.target);
  });
});

function servicesOf(runs: InstanceType<typeof Runs>): never {
  return {
    log,
    runs,
    results,
    memory,
    failures: createFailures(log),
    panels: { show: () => undefined },
    cluster: { changed: () => undefined },
  } as never;
}

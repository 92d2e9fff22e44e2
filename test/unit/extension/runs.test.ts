/** A run of a window, from its start to its end: the real engine on a scripted target. */
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LogOutputChannel } from 'vscode';
import { benchmark } from '../../../src/core/benchmark.ts';
import { BenchError, throwIfCancelled } from '../../../src/core/errors.ts';
import { estimateSeconds, makePlan } from '../../../src/core/planning.ts';
import { poolsOf } from '../../../src/core/pools.ts';
import type { RunEvent } from '../../../src/core/events.ts';
import type { RunRecord } from '../../../src/core/record.ts';
import type { BenchmarkChoices } from '../../../src/extension/choices.ts';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import { createLog } from '../../../src/extension/log.ts';
import type { Memory, QueuedRun, StoppedEarly, UnfinishedRun } from '../../../src/extension/memory.ts';
import type { RunTask } from '../../../src/engine/runTask.ts';
import type { PanelRequest } from '../../../src/protocol/messages.ts';
import { carryOut, type Bundles } from '../../../src/runner/carryOut.ts';
import * as claims from '../../../src/runs/claims.ts';
import * as texts from '../../../src/runs/configTexts.ts';
import * as holds from '../../../src/runs/hold.ts';
import * as journals from '../../../src/runs/journal.ts';
import { choices as planChoices } from '../../support/choices.ts';
import { sampleOrigin } from '../../support/origin.ts';
import { ScriptedTarget } from '../../support/scriptedTarget.ts';
import { fakeVscode, settingsOf, useDefaults } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
vi.mock('../../../src/extension/engine.ts', () => ({
  loadEngine: async () => engine,
  loadRecords: async () => journals,
  loadKubernetes: async () => ({ clusterName: ({ context }: { context: string }) => ({ key: 'k', context }) }),
}));
const { prepare, prepareAgain } = await import('../../../src/extension/prepare.ts');
const { Runs } = await import('../../../src/extension/runs.ts');
const { ConfigTexts } = await import('../../../src/extension/configTexts.ts');
const { createPanelContent } = await import('../../../src/extension/panelContent.ts');
const { startRun } = await import('../../../src/extension/startRun.ts');
const { watchAgain } = await import('../../../src/extension/watchAgain.ts');
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
let queued: QueuedRun[] = [];
let stoppedEarly = new Map<string, StoppedEarly>();
let measured: string[] = [];
let memoryProblem: Error | undefined;
let memoryNote: Error | undefined;
let lines: string[] = [];
let channelIsClosed = false;
let isPanelSeen = false;
let runNumber = 0;
let directory = '';
/** Of the workspace. */
let storage = '';
let claimsDirectory = '';
/** Whether the runs' processes are gone. */
let hasGone = false;

const configText = 'name: "m"';
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
    configText,
    modelPaths: {},
    warnings: [],
  }),
  thisMachine: () => sampleOrigin.thisMachine,
  createLoadDriver: () => ({}),
  openRunStore: () => store,
  ...journals,
  ...holds,
  ...texts,
  ...claims,
  claimsDirectory: () => claimsDirectory,
  poolsOf,
  parseRecord: (_path: string, text: string) => JSON.parse(text) as RunRecord,
  processOf: async (pid: number) => ({ pid, startedAt: 'now' }),
  isRunning: async ({ pid }: Pick<holds.Holder, 'pid'>) => pid === process.pid,
  lastWords: async () => 'out of memory',
  /** The run's process, but in this one: all that it says goes through its journal. */
  async startRunner({ ...task }: RunTask, journal: string, header: journals.JournalHeader) {
    await journals.beginJournal(journal, header);
    const writer = journals.appendToJournal(journal);
    writer.write({ kind: 'process', pid: process.pid, startedAt: null });
    const stop = new AbortController();
    const timer = setInterval(() => {
      if (journals.isAskedToStop(journal)) stop.abort();
    }, 20);
    const bundles = { engine, kubernetes: () => ({ createKubernetesTarget: () => openTarget() }) };
    const listener = {
      event: (event: RunEvent) => (hasGone ? true : writer.write({ kind: 'event', event })),
      log: () => undefined,
    };
    void carryOut(task, bundles as unknown as Bundles, listener, stop.signal).then((end) => {
      clearInterval(timer);
      if (!hasGone) writer.write(end);
      writer.close();
    });
    return this.watchRunner(journal);
  },
  watchRunner: (journal: string) => ({
    follow: (hear: (line: journals.JournalLine) => void, signal: AbortSignal) =>
      journals.followJournal(journal, hear, async () => hasGone, signal),
  }),
};

const store = {
  directory: '/results',
  async save(record: RunRecord) {
    if (saveProblem !== undefined) throw saveProblem;
    saved.push(record);
  },
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
    if (memoryNote !== undefined) throw memoryNote;
    unfinished.push(run);
  },
  forgetUnfinished: (runId: string) =>
    remember(() => {
      unfinished = unfinished.filter((run) => run.runId !== runId);
    }),
  unfinished: () => unfinished,
  noteQueued: async (run: QueuedRun) => {
    queued.push(run);
  },
  forgetQueued: async (runId: string) => {
    queued = queued.filter((run) => run.runId !== runId);
  },
  noteStoppedEarly: (runId: string, how: StoppedEarly) => remember(() => stoppedEarly.set(runId, how)),
  stoppedEarly: (runId: string) => stoppedEarly.get(runId),
  choicesOf: () => choices,
  tokenizerOf: () => undefined,
} as unknown as Memory;
const results = {
  storeFor: async () => store,
  fileOf: async () => undefined,
  changed: () => undefined,
} as never;

const configTexts = { of: async () => undefined } as never;
const contextOf = (window: string) => ({
  extensionPath: '/ext',
  version: '1',
  memory,
  results,
  journals: { directory, workspace: 'a', window },
  configTexts: new ConfigTexts(fakeVscode.Uri.file(storage) as never, log),
  log,
});
/** As `results`, for who reads. */
const noResults = {
  read: async (id: string) => Promise.reject(new Error(`no ${id}`)),
  fileOf: async () => undefined,
} as never;
const prepareRun = () => prepare(choices, contextOf('first'), new AbortController().signal);
const isAskedToStop = (runId: string): boolean => journals.isAskedToStop(journals.journalPath(directory, runId));

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'topology-bench-journals-'));
  claimsDirectory = await mkdtemp(join(tmpdir(), 'topology-bench-claims-'));
  storage = await mkdtemp(join(tmpdir(), 'topology-bench-storage-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
  await rm(storage, { recursive: true });
  await rm(claimsDirectory, { recursive: true });
});

beforeEach(async () => {
  // A run of the test before may take its own journal away meanwhile.
  for (const name of await readdir(directory)) await rm(join(directory, name), { force: true });
  for (const name of await readdir(claimsDirectory)) await rm(join(claimsDirectory, name), { force: true });
  hasGone = false;
  vi.clearAllMocks();
  useDefaults(settingDefaults);
  settingsOf.clear();
  target = new ScriptedTarget();
  openTarget = () => target;
  saved = [];
  saveProblem = undefined;
  unfinished = [];
  queued = [];
  stoppedEarly = new Map();
  measured = [];
  memoryProblem = undefined;
  memoryNote = undefined;
  lines = [];
  channelIsClosed = false;
  isPanelSeen = false;
  fakeVscode.workspace.workspaceFolders = undefined;
});

test('a run that ends well has its record on the disk, is noted as finished, and its model as measured', async () => {
  const runs = new Runs(memory, log);
  const { run, ended } = runs.start(await prepareRun());
  const end = await ended;
  expect(end).toMatchObject({ failure: null, notSaved: null, leftBehind: null, kept: null });
  expect(end.record?.status).toBe('completed');
  expect(saved.map((record) => record.id)).toEqual([run.id]);
  expect(unfinished).toEqual([]);
  expect(measured).toEqual([run.id]);
  expect(runs.active()).toEqual([]);
  expect(await readdir(directory)).toEqual([]);
});

describe('a run that ends', () => {
  test('while no panel in sight shows it says so, and opens its results', async () => {
    const prepared = await prepareRun();
    fakeVscode.window.showInformationMessage.mockResolvedValueOnce('Open Results');
    await startRun(prepared, servicesOf(new Runs(memory, log)));
    expect(fakeVscode.window.showInformationMessage.mock.calls).toEqual([
      ['The benchmark of tiny-sentiment is complete.', 'Open Results'],
    ]);
    await vi.waitFor(() => {
      expect(fakeVscode.commands.executeCommand).toHaveBeenCalledWith('topologyBench.openResults', prepared.runId);
    });
  });

  test('in its panel says nothing more', async () => {
    isPanelSeen = true;
    await startRun(await prepareRun(), servicesOf(new Runs(memory, log)));
    expect(fakeVscode.window.showInformationMessage).not.toHaveBeenCalled();
  });
});

describe('a window that closes in mid-run', () => {
  /** Under load until it is stopped. */
  function underLoad(): { readonly loading: Promise<void> } {
    const begun = turnstile();
    const deploy = target.deploy.bind(target);
    target.deploy = async (...parts) => ({
      ...(await deploy(...parts)),
      async load(_request, _handlers, signal) {
        begun.open();
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve, { once: true });
        });
        throwIfCancelled(signal, 'loading');
        throw new Error('not reached');
      },
    });
    return { loading: begun.opened };
  }

  /** In VS Code's own order: `deactivate` is called, and what subscribed is disposed of. */
  function close(runs: InstanceType<typeof Runs>, stop = false): void {
    runs.leave(stop);
    channelIsClosed = true;
    runs.dispose();
  }

  /** The next window, which has its own log. */
  async function reopen(): Promise<InstanceType<typeof Runs>> {
    channelIsClosed = false;
    const runs = new Runs(memory, log);
    await watchAgain(servicesOf(runs));
    return runs;
  }

  test('leaves the run to go on; the next window shows it as it stands, and can stop it', async () => {
    const { loading } = underLoad();
    const runs = new Runs(memory, log);
    const { run } = runs.start(await prepareRun());
    await loading;
    await vi.waitFor(() => {
      expect(runs.get(run.id)?.state?.stage).toBe('answers');
    });
    close(runs);
    expect(target.calls).not.toContain('close');

    const next = await reopen();
    await vi.waitFor(() => {
      expect(next.get(run.id)?.state?.stage).toBe('answers');
    });
    expect(next.get(run.id)).toMatchObject({ subject: 'tiny-sentiment', plan: run.plan, choices, end: null });
    expect(unfinished.map(({ runId }) => runId)).toContain(run.id);
    next.cancel(run.id);
    await vi.waitFor(() => {
      expect(next.get(run.id)?.end).toMatchObject({ leftBehind: null, failure: { reason: 'cancelled' } });
    });
    expect(target.calls.slice(-2)).toEqual(['remove fastapi', 'close']);
    expect(unfinished).toEqual([]);
    expect(await readdir(directory)).toEqual([]);
  });

  test('has the run stopped where the settings say so; it cleans up by itself, and the next window says how it ended', async () => {
    const { loading } = underLoad();
    const runs = new Runs(memory, log);
    const { run } = runs.start(await prepareRun());
    await loading;
    close(runs, true);
    await vi.waitFor(() => {
      expect(target.calls.slice(-2)).toEqual(['remove fastapi', 'close']);
    });
    const next = await reopen();
    await vi.waitFor(() => {
      expect(next.get(run.id)?.end).toMatchObject({ leftBehind: null, failure: { reason: 'cancelled' } });
    });
    expect(unfinished).toEqual([]);
  });

  test('begins nothing that was still in the queue, and leaves it for the next one to offer', async () => {
    const { loading } = underLoad();
    const runs = new Runs(memory, log);
    runs.start(await prepareRun());
    const { run, ended } = runs.start(await prepareRun());
    const unwanted = runs.start(await prepareRun());
    runs.cancel(unwanted.run.id);
    await unwanted.ended;
    await loading;
    close(runs);
    await expect(ended).resolves.toMatchObject({ failure: { reason: 'cancelled' } });
    expect(target.calls.filter((call) => call === 'preflight')).toHaveLength(1);
    expect(queued).toEqual([{ runId: run.id, pid: process.pid }]);
    expect([...stoppedEarly]).toEqual([[unwanted.run.id, { begun: false }]]);
    const panel = createPanelContent(new Runs(memory, log), noResults, memory, log, configTexts);
    expect(await panel.view({ runId: unwanted.run.id })).toMatchObject({
      kind: 'cancelled',
      message: 'The run still waited for another one: nothing was made, and nothing was measured.',
    });
  });

  test('has its result told by the next one', async () => {
    const runs = new Runs(memory, log);
    const prepared = await prepareRun();
    const begun = turnstile();
    const closed = turnstile();
    const preflight = target.preflight.bind(target);
    target.preflight = async (...parts) => {
      begun.open();
      await closed.opened;
      return preflight(...parts);
    };
    runs.start(prepared);
    await begun.opened;
    runs.dispose();
    closed.open();
    await vi.waitFor(() => {
      expect(saved).toHaveLength(1);
    });
    fakeVscode.window.showInformationMessage.mockResolvedValueOnce('Open Results');
    await reopen();
    await vi.waitFor(() => {
      expect(fakeVscode.commands.executeCommand).toHaveBeenCalledWith('topologyBench.openResults', prepared.runId);
    });
    expect(fakeVscode.window.showInformationMessage.mock.calls[0]?.[0]).toContain('is complete');
    expect(measured).toEqual([prepared.runId]);
  });

  test('shows no run of another workspace', async () => {
    const { loading } = underLoad();
    const runs = new Runs(memory, log);
    runs.start(await prepareRun());
    await loading;
    close(runs, true);
    channelIsClosed = false;
    const other = new Runs(memory, log);
    await watchAgain({
      ...(servicesOf(other) as object),
      journals: { directory, workspace: null, window: 'other' },
    } as never);
    expect(other.active()).toEqual([]);
    expect(await readdir(directory)).not.toEqual([]);
  });

  describe('or becomes another workspace', () => {
    const haveFolders = (...paths: readonly string[]): void => {
      fakeVscode.workspace.workspaceFolders = paths.map((path) => ({ uri: fakeVscode.Uri.file(path) }));
    };
    /** The window as it is then: its extension host starts anew, with another storage. */
    async function become(workspace: string): Promise<InstanceType<typeof Runs>> {
      channelIsClosed = false;
      const runs = new Runs(memory, log);
      const services = { ...(servicesOf(runs) as object), journals: { directory, workspace, window: 'next' } };
      await watchAgain(services as never);
      return runs;
    }
    /** A run of a workspace under load. */
    async function begun(workspace: string | null): Promise<{ runs: InstanceType<typeof Runs>; id: string }> {
      const { loading } = underLoad();
      const runs = new Runs(memory, log);
      const context = { ...contextOf('first'), journals: { directory, workspace, window: 'first' } };
      const { run } = runs.start(await prepare(choices, context, new AbortController().signal));
      await loading;
      return { runs, id: run.id };
    }
    /** Cancelled from there, it ends and cleans up. */
    async function expectCancelled(runs: InstanceType<typeof Runs>, id: string): Promise<void> {
      runs.cancel(id);
      await vi.waitFor(() => {
        expect(runs.get(id)?.end).toMatchObject({ leftBehind: null, failure: { reason: 'cancelled' } });
      });
      expect(await readdir(directory)).toEqual([]);
    }

    test('by another folder keeps the run in sight, by the folder that its record goes to', async () => {
      haveFolders('/project');
      const { runs, id } = await begun('a');
      close(runs);
      haveFolders('/elsewhere');
      expect((await become('c')).get(id)).toBeUndefined();
      haveFolders('/elsewhere', '/project');
      const next = await become('b');
      expect(next.get(id)).toMatchObject({ subject: 'tiny-sentiment', end: null });
      await expectCancelled(next, id);
    });

    test('by its first folder keeps it, too', async () => {
      const { runs, id } = await begun(null);
      close(runs);
      haveFolders('/project');
      const next = await become('b');
      expect(next.get(id)).toMatchObject({ end: null });
      await expectCancelled(next, id);
    });

    test('takes no run from a window that is there, and waits a moment for one that is going', async () => {
      haveFolders('/project');
      const { runs, id } = await begun('a');
      const next = await become('b');
      expect(next.get(id)).toBeUndefined();
      expect(runs.get(id)?.end).toBeNull();
      close(runs);
      channelIsClosed = false;
      await vi.waitFor(() => {
        expect(next.get(id)).toBeDefined();
      });
      await expectCancelled(next, id);
    });
  });

  test('twice in quick succession leaves the run to go on, too', async () => {
    const { loading } = underLoad();
    const runs = new Runs(memory, log);
    const { run } = runs.start(await prepareRun());
    await loading;
    close(runs);
    const noting = turnstile();
    vi.spyOn(memory, 'rememberRun').mockReturnValueOnce(noting.opened);
    const next = await reopen();
    expect(next.get(run.id)).toBeDefined();
    close(next);
    noting.open();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isAskedToStop(run.id)).toBe(false);
    expect(target.calls).not.toContain('close');
    journals.askToStop(journals.journalPath(directory, run.id));
    await vi.waitFor(() => {
      expect(target.calls.at(-1)).toBe('close');
    });
  });

  describe('beside another one of its workspace', () => {
    /** A run that waits in its first window until `goOn`, with a second window that shows it. */
    async function inTwoWindows() {
      const begun = turnstile();
      const waiting = turnstile();
      const preflight = target.preflight.bind(target);
      target.preflight = async (...parts) => {
        begun.open();
        await waiting.opened;
        return preflight(...parts);
      };
      const first = new Runs(memory, log);
      const { run, ended } = first.start(await prepareRun());
      await begun.opened;
      const second = await reopen();
      await vi.waitFor(() => {
        expect(second.get(run.id)?.state).not.toBeNull();
      });
      return { first, second, runId: run.id, ended, goOn: waiting.open };
    }

    test('has the run to itself: the other one shows it, and says nothing of its end', async () => {
      const { second, runId, ended, goOn } = await inTwoWindows();
      goOn();
      await ended;
      await vi.waitFor(() => {
        expect(second.get(runId)?.end?.record?.status).toBe('completed');
      });
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(fakeVscode.window.showInformationMessage).not.toHaveBeenCalled();
      expect(fakeVscode.window.withProgress).not.toHaveBeenCalled();
      expect(await readdir(directory)).toEqual([]);
    });

    test('tells its failure alone', async () => {
      target = new ScriptedTarget({ 'deploy fastapi': podFailed, 'deploy triton': podFailed });
      const { second, runId, ended, goOn } = await inTwoWindows();
      goOn();
      await ended;
      await vi.waitFor(() => {
        expect(second.get(runId)?.end?.record?.status).toBe('failed');
      });
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(fakeVscode.window.showWarningMessage).not.toHaveBeenCalled();
    });

    test('is not robbed of it when that one closes, though a window that closes is to stop its runs', async () => {
      const { second, runId, ended, goOn } = await inTwoWindows();
      second.leave(true);
      expect(isAskedToStop(runId)).toBe(false);
      goOn();
      expect(await ended).toMatchObject({ record: { status: 'completed' } });
    });

    test('hands it over when it closes itself: the other one has the progress and the end of it from then on', async () => {
      const { first, second, runId, goOn } = await inTwoWindows();
      first.leave(false);
      await vi.waitFor(() => {
        expect(fakeVscode.window.withProgress).toHaveBeenCalled();
      });
      const hold = await readFile(holds.holdPath(journals.journalPath(directory, runId)), 'utf8');
      expect(JSON.parse(hold)).toMatchObject({ window: 'next' });
      goOn();
      await vi.waitFor(() => {
        expect(fakeVscode.window.showInformationMessage).toHaveBeenCalledTimes(1);
      });
      expect(fakeVscode.window.showInformationMessage.mock.calls[0]?.[0]).toContain(
        'went on after its window had closed',
      );
      expect(second.get(runId)?.end).toMatchObject({ failure: null });
    });

    test('may have taken the journal away before that one has opened it, and no failure is made of that', async () => {
      const { runId, choices: chosen, plan, estimateSeconds: seconds, pools } = await prepareRun();
      const about = { choices: chosen, plan, estimateSeconds: seconds, pools };
      const header = { kind: 'run', version: '1', runId, workspace: 'a', folder: null, about } as const;
      const gone = await prepareAgain(journals.journalPath(directory, runId), header, contextOf('next'));
      const second = new Runs(memory, log);
      expect(await second.start(gone).ended).toMatchObject({ record: null, failure: null, notSaved: null });
      // Its record, if there is one, tells; and whether it has cleaned up is not known here.
      expect(second.get(runId)).toBeUndefined();
      expect(unfinished.map((run) => run.runId)).toContain(runId);
      expect(await readdir(directory)).toEqual([]);
    });
  });

  test('has its panel come back with the run, which it does not say to be gone while it is being looked for', async () => {
    const { loading } = underLoad();
    const runs = new Runs(memory, log);
    const { run } = runs.start(await prepareRun());
    await loading;
    close(runs);
    channelIsClosed = false;
    const next = new Runs(memory, log);
    const looking = turnstile();
    const watched = looking.opened.then(() => watchAgain(servicesOf(next)));
    const view = createPanelContent(next, noResults, memory, log, configTexts, () => watched).view({ runId: run.id });
    looking.open();
    expect((await view).kind).toMatch(/^(queued|live)$/u);
    close(next, true);
    const nowhere = createPanelContent(next, noResults, memory, log, configTexts).view({
      runId: '20261124-210000-ffff',
    });
    expect(await nowhere).toMatchObject({
      kind: 'problem',
      message: expect.stringMatching(/^There is no record/u) as string,
    });
  });

  describe('for an update of the extension', () => {
    const updated = (runs: InstanceType<typeof Runs>, change: object = {}): never =>
      ({ ...(servicesOf(runs) as object), extension: { path: '/ext', version: '2' }, ...change }) as never;

    test('leaves the run to be cancelled from the next one, though it can show no more of it', async () => {
      const { loading } = underLoad();
      const runs = new Runs(memory, log);
      runs.start(await prepareRun());
      await loading;
      close(runs);
      channelIsClosed = false;
      fakeVscode.window.withProgress.mockImplementationOnce(async (_options, work) =>
        work(
          { report: () => undefined },
          {
            isCancellationRequested: false,
            onCancellationRequested: (listener: () => void) => {
              setTimeout(listener);
              return { dispose: () => undefined };
            },
          },
        ),
      );
      const next = new Runs(memory, log);
      await watchAgain(updated(next));
      await vi.waitFor(() => {
        expect(target.calls.at(-1)).toBe('close');
      });
      const [options] = fakeVscode.window.withProgress.mock.calls[0] ?? [];
      expect(options).toMatchObject({ cancellable: true, title: 'A benchmark of Topology Bench 1 goes on' });
      await vi.waitFor(() => {
        expect(unfinished).toEqual([]);
      });
      expect(await readdir(directory)).toEqual([]);
      expect(next.active()).toEqual([]);
    });

    test('has its end told by the next one, which saves the record that the run itself could not', async () => {
      saveProblem = diskFull;
      const runs = new Runs(memory, log);
      const { run, ended } = runs.start(await prepareRun());
      await ended;
      runs.dispose();
      saveProblem = undefined;
      fakeVscode.window.showInformationMessage.mockResolvedValueOnce('Open Results');
      await watchAgain(updated(new Runs(memory, log)));
      await vi.waitFor(() => {
        expect(fakeVscode.commands.executeCommand).toHaveBeenCalledWith('topologyBench.openResults', run.id);
      });
      expect(fakeVscode.window.showInformationMessage.mock.calls[0]?.[0]).toBe(
        'The benchmark that Topology Bench 1 had begun has ended.',
      );
      expect(saved.map(({ id }) => id)).toEqual([run.id]);
      expect(await readdir(directory)).toEqual([]);
    });

    test('does not cost a record that cannot be saved yet', async () => {
      saveProblem = diskFull;
      const runs = new Runs(memory, log);
      const { run, ended } = runs.start(await prepareRun());
      await ended;
      runs.dispose();
      await watchAgain(updated(new Runs(memory, log)));
      await vi.waitFor(() => {
        expect(fakeVscode.window.showErrorMessage).toHaveBeenCalledTimes(1);
      });
      expect(await readdir(directory)).toContain(`${run.id}.ndjson`);
    });
  });

  test('costs no record that only a journal has, however old it is and whose', async () => {
    const weekAgo = new Date(Date.now() - 8 * 24 * 3_600_000);
    const write = async (runId: string, ...further: readonly journals.JournalLine[]): Promise<void> => {
      const journal = journals.journalPath(directory, runId);
      const header = { kind: 'run', version: '1', runId, workspace: 'another', folder: null, about: {} } as const;
      await journals.beginJournal(journal, header);
      const writer = journals.appendToJournal(journal);
      for (const line of further) writer.write(line);
      writer.close();
      await utimes(journal, weekAgo, weekAgo);
    };
    const measuredEvent = { kind: 'event', event: { type: 'run-ended', record: {} } as RunEvent } as const;
    const end = { kind: 'end', failure: null, notSaved: null, leftBehind: null, kept: null } as const;
    await write('nothing');
    await write('saved', measuredEvent, end);
    await write('killed', measuredEvent);
    await write('unsaved', measuredEvent, {
      ...end,
      notSaved: { reason: 'save-failed', message: 'The disk is full.', nextStep: null },
    });
    await watchAgain(servicesOf(new Runs(memory, log)));
    expect((await readdir(directory)).sort()).toEqual(['killed.ndjson', 'unsaved.ndjson']);
  });

  test('is told of a run whose process was killed, and keeps its note, so that it is cleaned up', async () => {
    const { loading } = underLoad();
    const runs = new Runs(memory, log);
    const { run } = runs.start(await prepareRun());
    await loading;
    close(runs);
    hasGone = true;
    const next = await reopen();
    await vi.waitFor(() => {
      expect(next.get(run.id)?.end).toMatchObject({
        leftBehind: { reason: 'clean-up-incomplete' },
        failure: { message: expect.stringContaining('out of memory') as string },
      });
    });
    expect(unfinished.map(({ runId }) => runId)).toContain(run.id);
    expect(await readdir(directory)).toEqual([]);
  });

  test('keeps the note of a run that could not clean up', async () => {
    target = new ScriptedTarget({ close: answered });
    const { loading } = underLoad();
    const runs = new Runs(memory, log);
    const { run } = runs.start(await prepareRun());
    await loading;
    close(runs, true);
    await reopen();
    await vi.waitFor(() => {
      expect(unfinished.map(({ runId }) => runId)).toContain(run.id);
    });
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
    const view = await createPanelContent(runs, results, memory, log, configTexts).view({ runId: run.id });
    expect(view).toMatchObject({ kind: 'record', record: { id: run.id }, notSaved: null });
  });

  test('says of each of them what went wrong', async () => {
    await startRun(await prepareRun(), servicesOf(new Runs(memory, log)));
    expect(fakeVscode.window.showErrorMessage).not.toHaveBeenCalled();
    const [message] = fakeVscode.window.showWarningMessage.mock.calls[0] ?? [];
    expect(message).toContain('fastapi: It was killed. Give it more memory. triton: It was killed.');
  });

  test.each([
    [false, ['Open Results', 'Retry', 'Show Log']],
    [true, ['Retry', 'Show Log']],
  ])('offers to open its results where no panel shows them', async (isSeen, buttons) => {
    isPanelSeen = isSeen;
    await startRun(await prepareRun(), servicesOf(new Runs(memory, log)), () => undefined);
    expect(fakeVscode.window.showWarningMessage.mock.calls[0]?.slice(1)).toEqual(buttons);
    expect(fakeVscode.window.showInformationMessage).not.toHaveBeenCalled();
  });

  test('says also that its record was not saved', async () => {
    saveProblem = diskFull;
    const runs = new Runs(memory, log);
    const { run, ended } = runs.start(await prepareRun());
    await ended;
    const view = await createPanelContent(runs, results, memory, log, configTexts).view({ runId: run.id });
    expect(view).toMatchObject({ kind: 'record', notSaved: 'The disk is full. Free some space.' });
  });
});

test("a panel shows a run at the price of the user's settings, as they stand, and has it asked for", async () => {
  const runs = new Runs(memory, log);
  const { run, ended } = runs.start(await prepareRun());
  await ended;
  const content = createPanelContent(runs, results, memory, log, configTexts);
  expect(await content.view({ runId: run.id })).toMatchObject({ gpuPrice: { price: null, problem: null } });
  settingsOf.set('', { gpuHourPrice: 2.5, currency: 'EUR' });
  expect(await content.view({ runId: run.id })).toMatchObject({
    gpuPrice: { price: { perGpuHour: 2.5, currency: 'EUR' } },
  });
  await content.answer({ runId: run.id }, { kind: 'set-gpu-price' });
  expect(fakeVscode.commands.executeCommand).toHaveBeenCalledWith('topologyBench.setGpuPrice');
  await content.answer({ runId: run.id }, { kind: 'open-image-settings' });
  expect(fakeVscode.commands.executeCommand).toHaveBeenCalledWith(
    'workbench.action.openSettings',
    'topologyBench.images',
  );
});

test('a run that was stopped before its first number has no record, and its panel says why', async () => {
  const stop = new BenchError({ reason: 'cancelled', message: 'Cancelled while checking.' });
  target = new ScriptedTarget({ preflight: stop });
  const runs = new Runs(memory, log);
  const { run, ended } = runs.start(await prepareRun());
  expect(await ended).toMatchObject({ record: null, failure: { reason: 'cancelled' } });
  const view = await createPanelContent(runs, results, memory, log, configTexts).view({ runId: run.id });
  const message =
    'No load was measured to its end, so there are no figures. What it had made on the cluster was removed.';
  expect(view).toMatchObject({ kind: 'cancelled', subject: run.subject, message, benchmarkAgain: 'possible' });
  // The window is reloaded: nothing but the memory knows of it.
  const later = createPanelContent(new Runs(memory, log), noResults, memory, log, configTexts);
  expect(await later.view({ runId: run.id })).toEqual(view);
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
    // The file is there a moment before the run knows it.
    await vi.waitFor(() => {
      expect(runs.get(runId)?.end?.notSaved).toBeNull();
    });
    expect(saved).toHaveLength(1);
    expect(dialogs).toHaveBeenCalledTimes(2);
    expect(dialogs.mock.calls[0]?.slice(1)).toEqual(['Retry', 'Open Settings', 'Show Log']);
    const view = await createPanelContent(runs, results, memory, log, configTexts).view({ runId });
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
    await createPanelContent(runs, results, memory, log, configTexts).answer({ runId }, request);
    const [opened] = fakeVscode.workspace.openTextDocument.mock.calls[0] ?? [];
    const { content, language } = opened as { content: string; language: string };
    expect(language).toBe('json');
    expect(JSON.parse(content)).toEqual(runs.get(runId)?.end?.record);
    expect(fakeVscode.window.showTextDocument).toHaveBeenCalledTimes(1);
    expect(fakeVscode.window.showTextDocument.mock.calls[0]?.[1]).toEqual({ viewColumn: 1 });
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

describe('a benchmark of another window or of the command line', () => {
  const other = (change: Partial<claims.Claimant> = {}): Promise<string> =>
    claims.takeTurn(
      claimsDirectory,
      {
        runId: '20261124-200000-0001',
        pools: ['cluster k, CPU'],
        subject: 'sentiment',
        door: 'the command line',
        folder: 'models',
        pid: process.pid,
        startedAt: null,
        ...change,
      },
      { isAlive: engine.isRunning, waits: () => undefined, signal: new AbortController().signal },
    );
  const firstWait = async (runs: InstanceType<typeof Runs>, id: string): Promise<string> => {
    await vi.waitFor(() => {
      expect(runs.get(id)?.waitsFor).not.toBe('');
    });
    return runs.get(id)?.waitsFor ?? '';
  };

  test('is waited for, where it uses the same; the wait says which it is and is noted, and ends with it', async () => {
    const claim = await other();
    const runs = new Runs(memory, log);
    const { run, ended } = runs.start(await prepareRun());
    expect(await firstWait(runs, run.id)).toMatch(
      /^Waits for the benchmark of sentiment from the command line \(models, process \d+\), which is under way since .* and uses CPU of kind-x, too\.$/u,
    );
    await vi.waitFor(() => {
      expect(queued.map(({ runId }) => runId)).toEqual([run.id]);
    });
    expect([target.calls, unfinished]).toEqual([[], []]);
    await claims.dropClaim(claim);
    expect((await ended).record?.status).toBe('completed');
    expect(queued).toEqual([]);
    expect(await readdir(claimsDirectory)).toEqual([]);
  });

  test('is waited for in its namespace, too, and not longer than its process is there', async () => {
    const claim = await other({ pools: ['cluster k, namespace team-a'], door: 'VS Code', folder: null });
    const runs = new Runs(memory, log);
    const { run, ended } = runs.start(await prepareRun());
    expect(await firstWait(runs, run.id)).toMatch(/from VS Code \(process .* the namespace team-a of kind-x/u);
    await claims.passClaim(claim, { pid: 1, startedAt: null });
    expect((await ended).record?.status).toBe('completed');
  });

  test('is waited for no longer when the wait is cancelled, and nothing was made', async () => {
    const claim = await other();
    const runs = new Runs(memory, log);
    const { run, ended } = runs.start(await prepareRun());
    await firstWait(runs, run.id);
    runs.cancel(run.id);
    expect(await ended).toMatchObject({ record: null, failure: { reason: 'cancelled' } });
    expect([target.calls, queued]).toEqual([[], []]);
    expect(await readdir(claimsDirectory)).toEqual([claim.split('/').at(-1)]);
  });

  test('keeps no run from beginning that uses nothing of the same, or where it cannot be told', async () => {
    await other({ pools: ['cluster of another name, CPU'] });
    const { ended } = new Runs(memory, log).start(await prepareRun());
    expect((await ended).record?.status).toBe('completed');
    const known = claimsDirectory;
    claimsDirectory = join(storage, 'a file');
    await writeFile(claimsDirectory, '');
    try {
      expect((await new Runs(memory, log).start(await prepareRun()).ended).record?.status).toBe('completed');
    } finally {
      await rm(claimsDirectory);
      claimsDirectory = known;
    }
    expect(lines.join('\n')).toContain('whether another benchmark is under way cannot be told');
  });

  test('has its turn when a run could not be begun after all', async () => {
    const runs = new Runs(memory, log);
    const prepared = await prepareRun();
    memoryNote = new Error('no memory');
    const { ended } = runs.start(prepared);
    expect(await ended).toMatchObject({ failure: { reason: 'internal' } });
    expect(await readdir(claimsDirectory)).toEqual([]);
  });
});

test("the text of a run's model config is kept, and one that cannot be kept holds no run up", async () => {
  await startRun(await prepareRun(), servicesOf(new Runs(memory, log)));
  const kept = await readdir(join(storage, 'model-configs'));
  expect(await Promise.all(kept.map((hash) => texts.readConfigText([join(storage, 'model-configs')], hash)))).toEqual([
    configText,
  ]);
  await rm(join(storage, 'model-configs'), { recursive: true });
  await writeFile(join(storage, 'model-configs'), '');
  const { record } = await startRun(await prepareRun(), servicesOf(new Runs(memory, log)));
  expect(record?.status).toBe('completed');
  expect(lines.join('\n')).toContain("The model config's text could not be kept in ");
  await rm(join(storage, 'model-configs'));
});

test('a namespace that stays is told of at the end, with what removes it, and is nothing to clean up', async () => {
  target.kept = 'The namespace team-a, which was made for this, stays: theirs lives there. Remove it with "kubectl".';
  await startRun(await prepareRun(), servicesOf(new Runs(memory, log)));
  expect(fakeVscode.window.showWarningMessage.mock.calls).toEqual([[target.kept, 'Show Log']]);
  expect(unfinished).toEqual([]);
  expect(lines.filter((line) => line.includes('stays: theirs'))).toHaveLength(1);
});

const panels = {
  show: () => undefined,
  shows: () => isPanelSeen,
  onDidChangeSight: () => ({ dispose: () => undefined }),
};

function servicesOf(runs: InstanceType<typeof Runs>): never {
  return {
    log,
    runs,
    results,
    memory,
    failures: createFailures(log),
    journals: { directory, workspace: 'a', window: 'next' },
    configTexts,
    extension: { path: '/ext', version: '1' },
    panels,
    cluster: { changed: () => undefined },
  } as never;
}

function turnstile(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    opened,
    open: () => {
      open();
    },
  };
}

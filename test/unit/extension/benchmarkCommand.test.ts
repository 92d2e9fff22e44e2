/** From the questions to the start of a run, on quick picks that a test answers. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { ClusterInventory } from '../../../src/core/cluster.ts';
import { BenchError, cancelled } from '../../../src/core/errors.ts';
import { estimateSeconds, makePlan } from '../../../src/core/planning.ts';
import { profileNames } from '../../../src/core/profiles.ts';
import type { BenchmarkChoices, Subject } from '../../../src/extension/choices.ts';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import { createMemory } from '../../../src/extension/memory.ts';
import type { PreparedRun, RunEnd } from '../../../src/extension/prepare.ts';
import type { Services } from '../../../src/extension/services.ts';
import type { LookedAt } from '../../../src/local/prepare.ts';
import { choices as planChoices } from '../../support/choices.ts';
import { laterRecord } from '../../support/changedRecord.ts';
import { onMachine } from '../../support/onMachine.ts';
import { sampleOrigin } from '../../support/origin.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';
import { reply, shown, unusedReplies } from './fakeQuickInput.ts';
import { fakeVscode, settingsOf, useDefaults } from './fakeVscode.ts';
import { JsonMemento } from './jsonMemento.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const started: PreparedRun[] = [];
/** How long a run takes once it was started. */
let underWay: Promise<void>;
let end: Pick<RunEnd, 'record' | 'failure'>;
vi.mock('../../../src/extension/startRun.ts', () => ({
  startRun: async (prepared: PreparedRun) => {
    started.push(prepared);
    await underWay;
    return end;
  },
}));
vi.mock('../../../src/extension/engine.ts', () => ({ loadEngine: async () => engine }));
const { benchmarkAgain, benchmarkCommand, benchmarkUnasked } =
  await import('../../../src/extension/commands/benchmark.ts');
const { runName } = await import('../../../src/extension/questions/run.ts');
const { Protection } = await import('../../../src/extension/protection.ts');
Object.assign(fakeVscode.workspace, { findFiles: async () => [], textDocuments: [] });

const engine = {
  makePlan,
  estimateSeconds,
  newRunId: () => '20261124-210000-0001',
  openAssets: () => ({
    tinyModelDirectory: '/tiny',
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
  findModelTokenizer: async ({ tokenizerPath }: { tokenizerPath: string | undefined }) => {
    if (tokenizerPath === undefined)
      throw new BenchError({ reason: 'tokenizer-missing', message: 'It has none.', nextStep: 'Write one.' });
    if (tokenizerPath === '/wrong') throw new BenchError({ reason: 'model-incomplete', message: 'It is none.' });
  },
  lookAtMachine: async () => here,
};
const gpuNode = {
  resource: 'nvidia.com/gpu',
  product: 'Tesla-T4',
  productLabel: 'nvidia.com/gpu.product',
  total: 2,
  takenBy: [],
  schedulable: true,
};
const inventory = {
  nodes: 3,
  notes: [],
  podsSeen: 'everywhere',
  gpuNodes: [
    { ...gpuNode, name: 'a', free: 1 },
    { ...gpuNode, name: 'b', free: 2 },
    { ...gpuNode, name: 'gke', free: 2, product: 'nvidia-l4', productLabel: 'cloud.google.com/gke-accelerator' },
  ],
} as unknown as ClusterInventory;
const contexts = [
  { name: 'staging', namespace: 'models', current: true },
  { name: 'prod-eu', namespace: 'models', current: false },
];

let last: BenchmarkChoices | undefined;
let earlier: BenchmarkChoices | undefined;
let away: string | undefined;
let here: LookedAt;
let placeInView: { readonly context: string; readonly namespace: string } | undefined;
let lacksNamespace = false;
let namespaceStays: string | undefined;
const showFailure = vi.fn<Services['failures']['show']>();
let services = {} as Services;

beforeEach(() => {
  vi.clearAllMocks();
  useDefaults(settingDefaults);
  settingsOf.clear();
  onMachine('linux', 'x64');
  fakeVscode.workspace.isTrusted = true;
  started.length = 0;
  underWay = Promise.resolve();
  end = { record: sampleRecord(), failure: null };
  last = undefined;
  earlier = undefined;
  away = undefined;
  here = { toFetch: [], cacheDirectory: '/home/me/.cache/topology-bench', noTriton: null };
  placeInView = { context: 'staging', namespace: 'models' };
  lacksNamespace = false;
  namespaceStays = undefined;
  const answers = createMemory(new JsonMemento(), new JsonMemento());
  services = {
    extension: { path: '/ext', version: '1' },
    memory: {
      lastChoices: () => last,
      choicesOf: () => earlier,
      rememberChoices: async (choices: BenchmarkChoices | undefined) => {
        last = choices;
      },
      lastAnswers: () => answers.lastAnswers(),
      rememberAnswers: (choices: BenchmarkChoices) => answers.rememberAnswers(choices),
      tokenizerOf: (subject: Subject) => answers.tokenizerOf(subject),
      rememberTokenizer: (subject: Subject, path: string | undefined) => answers.rememberTokenizer(subject, path),
    },
    cluster: {
      contexts: async () => contexts,
      current: async () => placeInView,
      lastPlace: () => placeInView,
      placeOf: ({ name, namespace }: (typeof contexts)[number]) => ({ context: name, namespace }),
      wasAway: (context: string) => away === context,
      inventory: async () => inventory,
      lacksNamespace: async () => lacksNamespace,
      whyNamespaceWouldStay: async () => namespaceStays,
    },
    protection: new Protection(),
    runs: { get: () => undefined },
    failures: { show: showFailure },
    log: { warn: () => undefined },
  } as unknown as Services;
  fakeVscode.window.showInformationMessage.mockImplementation(async (...parts) => parts[2] as string);
});

const builtIn = { kind: 'built-in' } as const;
const benchmark = () => benchmarkCommand(builtIn, services);
const steps = () => shown.map(({ step, totalSteps }) => `${String(step)}/${String(totalSteps)}`);
const onCluster: BenchmarkChoices = {
  subject: builtIn,
  topologies: ['triton'],
  target: { kind: 'kubernetes', context: 'prod-eu', namespace: 'models', createNamespace: false },
  gpu: { resource: 'nvidia.com/gpu', count: 1, product: 'Tesla-T4', productLabel: 'nvidia.com/gpu.product' },
  profile: 'server',
  sloP95Ms: 50,
  repetitions: 2,
};
const t4 = '1 nvidia.com/gpu (Tesla-T4)';
const goneGpu = { resource: 'nvidia.com/gpu', count: 1, product: 'gone', productLabel: null };
const sameAsLastTime =
  'Same as last time: triton on prod-eu/models, 1 nvidia.com/gpu (Tesla-T4), server under p95 50 ms, 2 turns';

describe('the questions', () => {
  test('are numbered, and lead from topologies, place and GPU pool to the load', async () => {
    reply({ pick: ['fastapi', 'triton'] }, { pick: ['staging/models'] }, { pick: [t4] }, { pick: ['ladder'] });
    await benchmark();
    expect(steps()).toEqual(['1/4', '2/4', '3/4', '4/4']);
    expect(shown.map(({ canGoBack }) => canGoBack)).toEqual([false, true, true, true]);
    expect(shown[3]?.rows).toEqual([...profileNames, 'Turns of each topology…']);
    expect(started[0]?.plan).toMatchObject({
      load: { profile: 'ladder', search: { kind: 'ladder' }, repetitions: 1, generators: 1 },
      gpu: { nodeSelector: { 'nvidia.com/gpu.product': 'Tesla-T4' } },
    });
  });

  test('offer this machine before a cluster that could not be reached', async () => {
    reply({ pick: ['fastapi'] }, 'leave');
    await benchmark();
    expect(shown[1]?.rows).toEqual(['staging/models', 'prod-eu/models', 'This machine']);
    away = 'staging';
    reply({ pick: ['fastapi'] }, 'leave');
    await benchmark();
    expect(shown[1]?.rows).toEqual(['This machine', 'staging/models', 'prod-eu/models']);
  });

  test('end with how many GPU-minutes the run will take, and their price where one is entered', async () => {
    const detail = (): string =>
      (fakeVscode.window.showInformationMessage.mock.lastCall as [string, { detail: string }])[1].detail;
    const onGpu = () =>
      [
        { pick: ['triton'] },
        { pick: ['staging/models'] },
        { pick: ['1 nvidia.com/gpu (nvidia-l4)'] },
        'accept',
      ] as const;
    reply(...onGpu());
    await benchmark();
    expect(detail()).toContain('and about 1 GPU-minute, on staging/models');
    settingsOf.set('', { gpuHourPrice: 6, currency: 'EUR' });
    last = undefined;
    reply(...onGpu());
    await benchmark();
    expect(detail()).toContain('and about 1 GPU-minute (0.11 EUR at 6.00 EUR a GPU-hour), on staging/models');
    reply({ pick: ['triton'] }, { pick: ['This machine'] }, 'accept');
    last = undefined;
    await benchmark();
    expect(detail()).not.toContain('GPU-minute');
  });

  test('select a GPU pool by the label that its nodes have', async () => {
    settingsOf.set('', { 'gpu.nodeSelector': { zone: 'b' } });
    reply({ pick: ['triton'] }, { pick: ['staging/models'] }, { pick: ['1 nvidia.com/gpu (nvidia-l4)'] }, 'accept');
    await benchmark();
    expect(started[0]?.plan.gpu?.nodeSelector).toEqual({ zone: 'b', 'cloud.google.com/gke-accelerator': 'nvidia-l4' });
    // The answer as it was remembered before the label was.
    earlier = { ...onCluster, gpu: { resource: 'nvidia.com/gpu', count: 1, product: 'Tesla-T4' } };
    await benchmarkAgain('run', services);
    expect(started[1]?.plan.gpu?.nodeSelector).toEqual({ zone: 'b', 'nvidia.com/gpu.product': 'Tesla-T4' });
  });

  test('go back with the answers that were given, and skip the GPU on this machine', async () => {
    reply(
      { pick: ['triton'] },
      { pick: ['staging/models'] },
      { pick: ['CPU only'] },
      'back',
      'back',
      { pick: ['This machine'] },
      'back',
      'back',
      { pick: ['hybrid'] },
      'accept',
      { pick: ['quick'] },
    );
    await benchmark();
    expect(steps()).toEqual(['1/4', '2/4', '3/4', '4/4', '3/4', '2/4', '3/3', '2/3', '1/3', '2/3', '3/3']);
    expect(shown[4]?.picked).toEqual(['CPU only']);
    expect(shown[7]?.picked).toEqual(['This machine']);
    expect(shown[8]?.picked).toEqual(['triton']);
    expect(started[0]?.choices).toMatchObject({ topologies: ['hybrid'], target: { kind: 'local' }, gpu: null });
    expect(unusedReplies()).toEqual([]);
  });

  test('of the profile "server" include the bound of p95, and take only a number for it', async () => {
    reply(
      { pick: ['triton'] },
      { pick: ['staging/models'] },
      { pick: ['CPU only'] },
      { pick: ['server'] },
      { type: 'fast' },
      { type: '0' },
      { type: ' 12.5 ' },
    );
    await benchmark();
    expect(steps()).toEqual(['1/4', '2/4', '3/4', '4/4', '5/5']);
    expect(shown[4]?.hint).toContain('Empty: 100 ms');
    expect(shown[4]?.problems).toEqual(['A number from 0.1 to 600000.', 'A number from 0.1 to 600000.']);
    expect(started[0]?.plan.load.search).toMatchObject({ kind: 'slo', p95Ms: 12.5 });
    const [, options] = fakeVscode.window.showInformationMessage.mock.lastCall as [string, { detail: string }];
    expect(options.detail).toContain('highest rate at which p95 stays under 12.5 ms');
  });

  test('leave the bound to the profile where the box is empty', async () => {
    reply({ pick: ['triton'] }, { pick: ['This machine'] }, { pick: ['server'] }, { type: '' });
    await benchmark();
    expect(started[0]?.plan.load.search).toMatchObject({ p95Ms: 100 });
    expect(last).not.toHaveProperty('sloP95Ms');
  });

  test('take other turns than the profile has, and take that back', async () => {
    const turns = { pick: ['Turns of each topology…'] };
    reply({ pick: ['triton'] }, { pick: ['This machine'] }, turns, { type: '51' }, { type: '5' }, { pick: ['quick'] });
    await benchmark();
    expect(shown[3]?.problems).toEqual(['A whole number from 1 to 50.']);
    expect(started[0]?.plan.load.repetitions).toBe(5);
    reply({ pick: ['Choose anew…'] }, 'accept', 'accept', turns, { type: '' }, { pick: ['standard'] });
    await benchmark();
    expect(shown[4]?.value).toBe('5');
    expect(started[1]?.plan.load.repetitions).toBe(3);
    expect(last).not.toHaveProperty('repetitions');
  });

  test('take at least one topology, and say so', async () => {
    reply({ pick: [] }, { pick: ['triton'] }, { pick: ['This machine'] }, { pick: ['quick'] });
    await benchmark();
    expect(shown[0]?.problems).toEqual(['Tick at least one.']);
    expect(started[0]?.choices.topologies).toEqual(['triton']);
  });

  test('begin with the model of the last answers, where it is asked for', async () => {
    await services.memory.rememberAnswers(onCluster);
    reply('leave');
    await benchmarkCommand(undefined, services);
    expect(shown.map(({ hint, picked }) => [hint, picked])).toEqual([
      ['Which model?', ['Tiny sentiment model (built in)']],
    ]);
  });

  test('remember every answer of the last run', async () => {
    last = onCluster;
    await services.memory.rememberAnswers(onCluster);
    reply({ pick: ['Choose anew…'] }, 'accept', 'accept', 'accept', 'accept', 'accept');
    await benchmark();
    expect(shown.slice(1).map(({ picked, value }) => picked[0] ?? value)).toEqual([
      'triton',
      'prod-eu/models',
      t4,
      'server',
      '50',
    ]);
  });

  test('offer the same as last time, and start nothing when the user leaves', async () => {
    last = onCluster;
    reply('leave');
    await benchmark();
    expect(shown[0]?.rows[0]).toBe(
      'Same as last time: triton on prod-eu/models, 1 nvidia.com/gpu (Tesla-T4), server under p95 50 ms, 2 turns',
    );
    reply({ pick: ['Choose anew…'] }, { pick: ['hybrid'] }, 'leave');
    await benchmark();
    expect([started, last]).toEqual([[], onCluster]);
  });
});

describe('the GPU that is chosen beforehand', () => {
  const startOn = async (place: string, gpu?: string): Promise<readonly string[]> => {
    last = undefined;
    reply({ pick: ['triton'] }, { pick: [place] }, ...(gpu === undefined ? [] : [{ pick: [gpu] }]), {
      pick: ['quick'],
    });
    await benchmark();
    return shown[2]?.picked ?? [];
  };

  test('is the first that is free, whatever ran on this machine', async () => {
    await startOn('This machine');
    expect(await startOn('staging/models', 'CPU only')).toEqual([t4]);
    services.cluster.inventory = async () => ({
      ...inventory,
      gpuNodes: inventory.gpuNodes.map((node) => (node.product === 'Tesla-T4' ? { ...node, free: 0 } : node)),
    });
    await services.memory.rememberAnswers({ ...onCluster, gpu: goneGpu });
    expect(await startOn('staging/models', t4)).toEqual(['1 nvidia.com/gpu (nvidia-l4)']);
  });

  test('is the last answer for a cluster', async () => {
    await startOn('staging/models', 'CPU only');
    await startOn('This machine');
    expect(await startOn('staging/models', t4)).toEqual(['CPU only']);
    await startOn('This machine');
    expect(await startOn('staging/models', 'CPU only')).toEqual([t4]);
  });

  test('does not count where the last run was on this machine', async () => {
    await startOn('This machine');
    await startOn('This machine');
    expect(steps()).toEqual(['1/3', '2/3', '3/3']);
  });
});

describe('the last question', () => {
  const answered = [{ pick: ['hybrid'] }, { pick: ['prod-eu/models'] }, { pick: [t4] }, { pick: ['ladder'] }] as const;
  const leaveOnce = () => fakeVscode.window.showInformationMessage.mockImplementationOnce(async () => undefined);

  test('has a way back to those before it, with their answers', async () => {
    fakeVscode.window.showInformationMessage.mockImplementationOnce(async () => 'Back');
    reply(...answered, 'back', 'accept', { pick: ['quick'] });
    await benchmark();
    expect(fakeVscode.window.showInformationMessage.mock.calls[0]?.slice(2)).toEqual(['Start', 'Back']);
    expect(steps()).toEqual(['1/4', '2/4', '3/4', '4/4', '4/4', '3/4', '4/4']);
    expect(shown.slice(4).map(({ picked }) => picked)).toEqual([['ladder'], [t4], ['ladder']]);
    expect(started.map(({ choices }) => choices.profile)).toEqual(['quick']);
  });

  test('leads back to "Same as last time", too', async () => {
    last = onCluster;
    fakeVscode.window.showInformationMessage.mockImplementationOnce(async () => 'Back');
    reply({ pick: [sameAsLastTime] }, 'leave');
    await benchmark();
    expect(shown.map(({ hint }) => hint)).toEqual(['What should run?', 'What should run?']);
  });

  test('costs no answer when it is left: the questions begin with them, and what ran last stays what it was', async () => {
    last = onCluster;
    leaveOnce();
    reply({ pick: ['Choose anew…'] }, ...answered);
    await benchmark();
    expect([started, last]).toEqual([[], onCluster]);
    reply({ pick: ['Choose anew…'] }, 'accept', 'accept', 'accept', 'accept');
    await benchmark();
    expect(shown[0]?.rows[0]).toBe(sameAsLastTime);
    expect(shown.slice(1).map(({ picked }) => picked[0])).toEqual(['hybrid', 'prod-eu/models', t4, 'ladder']);
  });
});

describe('what ran last', () => {
  const refused = { record: null, failure: new BenchError({ reason: 'forbidden', message: 'Rights are missing.' }) };

  test('is no run that was refused before it began', async () => {
    earlier = { ...onCluster, profile: 'quick' };
    end = refused;
    await benchmarkAgain('run', services);
    expect(last).toBeUndefined();
    end = { record: null, failure: cancelled('checking') };
    await benchmarkAgain('run', services);
    expect(last).toEqual(earlier);
  });

  test('stays another one that has begun meanwhile', async () => {
    let refuse = (): void => undefined;
    underWay = new Promise((resolve) => {
      refuse = resolve;
    });
    end = refused;
    earlier = { ...onCluster, profile: 'quick' };
    const run = benchmarkAgain('run', services);
    await vi.waitFor(() => {
      expect(started).toHaveLength(1);
    });
    last = onCluster;
    refuse();
    await run;
    expect(last).toEqual(onCluster);
  });
});

describe('a tokenizer that is missing', () => {
  const subject: Subject = { kind: 'config', uri: 'file:///project/m/config.pbtxt' };
  const choose = (path: string): void => {
    fakeVscode.window.showWarningMessage.mockImplementationOnce(async () => 'Choose tokenizer.json');
    fakeVscode.window.showOpenDialog.mockResolvedValueOnce([fakeVscode.Uri.file(path)]);
  };

  test('is asked for before anything else, once', async () => {
    reply();
    await benchmarkCommand(subject, services);
    expect(fakeVscode.window.showWarningMessage.mock.lastCall?.slice(0, 2)).toEqual([
      'It has none.',
      { modal: true, detail: 'Write one.' },
    ]);
    expect(shown).toEqual([]);
    choose('/tokenizer.json');
    reply('leave');
    await benchmarkCommand(subject, services);
    expect(shown).toHaveLength(1);
    expect(services.memory.tokenizerOf(subject)).toBe('/tokenizer.json');
    reply('leave');
    await benchmarkCommand(subject, services);
    expect(fakeVscode.window.showWarningMessage).toHaveBeenCalledTimes(2);
  });

  test('is asked for again where the file is none', async () => {
    choose('/wrong');
    reply();
    await expect(benchmarkCommand(subject, services)).rejects.toThrow('It is none.');
    expect(services.memory.tokenizerOf(subject)).toBeUndefined();
  });
});

describe('the count of questions', () => {
  test('has none for a GPU where no context is in view', async () => {
    placeInView = undefined;
    reply({ pick: ['fastapi'] }, { pick: ['This machine'] }, { pick: ['quick'] });
    await benchmark();
    expect(steps()).toEqual(['1/3', '2/3', '3/3']);
  });

  test('has one more once a context is chosen all the same', async () => {
    placeInView = undefined;
    reply({ pick: ['fastapi'] }, { pick: ['staging/models'] }, { pick: [t4] }, { pick: ['quick'] });
    await benchmark();
    expect(steps()).toEqual(['1/3', '2/3', '3/4', '4/4']);
  });
});

describe('the way back', () => {
  test('leads from the topologies to "Same as last time"', async () => {
    last = onCluster;
    reply({ pick: ['Choose anew…'] }, { pick: ['hybrid'] }, 'back', 'back', { pick: [sameAsLastTime] });
    await benchmark();
    expect(steps().slice(1, 3)).toEqual(['1/4', '2/4']);
    expect(shown.map(({ canGoBack }) => canGoBack)).toEqual([false, true, true, true, false]);
    expect(started.map(({ choices }) => choices)).toEqual([onCluster]);
  });

  test('leads from whatever comes first to the choice of the model, which is kept', async () => {
    const model = 'Tiny sentiment model (built in)';
    last = onCluster;
    reply({ pick: [model] }, { pick: ['Choose anew…'] }, 'back', 'back', 'accept', { pick: [sameAsLastTime] });
    await benchmarkCommand(undefined, services);
    expect(shown.map(({ hint, canGoBack }) => [hint, canGoBack])).toEqual([
      ['Which model?', false],
      ['What should run?', true],
      ['Which topologies? They run one after the other.', true],
      ['What should run?', true],
      ['Which model?', false],
      ['What should run?', true],
    ]);
    expect(shown[4]?.picked).toEqual([model]);
    expect(started.map(({ choices }) => choices)).toEqual([onCluster]);
  });

  test('ends at the first question where what is benchmarked was clicked', async () => {
    reply('leave');
    await benchmark();
    expect(shown.map(({ canGoBack }) => canGoBack)).toEqual([false]);
  });
});

test('the load comes from as many pods as the settings say, and from one process of this machine', async () => {
  settingsOf.set('', { 'load.generators': 3 });
  reply({ pick: ['triton'] }, { pick: ['staging/models'] }, { pick: ['CPU only'] }, { pick: ['quick'] });
  await benchmark();
  reply({ pick: ['Choose anew…'] }, 'accept', { pick: ['This machine'] }, { pick: ['quick'] });
  await benchmark();
  expect(started.map(({ plan }) => plan.load.generators)).toEqual([3, 1]);
});

test('what goes wrong before the start costs no answer: its button goes on with them', async () => {
  const problem = new BenchError({ reason: 'model-not-found', message: 'The model is gone.' });
  vi.spyOn(engine, 'resolveModel').mockRejectedValueOnce(problem);
  reply({ pick: ['triton'] }, { pick: ['staging/models'] }, { pick: ['CPU only'] }, { pick: ['quick'] });
  await benchmark();
  expect(showFailure.mock.calls.map(([error, doing]) => [error, doing])).toEqual([[problem, 'starting the benchmark']]);
  expect([started, last]).toEqual([[], undefined]);
  showFailure.mock.lastCall?.[2]?.();
  await vi.waitFor(() => {
    expect(started).toHaveLength(1);
  });
  expect(shown).toHaveLength(4);
  expect(started[0]?.choices).toMatchObject({ topologies: ['triton'], gpu: null, profile: 'quick' });
  expect(last).toEqual(started[0]?.choices);
});

describe('on this machine', () => {
  const onThisMachine = (...topologies: readonly string[]) => {
    last = undefined;
    reply({ pick: topologies }, { pick: ['This machine'] }, { pick: ['quick'] });
    return benchmark();
  };
  const detail = (): string =>
    (fakeVscode.window.showInformationMessage.mock.lastCall?.[1] as { detail: string }).detail;

  test.each<[LookedAt['toFetch'], string]>([
    [['packages', 'triton'], "About 55 MB of Triton and the servers' Python packages are fetched first, once,"],
    [['packages'], "The servers' Python packages are fetched first, once,"],
    [['triton'], 'About 55 MB of Triton are fetched first, once,'],
  ])('the confirmation says that %j are fetched, and where they are kept', async (toFetch, sentence) => {
    here = { ...here, toFetch };
    await onThisMachine('fastapi', 'triton');
    expect(detail()).toContain(`\n\n${sentence} and kept in /home/me/.cache/topology-bench.`);
  });

  test('nothing is said of that where all is there', async () => {
    await onThisMachine('triton');
    expect(detail()).not.toContain('fetched');
  });

  test('what cannot run is said before the start, and nothing starts where that is all', async () => {
    const noTriton = new BenchError({ reason: 'tool-missing', message: 'It cannot.', nextStep: 'Use a cluster.' });
    here = { ...here, noTriton };
    await onThisMachine('fastapi', 'triton', 'hybrid');
    expect(detail()).toContain('triton, hybrid will be skipped. It cannot. Use a cluster.');
    expect(started).toHaveLength(1);
    fakeVscode.window.showInformationMessage.mockClear();
    earlier = { ...onCluster, target: { kind: 'local' }, gpu: null };
    await expect(benchmarkAgain('run', services)).rejects.toBe(noTriton);
    expect(fakeVscode.window.showInformationMessage).not.toHaveBeenCalled();
    expect(started).toHaveLength(1);
  });

  test('Windows itself is refused before the first question', async () => {
    onMachine('win32', 'x64');
    reply();
    await expect(benchmarkCommand({ target: 'local' }, services)).rejects.toThrow(
      'The servers do not run on Windows itself.',
    );
    expect(shown).toEqual([]);
  });
});

describe('Benchmark Again', () => {
  test('starts what ran, without a question', async () => {
    earlier = onCluster;
    reply();
    await benchmarkAgain('run', services);
    expect(shown).toEqual([]);
    expect(fakeVscode.window.showInformationMessage).not.toHaveBeenCalled();
    expect(started[0]?.choices).toEqual(onCluster);
    expect(started[0]?.plan.load).toMatchObject({ search: { p95Ms: 50 }, repetitions: 2 });
  });

  test('clicked twice starts one benchmark; once that is there, or could not be started, another click starts the next', async () => {
    earlier = onCluster;
    let end = (): void => undefined;
    underWay = new Promise((resolve) => {
      end = resolve;
    });
    const runs = [benchmarkAgain('run', services), benchmarkAgain('run', services)];
    await vi.waitFor(() => {
      expect(started).not.toEqual([]);
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(started).toHaveLength(1);
    runs.push(benchmarkAgain('run', services));
    await vi.waitFor(() => {
      expect(started).toHaveLength(2);
    });
    end();
    await Promise.all(runs);
    vi.spyOn(engine, 'resolveModel').mockRejectedValueOnce(new Error('The model is gone.'));
    await expect(benchmarkAgain('run', services)).rejects.toThrow('The model is gone.');
    await benchmarkAgain('run', services);
    expect(started).toHaveLength(3);
  });

  test('of a run that was started elsewhere says that its model is not known, and where to start', async () => {
    await expect(benchmarkAgain('run', services)).rejects.toMatchObject({
      reason: 'nothing-there',
      message: 'It is not known in this workspace which model config this run was of.',
      nextStep: 'Start the benchmark from the model config.',
    });
    expect(started).toEqual([]);
  });

  test('starts what this window still knows, though others have followed in great number', async () => {
    Object.assign(services, { runs: { get: () => ({ choices: onCluster }) } });
    await benchmarkAgain('run', services);
    expect(started[0]?.choices).toEqual(onCluster);
  });

  test('from the palette is of the run in sight, else of one that is picked among those started here', async () => {
    const [here, elsewhere] = [sampleRecord(), laterRecord()];
    let inSight = [here.id];
    Object.assign(services, {
      panels: { inSight: () => inSight },
      results: { list: async () => [{ record: elsewhere }, { record: here }] },
      runs: { get: () => undefined, active: () => [] },
    });
    services.memory.choicesOf = (id) => (id === here.id ? onCluster : undefined);
    reply();
    await benchmarkAgain(undefined, services);
    expect([started.length, shown.length]).toEqual([1, 0]);
    inSight = [];
    reply({ pick: [runName(here)] });
    await benchmarkAgain(undefined, services);
    expect(started).toHaveLength(2);
    expect(shown.map(({ title, rows }) => [title, rows])).toEqual([['Benchmark Again', [runName(here)]]]);
    services.memory.choicesOf = () => undefined;
    await expect(benchmarkAgain(undefined, services)).rejects.toMatchObject({
      reason: 'nothing-there',
      message: 'None of the results is of a run that was started in this workspace.',
    });
  });

  test('asks before it makes a namespace', async () => {
    earlier = onCluster;
    lacksNamespace = true;
    fakeVscode.window.showInformationMessage.mockImplementation(async () => undefined);
    await benchmarkAgain('run', services);
    expect(fakeVscode.window.showInformationMessage.mock.lastCall?.at(-1)).toBe('Create Namespace and Start');
    expect(started).toEqual([]);
  });
});

test('a question whether to make a namespace says why that would stay, and is not asked in vain', async () => {
  earlier = onCluster;
  lacksNamespace = true;
  const detail = (): string =>
    (fakeVscode.window.showInformationMessage.mock.lastCall?.[1] as { detail: string }).detail;
  await benchmarkAgain('run', services);
  expect(detail()).toContain('it is made, and removed with the rest.');
  namespaceStays = 'The namespace models will stay when the run is over.';
  await benchmarkAgain('run', services);
  expect(detail().split('\n\n')).toContain(namespaceStays);
  expect(detail()).toContain('it is made. The load comes from a pod of its own. What the run makes in it, it removes.');
  expect(started.map(({ choices }) => choices.target)).toEqual(
    [1, 2].map(() => ({ ...onCluster.target, createNamespace: true })),
  );
  fakeVscode.window.showInformationMessage.mockClear();
  const missing = new BenchError({ reason: 'forbidden', message: 'These rights are missing: delete namespaces.' });
  services.cluster.whyNamespaceWouldStay = () => Promise.reject(missing);
  await expect(benchmarkAgain('run', services)).rejects.toBe(missing);
  expect(fakeVscode.window.showInformationMessage).not.toHaveBeenCalled();
});

test('a cluster that hangs is waited for in sight, and who leaves starts nothing', async () => {
  vi.useFakeTimers();
  try {
    earlier = onCluster;
    services.cluster.lacksNamespace = () => new Promise(() => undefined);
    fakeVscode.window.withProgress.mockImplementationOnce(async (_options, work) =>
      work({}, { onCancellationRequested: (leave: () => void) => setTimeout(leave, 100) }),
    );
    const left = expect(benchmarkAgain('run', services)).rejects.toMatchObject({ reason: 'cancelled' });
    await vi.advanceTimersByTimeAsync(1_000);
    await left;
    expect(fakeVscode.window.withProgress.mock.lastCall?.[0]).toMatchObject({ title: 'Looking at prod-eu/models' });
    expect(started).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});

test('what another extension starts is remembered as the answers of a user are, without leave to make a namespace', async () => {
  const target = { kind: 'kubernetes', context: 'prod-eu', namespace: 'new', createNamespace: true } as const;
  await benchmarkUnasked({ ...onCluster, target }, services);
  expect(started[0]?.choices.target).toEqual(target);
  expect(last?.target).toEqual({ ...target, createNamespace: false });
});

describe('on a protected context', () => {
  beforeEach(() => {
    settingsOf.set('', { protectedContexts: ['prod-*'] });
    earlier = onCluster;
  });

  test('nothing starts, and nothing is remembered, when its name is not typed', async () => {
    await benchmarkAgain('run', services);
    expect(fakeVscode.window.showInputBox.mock.lastCall?.[0].prompt).toBe(
      'Benchmark tiny-sentiment: triton on prod-eu/models, 1 nvidia.com/gpu (Tesla-T4). Type prod-eu to go on.',
    );
    expect([started, last]).toEqual([[], undefined]);
  });

  test('the second run of the window is not asked again', async () => {
    fakeVscode.window.showInputBox.mockImplementationOnce(async () => 'prod-eu');
    await benchmarkAgain('run', services);
    await benchmarkAgain('run', services);
    expect(started).toHaveLength(2);
    expect(fakeVscode.window.showInputBox).toHaveBeenCalledTimes(1);
  });

  test('nothing starts for another extension either', async () => {
    await expect(benchmarkUnasked(onCluster, services)).rejects.toThrow('its name was not typed');
    expect([started, last]).toEqual([[], undefined]);
  });

  test('a run on this machine is none of its business', async () => {
    earlier = { ...onCluster, target: { kind: 'local' }, gpu: null };
    await benchmarkAgain('run', services);
    expect(started).toHaveLength(1);
  });
});

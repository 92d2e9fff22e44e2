import { expect, test, vi } from 'vitest';
import { startState, reduce, type RunEvent, type RunState } from '../../../src/core/events.ts';
import { nameLoad } from '../../../src/core/phaseLoad.ts';
import { estimateSeconds, makePlan } from '../../../src/core/planning.ts';
import type { Plan } from '../../../src/core/plan.ts';
import type { BenchmarkChoices } from '../../../src/extension/choices.ts';
import { poolsOf } from '../../../src/extension/choices.ts';
import {
  aboutTime,
  choicesSummary,
  freeOfTotal,
  gpuCount,
  planDetail,
  planSummary,
  profileSummary,
  rowFigures,
  runFraction,
  runPlace,
  runProgress,
  subjectName,
  topologyProgress,
} from '../../../src/extension/describe.ts';
import { lensTitles, tellingRows } from '../../../src/extension/figures.ts';
import { laterRecord, notValid } from '../../support/changedRecord.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';
import { sampleState } from '../../support/sampleState.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);

const gpu = { resource: 'nvidia.com/gpu', count: 1, product: null };
const onCluster: BenchmarkChoices = {
  subject: { kind: 'config', uri: 'file:///srv/my%20models/sentiment/config.pbtxt' },
  topologies: ['fastapi', 'triton', 'hybrid'],
  target: { kind: 'kubernetes', context: 'kind-x', namespace: 'team-a', createNamespace: false },
  gpu,
  profile: 'quick',
};
const here: BenchmarkChoices = { ...onCluster, target: { kind: 'local' }, gpu: null };

function planOf(choices: BenchmarkChoices): Plan {
  return makePlan({
    model: {
      name: 'sentiment',
      task: 'text-classification',
      files: [
        { name: 'model.onnx', sizeBytes: 4_618_323, sha256: 'a'.repeat(64) },
        { name: 'tokenizer.json', sizeBytes: 466_247, sha256: 'b'.repeat(64) },
      ],
      labels: ['negative', 'positive'],
      maxBatchSize: 32,
      maxLength: 128,
      paddingBuckets: [64, 128],
      precision: 'int8',
    },
    triton: null,
    topologies: choices.topologies,
    target:
      choices.target.kind === 'local'
        ? { kind: 'local' }
        : { kind: 'kubernetes', namespace: choices.target.namespace, createNamespace: choices.target.createNamespace },
    profile: choices.profile,
    payload: { name: 'p', sha256: 'c'.repeat(64), texts: [{ text: 'x', identifiers: false }] },
    gpu:
      choices.gpu === null
        ? null
        : { resource: gpu.resource, count: 1, nodeSelector: {}, tolerations: [], runtimeClassName: null },
  });
}

function stateAfter(plan: Plan, ...events: RunEvent[]): RunState {
  const start = startState({ type: 'run-started', id: '20261122-164310-3f9a', at: '2026-11-22T16:43:10Z', plan });
  return events.reduce(reduce, start);
}

test('the confirmation says what runs, where, with what, for about how long and how many GPU-minutes', () => {
  const plan = planOf(onCluster);
  const seconds = plan.load.phases.reduce((sum, phase) => sum + phase.durationSeconds, 0);
  expect(planSummary(plan, onCluster, estimateSeconds(plan))).toBe(
    `3 topologies × ${String(seconds)} s of load, ${aboutTime(estimateSeconds(plan))} and about 3 GPU-minutes, on kind-x/team-a with 1 nvidia.com/gpu each`,
  );
  expect(planSummary(plan, onCluster, 3000, { perGpuHour: 2.5, currency: 'EUR' })).toContain(
    'about 50 min and about 50 GPU-minutes (2.08 EUR at 2.50 EUR a GPU-hour), on kind-x/team-a',
  );
  const local = planOf({ ...here, topologies: ['triton'] });
  expect(planSummary(local, here, 40)).toBe(`1 topology × ${String(seconds)} s of load, about 40 s, on this machine`);
});

test('one and many are told apart, each in words of its own', () => {
  const plan = planOf(onCluster);
  const seconds = plan.load.phases.reduce((sum, phase) => sum + phase.durationSeconds, 0);
  const turns: Plan = { ...plan, load: { ...plan.load, repetitions: 3 } };
  expect(planSummary(turns, { ...onCluster, gpu: null }, 600)).toContain(
    `3 topologies × 3 repetitions × ${String(seconds)} s of load, about 10 min`,
  );
  expect(planSummary({ ...turns, gpu: null }, { ...onCluster, gpu: null }, 600)).toContain(
    'about 10 min, on kind-x/team-a, CPU only',
  );
  const one = planOf({ ...here, topologies: ['triton'] });
  expect(planSummary({ ...one, load: turns.load }, here, 40)).toContain('1 topology × 3 repetitions × ');
  expect(choicesSummary({ ...here, repetitions: 1, sloP95Ms: 50 })).toMatch(/, quick under p95 50 ms, 1 turn$/);
  expect(choicesSummary({ ...here, repetitions: 3, topologies: ['triton'] })).toBe(
    'triton on this machine, quick, 3 turns',
  );
  expect(profileSummary('quick', 2)).toMatch(/, 5 s each, 2 times$/);
  expect(profileSummary('server', 2)).toMatch(/, 2 times$/);
  expect([1, 2].map(gpuCount)).toEqual(['1 GPU', '2 GPUs']);
  expect(freeOfTotal({ free: 1, total: 4 }, 'everywhere')).toBe('1 of 4 free');
  expect(freeOfTotal({ free: 1, total: 4 }, 'nowhere')).toBe('up to 1 of 4 free');
  const many: Plan = { ...plan, load: { ...plan.load, vantage: 'in-cluster', generators: 3 } };
  expect(planDetail(many)).toContain('The load comes from 3 pods of their own. What the run makes, it removes.');
});

test('the confirmation says when a namespace is made', () => {
  const target = { ...onCluster.target, createNamespace: true } as const;
  expect(planDetail(planOf(onCluster))).not.toContain('does not exist');
  expect(planDetail(planOf({ ...onCluster, target }))).toContain(
    'does not exist: it is made, and removed with the rest.',
  );
  expect(planDetail(planOf({ ...onCluster, target }), true)).toContain(
    'The namespace team-a does not exist: it is made. ',
  );
});

test('choices, subjects, profiles and times read as people say them', () => {
  expect(choicesSummary(onCluster)).toBe('fastapi, triton and hybrid on kind-x/team-a, 1 nvidia.com/gpu, quick');
  expect(choicesSummary(here)).toBe('fastapi, triton and hybrid on this machine, quick');
  expect(subjectName(onCluster.subject)).toBe('sentiment');
  expect(subjectName({ kind: 'built-in' })).toBe('tiny-sentiment');
  expect(profileSummary('quick')).toBe(
    'a first look, each topology once; closed loop, 1, 8 and 32 connections, 5 s each',
  );
  expect(aboutTime(44)).toBe('about 40 s');
  expect(aboutTime(205)).toBe('about 3 min');
});

test('a run is described by the topology that is at work, in the words of the cluster', () => {
  const plan = planOf(onCluster);
  const waiting = stateAfter(
    plan,
    { type: 'stage', topology: 'fastapi', stage: 'wait' },
    { type: 'status', topology: 'fastapi', message: '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.' },
  );
  expect(runProgress(waiting)).toBe('fastapi: 0/1 nodes are available: 1 Insufficient nvidia.com/gpu.');
  expect(runProgress(stateAfter(plan, { type: 'stage', topology: 'fastapi', stage: 'wait' }))).toBe(
    'fastapi waiting to be ready',
  );
  for (const stage of ['apply', 'upload', 'wait'] as const) {
    const named = stateAfter(
      plan,
      { type: 'stage', topology: 'fastapi', stage },
      { type: 'status', topology: 'fastapi', message: 'fastapi: waiting for its pod' },
    );
    expect(runProgress(named)).toBe('fastapi: waiting for its pod');
    expect(topologyProgress(named.topologies[0] as never)).toBe('waiting for its pod');
  }
  const uploading = stateAfter(
    plan,
    { type: 'stage', topology: 'triton', stage: 'upload' },
    { type: 'upload', topology: 'triton', sentBytes: 1_000_000, totalBytes: 4_618_323 },
  );
  expect(runProgress(uploading)).toBe('triton uploading the model: 1.00 MB of 4.62 MB');
  const snapshot = {
    elapsedMs: 1000,
    requests: { sent: 512, ok: 512, errors: 0, timeouts: 0, inFlight: 0 },
    latency: { p50Ms: 1.2, p95Ms: 3.4, p99Ms: null, maxMs: 9, meanMs: 1.5, samples: 512 },
    rps: 512,
  };
  const load = plan.load.phases[4];
  if (load === undefined) throw new Error('the plan has no such phase');
  const loaded = stateAfter(
    plan,
    { type: 'stage', topology: 'hybrid', stage: 'load' },
    { type: 'phase-started', topology: 'hybrid', phase: 4, repetition: 1, load },
    { type: 'phase-snapshot', topology: 'hybrid', phase: 4, snapshot },
  );
  expect(runProgress(loaded)).toBe(`hybrid at ${nameLoad(load).long}: 512 RPS, p95 3.40 ms`);
  expect(topologyProgress(loaded.topologies[0] as never)).toBe('waits its turn');
});

test('figures of a warm-up are said to be of one', () => {
  const plan = planOf(onCluster);
  const [load] = plan.load.phases;
  if (load?.kind !== 'warm-up') throw new Error('the plan begins with no warm-up');
  const begun = stateAfter(
    plan,
    { type: 'stage', topology: 'triton', stage: 'load' },
    { type: 'phase-started', topology: 'triton', phase: 0, repetition: 1, load },
  );
  expect(runProgress(begun)).toBe(`triton warming up at ${nameLoad(load).long}`);
  const { requests, latency, rps } = sampleRecord().topologies[0]?.phases[0]?.measurement ?? {};
  if (requests === undefined || latency === undefined || rps === undefined) throw new Error('the sample has figures');
  const snapshot = { elapsedMs: 1000, requests, latency: { ...latency, p95Ms: 129 }, rps: 428 };
  const loaded = reduce(begun, { type: 'phase-snapshot', topology: 'triton', phase: 0, snapshot });
  expect(runProgress(loaded)).toBe(`triton warming up at ${nameLoad(load).long}: 428 RPS, p95 129 ms`);
});

test('the figures of a topology that has ended say that they are not valid', () => {
  const ended = [sampleRecord(), laterRecord({ topology: 'fastapi', level: 'c32', change: notValid })].map(
    (record) => sampleState(record, 'waiting').topologies[0],
  );
  expect(ended.map((topology) => topology && topologyProgress(topology))).toEqual([
    '447 RPS, p95 113 ms at 32 connections',
    '447 RPS, p95 113 ms at 32 connections (not valid)',
  ]);
});

test('where a run is stays the same while numbers come in', () => {
  const plan = planOf(onCluster);
  const waiting = stateAfter(plan, { type: 'stage', topology: 'triton', stage: 'wait' });
  const loading = reduce(waiting, { type: 'stage', topology: 'triton', stage: 'load' });
  expect([waiting, loading].map(runPlace)).toEqual(['triton, 2 of 3', 'triton, 2 of 3']);
  expect(runPlace(stateAfter(plan))).toBe('checking');
});

test('the fraction rises from nothing to one and never falls', () => {
  const plan = planOf(here);
  const begun = stateAfter(plan, { type: 'stage', topology: 'fastapi', stage: 'wait' });
  const fractions = [runFraction(stateAfter(plan)), runFraction(begun), 1];
  expect(fractions[0]).toBe(0);
  expect([...fractions].sort((a, b) => a - b)).toEqual(fractions);
  expect(runFraction(begun)).toBeLessThan(1 / 3);
});

test('a lens says RPS, p50 and p95 of three topologies in few characters, and its tooltip all in full', () => {
  const rows = tellingRows(sampleRecord());
  const titles = lensTitles(rows, 'not valid');
  expect(titles).toEqual([
    'fastapi 447 RPS, p50/p95 68.2/113 ms',
    'triton 917 RPS, 34.2/47.3 ms',
    'hybrid 730 RPS, 42.4/63.6 ms',
  ]);
  expect(titles.join(' | ').length).toBeLessThan(100);
  expect(rows.map(rowFigures)[1]).toBe('triton: p50 34.2 ms, p95 47.3 ms, 917 RPS at 32 connections');
  const tooFew = rows.map((row) => ({ ...row, p95Ms: null }));
  expect(lensTitles(tooFew, 'not valid')[0]).toBe('fastapi 447 RPS, p50/p95 68.2/–');
});

test('runs that would spoil each other share a pool, others do not', () => {
  const shares = (a: readonly string[], b: readonly string[]): boolean => a.some((pool) => b.includes(pool));
  const gpuRun = poolsOf(onCluster, false);
  const cpuRun = poolsOf({ ...onCluster, gpu: null }, false);
  const otherCluster = poolsOf(
    { ...onCluster, target: { kind: 'kubernetes', context: 'other', namespace: 'n', createNamespace: false } },
    false,
  );
  const localRun = poolsOf(here, true);
  expect(shares(gpuRun, poolsOf({ ...onCluster, gpu: { ...gpu, product: 'Tesla-T4' } }, false))).toBe(true);
  expect(shares(gpuRun, cpuRun)).toBe(false);
  expect(shares(gpuRun, otherCluster)).toBe(false);
  expect(shares(gpuRun, localRun)).toBe(false);
  expect(shares(poolsOf(onCluster, true), localRun)).toBe(true);
});

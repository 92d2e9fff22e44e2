import { expect, test } from 'vitest';
import type { BenchmarkChoices, Subject } from '../../../src/extension/choices.ts';
import { createMemory } from '../../../src/extension/memory.ts';
import { JsonMemento } from './jsonMemento.ts';

// Memento.get has an overload with a default, which the memory does not use.
const fresh = (workspace = new JsonMemento(), machine = new JsonMemento()): ReturnType<typeof createMemory> =>
  createMemory(workspace, machine);

const subject: Subject = { kind: 'config', uri: 'file:///models/sentiment/config.pbtxt' };
const choices: BenchmarkChoices = {
  subject,
  topologies: ['triton'],
  target: { kind: 'local' },
  gpu: null,
  profile: 'quick',
};

test('keeps the GPU answered for a cluster through answers for this machine, and no leave to make a namespace', async () => {
  const workspace = new JsonMemento();
  await fresh(workspace).rememberAnswers(choices);
  expect(fresh(workspace).lastAnswers()).not.toHaveProperty('gpu');
  const target = { kind: 'kubernetes', context: 'kind-x', namespace: 'new', createNamespace: true } as const;
  await fresh(workspace).rememberAnswers({ ...choices, target, profile: 'server', sloP95Ms: 50, repetitions: 2 });
  const answers = { subject, topologies: choices.topologies, target: choices.target, profile: choices.profile };
  expect(fresh(workspace).lastAnswers()).toEqual({
    ...answers,
    gpu: null,
    target: { ...target, createNamespace: false },
    profile: 'server',
    sloP95Ms: 50,
    repetitions: 2,
  });
  await fresh(workspace).rememberAnswers(choices);
  expect(fresh(workspace).lastAnswers()).toEqual({ ...answers, gpu: null });
});

test('remembers where an export went last', async () => {
  const workspace = new JsonMemento();
  expect(fresh(workspace).exportFolder()).toBeUndefined();
  await fresh(workspace).rememberExportFolder('file:///home/me/reports');
  expect(fresh(workspace).exportFolder()).toBe('file:///home/me/reports');
  expect(fresh().exportFolder()).toBeUndefined();
});

test('remembers what each run was started with, and which measured a subject last', async () => {
  const workspace = new JsonMemento();
  const builtIn: Subject = { kind: 'built-in' };
  await fresh(workspace).rememberRun('20261122-164310-0001', choices);
  await fresh(workspace).rememberMeasured('20261122-164310-0001', subject, true);
  await fresh(workspace).rememberRun('20261122-164310-0002', { ...choices, subject: builtIn });
  await fresh(workspace).rememberMeasured('20261122-164310-0002', builtIn, true);
  await fresh(workspace).rememberRun('20261122-164310-0003', { ...choices, profile: 'standard' });
  const memory = fresh(workspace);
  expect(memory.lastRunOf(subject)).toBe('20261122-164310-0001');
  expect(memory.lastRunOf(builtIn)).toBe('20261122-164310-0002');
  expect(memory.choicesOf('20261122-164310-0001')).toEqual(choices);
  expect(memory.choicesOf('20261122-164310-0003')?.profile).toBe('standard');
});

test('a run that was stopped hides no completed one that measured a subject before it, and others come after it', async () => {
  const workspace = new JsonMemento();
  const lastAfter = async (run: string, isCompleted: boolean): Promise<string | undefined> => {
    await fresh(workspace).rememberMeasured(run, subject, isCompleted);
    return fresh(workspace).lastRunOf(subject);
  };
  expect(await lastAfter('1', false)).toBe('1');
  expect(await lastAfter('2', false)).toBe('2');
  expect(await lastAfter('3', true)).toBe('3');
  expect(await lastAfter('4', false)).toBe('3');
  expect(await lastAfter('5', true)).toBe('5');
});

test('a run that an earlier version remembered as the last one counts as completed', async () => {
  const workspace = new JsonMemento();
  await workspace.update('lastRuns', { [subject.uri]: '1' });
  await fresh(workspace).rememberMeasured('2', subject, false);
  expect(fresh(workspace).lastRunOf(subject)).toBe('1');
});

test('forgets the oldest, so that the state does not grow for ever', async () => {
  const memory = fresh();
  for (let run = 0; run < 60; run += 1)
    await memory.rememberRun(`20261122-164310-${String(run).padStart(4, '0')}`, choices);
  expect(memory.choicesOf('20261122-164310-0009')).toBeUndefined();
  expect(memory.choicesOf('20261122-164310-0010')).toEqual(choices);
  expect(memory.choicesOf('20261122-164310-0059')).toEqual(choices);
});

test('a run stays noted as unfinished, for every window, until it is forgotten', async () => {
  const machine = new JsonMemento();
  const run = { runId: 'a', context: 'kind', namespace: 'team', startedAt: '2026-11-22T16:43:10Z' };
  await fresh(new JsonMemento(), machine).noteUnfinished(run);
  await fresh(new JsonMemento(), machine).noteUnfinished({ ...run, runId: 'b' });
  await fresh(new JsonMemento(), machine).noteUnfinished(run);
  expect(
    fresh(new JsonMemento(), machine)
      .unfinished()
      .map((entry) => entry.runId),
  ).toEqual(['b', 'a']);
  await fresh(new JsonMemento(), machine).forgetUnfinished('b');
  expect(fresh(new JsonMemento(), machine).unfinished()).toEqual([run]);
});

test('a tokenizer is remembered for its model, and can be forgotten', async () => {
  const memory = fresh();
  await memory.rememberTokenizer(subject, '/models/tokenizer.json');
  expect(memory.tokenizerOf(subject)).toBe('/models/tokenizer.json');
  expect(memory.tokenizerOf({ kind: 'built-in' })).toBeUndefined();
  await memory.rememberTokenizer(subject, undefined);
  expect(memory.tokenizerOf(subject)).toBeUndefined();
});

test('a baseline stays pinned for its model, however many there are, until it is let go of', async () => {
  const workspace = new JsonMemento();
  for (let model = 0; model < 60; model += 1)
    await fresh(workspace).rememberBaseline(`model ${String(model)}`, `20261122-164310-${String(model)}`);
  await fresh(workspace).rememberBaseline('model 0', '20261122-164310-again');
  await fresh(workspace).rememberBaseline('model 1', undefined);
  const baselines = fresh(workspace).baselines();
  expect(Object.keys(baselines)).toHaveLength(59);
  expect(baselines['model 0']).toBe('20261122-164310-again');
  expect(baselines['model 1']).toBeUndefined();
});

test('a namespace is selected for a context', async () => {
  const memory = fresh();
  await memory.selectContext('kind-x');
  await memory.selectNamespace('kind-x', 'team-a');
  expect(memory.selectedContext()).toBe('kind-x');
  expect(memory.selectedNamespace('kind-x')).toBe('team-a');
  expect(memory.selectedNamespace('other')).toBeUndefined();
});

test('a namespace that was selected is let go of, and no other', async () => {
  const memory = fresh();
  await memory.selectNamespace('kind-x', 'team-a');
  await memory.selectNamespace('other', 'team-b');
  await memory.selectNamespace('kind-x', undefined);
  expect(memory.selectedNamespace('kind-x')).toBeUndefined();
  expect(memory.selectedNamespace('other')).toBe('team-b');
});

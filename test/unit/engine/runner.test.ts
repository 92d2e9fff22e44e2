/** A run's own process, from the bundles: how it begins, is stopped, and ends. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makePlan } from '../../../src/core/planning.ts';
import { lastWords, startRunner, watchRunner } from '../../../src/engine/runner.ts';
import type { RunTask } from '../../../src/engine/runTask.ts';
import { takeTurn, type Claim } from '../../../src/runs/claims.ts';
import { journalPath, type JournalHeader, type JournalLine } from '../../../src/runs/journal.ts';
import { choices } from '../../support/choices.ts';
import { sampleOrigin } from '../../support/origin.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');
const runId = '20261124-210000-0001';
const header: JournalHeader = { kind: 'run', version: '1', runId, workspace: null, folder: null, about: {} };
let directory = '';
let journal = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'topology-bench-runner-'));
  journal = journalPath(join(directory, 'under-way'), runId);
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

function task(change: Partial<RunTask> = {}): RunTask {
  return {
    runId,
    plan: makePlan(choices),
    origin: sampleOrigin.origin,
    root,
    version: '1',
    modelPaths: {},
    resultsDirectory: join(directory, 'runs'),
    claim: null,
    target: {
      kind: 'kubernetes',
      context: 'none',
      kubeconfig: join(directory, 'no-kubeconfig'),
      packageIndexUrl: null,
    },
    ...change,
  };
}

async function follow(watching: ReturnType<typeof watchRunner>): Promise<{ how: string; lines: JournalLine[] }> {
  const lines: JournalLine[] = [];
  const how = await watching.follow((line) => lines.push(line), AbortSignal.timeout(50_000));
  return { how, lines };
}

test('it says all that happens up to the end of the run, and ends', async () => {
  const { how, lines } = await follow(await startRunner(task(), journal, header));
  expect(how).toBe('ended');
  expect(lines.map((line) => (line.kind === 'event' ? line.event.type : line.kind))).toEqual([
    'run',
    'process',
    'run-started',
    'stage',
    'stage',
    'run-closed',
    'end',
  ]);
  expect(lines.at(-1)).toMatchObject({ failure: { reason: 'kubeconfig-missing' }, notSaved: null, leftBehind: null });
  expect(await lastWords(journal)).toBe('');
  // Whoever comes later reads the same.
  expect((await follow(watchRunner(journal))).lines).toEqual(lines);
});

test('it has the turn that its window took, for itself, and gives it up at its end', async () => {
  const claims = join(directory, 'claims');
  const about = { runId, pools: ['a'], subject: 's', door: 'VS Code' as const, folder: null };
  const signal = new AbortController().signal;
  const options = { isAlive: async () => true, waits: () => undefined, signal };
  const claim = await takeTurn(claims, { ...about, pid: process.pid, startedAt: null }, options);
  const watching = await startRunner(task({ claim }), journal, header);
  const passed = JSON.parse(await readFile(claim, 'utf8')) as Claim;
  const { how, lines } = await follow(watching);
  expect(how).toBe('ended');
  const { pid, startedAt } = lines.find((line) => line.kind === 'process') ?? {};
  expect(passed).toMatchObject({ pid, startedAt, runId, isUnderWay: true });
  expect(pid).not.toBe(process.pid);
  expect(await readdir(claims)).toEqual([]);
});

test('one that ends without a word is gone, and its last words say why', async () => {
  const watching = await startRunner(task({ root: directory }), journal, header);
  expect(await follow(watching)).toEqual({ how: 'gone', lines: [header] });
  expect(await lastWords(journal)).toContain('MODULE_NOT_FOUND');
});

test('a second one of the same run is refused, and takes nothing from the first', async () => {
  const watching = await startRunner(task(), journal, header);
  await expect(startRunner(task(), journal, header)).rejects.toMatchObject({ reason: 'internal' });
  expect(await readdir(join(directory, 'under-way'))).toContain(`${runId}.ndjson`);
  expect((await follow(watching)).how).toBe('ended');
});

import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { beginHold, holdPath, releaseHold, takeHold, type Holder } from '../../../src/runs/hold.ts';
import { beginJournal, journalPath, removeJournal } from '../../../src/runs/journal.ts';

const runId = '20261124-210000-0001';
const first: Holder = { window: 'first', pid: 7, startedAt: '123' };
const second: Holder = { window: 'second', pid: 8, startedAt: null };
const isThere = async (): Promise<boolean> => true;
const isGone = async (): Promise<boolean> => false;
let directory = '';
let journal = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'topology-bench-hold-'));
  journal = journalPath(join(directory, 'under-way'), runId);
  await beginHold(journal, first);
  await beginJournal(journal, { kind: 'run', version: '1', runId, workspace: null, folder: null, about: {} });
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

test('the window that begins a run holds it as long as it is there; then another one can', async () => {
  expect((await stat(holdPath(journal))).mode & 0o777).toBe(0o600);
  expect(await takeHold(journal, first, isGone)).toBe(true);
  expect(await takeHold(journal, second, isThere)).toBe(false);
  expect(await takeHold(journal, second, isGone)).toBe(true);
  expect(await takeHold(journal, first, isThere)).toBe(false);
});

test('one that closes leaves it to the next; it cannot leave what another one holds', async () => {
  releaseHold(journal, second.window);
  expect(await takeHold(journal, second, isThere)).toBe(false);
  releaseHold(journal, first.window);
  expect(await takeHold(journal, second, isThere)).toBe(true);
});

test('of two that find it given up, one gets it', async () => {
  const third: Holder = { ...second, window: 'third' };
  const taken = await Promise.all([takeHold(journal, second, isGone), takeHold(journal, third, isGone)]);
  expect(taken.filter(Boolean)).toHaveLength(1);
});

test('nobody holds a run whose journal was taken away, and a hold that cannot be read keeps nobody from it', async () => {
  await writeFile(holdPath(journal), '{"window":');
  expect(await takeHold(journal, second, isThere)).toBe(true);
  await removeJournal(journal);
  expect(await takeHold(journal, second, isThere)).toBe(false);
  expect(await readdir(join(directory, 'under-way'))).toEqual([]);
});

import type * as fs from 'node:fs';
import { writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { beginHold, holdPath, releaseHold, takeHold, type Holder } from '../../../src/runs/hold.ts';
import { beginJournal, journalPath, removeJournal } from '../../../src/runs/journal.ts';

/** What happens just before a file is taken away or moved, and what the file system has no notion of. */
const fileSystem = vi.hoisted(() => ({ beforeRemoval: (): void => undefined, hasLinks: true }));
vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof fs>();
  const removing = (): void => {
    const { beforeRemoval } = fileSystem;
    fileSystem.beforeRemoval = () => undefined;
    beforeRemoval();
  };
  return {
    ...real,
    rmSync: (...given: Parameters<typeof real.rmSync>) => {
      removing();
      real.rmSync(...given);
    },
    renameSync: (...given: Parameters<typeof real.renameSync>) => {
      removing();
      real.renameSync(...given);
    },
    linkSync: (...given: Parameters<typeof real.linkSync>) => {
      if (!fileSystem.hasLinks) throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
      real.linkSync(...given);
    },
  };
});

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
  fileSystem.hasLinks = true;
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
  await expectNothingElse();
});

test('a window that asks twice at once has it both times', async () => {
  const answers: ((isAlive: boolean) => void)[] = [];
  const asked = (): Promise<boolean> => new Promise((resolve) => answers.push(resolve));
  const taken = [takeHold(journal, second, asked), takeHold(journal, second, asked)];
  for (const answer of answers) answer(false);
  expect(await Promise.all(taken)).toEqual([true, true]);
});

test.each([true, false])(
  'one that is taken just before another one takes it stays (hard links: %s)',
  async (hasLinks) => {
    fileSystem.hasLinks = hasLinks;
    const third: Holder = { ...second, window: 'third' };
    fileSystem.beforeRemoval = () => {
      writeFileSync(holdPath(journal), JSON.stringify(third));
    };
    expect(await takeHold(journal, second, isGone)).toBe(false);
    expect(JSON.parse(await readFile(holdPath(journal), 'utf8'))).toEqual(third);
    expect(await takeHold(journal, third, isThere)).toBe(true);
    await expectNothingElse();
  },
);

test('it is taken on a file system without hard links, too', async () => {
  fileSystem.hasLinks = false;
  expect(await takeHold(journal, second, isGone)).toBe(true);
  expect(JSON.parse(await readFile(holdPath(journal), 'utf8'))).toEqual(second);
  expect((await stat(holdPath(journal))).mode & 0o777).toBe(0o600);
  await expectNothingElse();
});

/** No file that a hold was made of, and none that was moved away. */
async function expectNothingElse(): Promise<void> {
  expect((await readdir(join(directory, 'under-way'))).sort()).toEqual([`${runId}.ndjson`, `${runId}.ndjson.window`]);
}

test('nobody holds a run whose journal was taken away, and a hold that cannot be read keeps nobody from it', async () => {
  await writeFile(holdPath(journal), '{"window":');
  expect(await takeHold(journal, second, isThere)).toBe(true);
  await removeJournal(journal);
  expect(await takeHold(journal, second, isThere)).toBe(false);
  expect(await readdir(join(directory, 'under-way'))).toEqual([]);
});

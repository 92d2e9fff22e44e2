import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LogOutputChannel } from 'vscode';
import type { RunRecord } from '../../../src/core/record.ts';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import { openRunStore } from '../../../src/runs/store.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';
import { fakeVscode, useDefaults } from './fakeVscode.ts';

type FileListener = (uri: { readonly fsPath: string }) => void;
/** Who hears of the files of the folders that are watched. */
const watching = vi.hoisted(() => new Set<FileListener>());

vi.mock('vscode', async () => {
  const { fakeVscode: fake } = await import('./fakeVscode.ts');
  const nothing = { dispose: () => undefined };
  return {
    ...fake,
    RelativePattern: Object,
    workspace: {
      ...fake.workspace,
      get workspaceFolders() {
        return fake.workspace.workspaceFolders;
      },
      onDidChangeWorkspaceFolders: () => nothing,
      createFileSystemWatcher: () => ({
        onDidCreate: (listener: FileListener) => watching.add(listener),
        onDidChange: () => nothing,
        onDidDelete: () => nothing,
        dispose: () => {
          watching.clear();
        },
      }),
    },
  };
});
vi.mock('../../../src/extension/engine.ts', () => ({ loadRecords: () => import('../../../src/runs/index.ts') }));
const { Results } = await import('../../../src/extension/results.ts');

const recordOf = (id: string): RunRecord => ({ ...sampleRecord(), id });
const [oldest, middle, newest] = ['20260101-080000-0001', '20260102-080000-0002', '20260103-080000-0003'].map(recordOf);
if (oldest === undefined || middle === undefined || newest === undefined) throw new Error('no records');

let root: string;
let folders: readonly string[];
let results: InstanceType<typeof Results>;

beforeEach(async () => {
  useDefaults(settingDefaults);
  root = await mkdtemp(join(tmpdir(), 'topology-bench-results-'));
  folders = [join(root, 'a'), join(root, 'b')];
  fakeVscode.workspace.workspaceFolders = folders.map((folder) => ({ uri: fakeVscode.Uri.file(folder) }));
  const log = { trace: () => undefined } as unknown as LogOutputChannel;
  results = new Results(fakeVscode.Uri.file(join(root, 'storage')) as never, log);
});
afterEach(async () => {
  vi.useRealTimers();
  results.dispose();
  fakeVscode.workspace.workspaceFolders = undefined;
  await rm(root, { recursive: true });
});

const directoryOf = (folder: string | undefined): string => join(folder ?? '', '.topology-bench', 'runs');
const save = (folder: string | undefined, record: RunRecord): Promise<void> =>
  openRunStore(directoryOf(folder)).save(record);

test('the records of all folders are listed, the newest first, and known from then on', async () => {
  await save(folders[0], middle);
  await save(folders[1], newest);
  await save(folders[1], oldest);
  expect(results.known(middle.id)).toBeUndefined();
  expect((await results.list()).map(({ id, directory }) => [id, directory])).toEqual([
    [newest.id, directoryOf(folders[1])],
    [middle.id, directoryOf(folders[0])],
    [oldest.id, directoryOf(folders[1])],
  ]);
  expect(results.known(middle.id)).toEqual(middle);
  expect((await results.list(2)).map(({ id }) => id)).toEqual([newest.id, middle.id]);
});

test('files of other programs are listed after all runs, whichever folder they lie in', async () => {
  await save(folders[0], oldest);
  await save(folders[1], newest);
  await writeFile(join(directoryOf(folders[0]), 'junit-1.json'), '{}');
  expect((await results.list()).map(({ id }) => id)).toEqual([newest.id, oldest.id, 'junit-1']);
  expect((await results.list(2)).map(({ id }) => id)).toEqual([newest.id, oldest.id]);
});

test('a run that ends makes nobody read the others again', async () => {
  await save(folders[0], oldest);
  const [before] = await results.list();
  await save(folders[0], newest);
  results.changed();
  expect(results.known(oldest.id)).toBe(before?.record);
  const after = await results.list();
  expect(after.map(({ id }) => id)).toEqual([newest.id, oldest.id]);
  expect(after[1]?.record).toBe(before?.record);
  expect(await results.read(oldest.id)).toBe(before?.record);
});

test('what is deleted is known no longer, and is told of; also if somebody else was faster', async () => {
  await save(folders[0], oldest);
  const [stored] = await results.list();
  if (stored === undefined) throw new Error('not listed');
  const told = vi.fn();
  results.onDidChange(told);
  await rm(stored.path);
  await results.delete(stored, 'to-trash');
  expect(told).toHaveBeenCalledTimes(1);
  expect(results.known(oldest.id)).toBeUndefined();
  await expect(results.read(oldest.id)).rejects.toMatchObject({ reason: 'record-unreadable' });
});

test('what the trash takes is gone; what it does not take stays', async () => {
  await save(folders[0], oldest);
  await save(folders[0], middle);
  const [kept, taken] = await results.list();
  if (kept === undefined || taken === undefined) throw new Error('not listed');
  const trash = vi.spyOn(fakeVscode.workspace.fs, 'delete');
  await results.delete(taken, 'to-trash');
  expect(trash).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ fsPath: taken.path }), { useTrash: true });
  trash.mockRejectedValueOnce(new Error('There is no trash here.'));
  await expect(results.delete(kept, 'to-trash')).rejects.toThrow('There is no trash here.');
  expect((await results.list()).map(({ id }) => id)).toEqual([kept.id]);
});

test('a record whose file has another name is read, known, found and deleted by what it says', async () => {
  await save(folders[1], middle);
  const main = join(directoryOf(folders[1]), 'main.json');
  await rename(join(directoryOf(folders[1]), `${middle.id}.json`), main);
  // Also before anybody has listed it, as for a panel that comes back with its window.
  expect(await results.read(middle.id)).toEqual(middle);
  expect(results.known(middle.id)).toEqual(middle);
  expect((await results.fileOf(middle.id))?.fsPath).toBe(main);
  const [stored] = await results.list();
  if (stored === undefined) throw new Error('not listed');
  expect(stored).toMatchObject({ id: middle.id, path: main });
  await results.delete(stored, 'for-good');
  expect(await results.list()).toEqual([]);
  await expect(results.read(middle.id)).rejects.toThrow(`There is no run record ${middle.id}`);
});

test('a record that is damaged is not called missing, whichever folder has it', async () => {
  await save(folders[0], middle);
  await writeFile(join(directoryOf(folders[0]), `${middle.id}.json`), '{');
  await expect(results.read(middle.id)).rejects.toThrow('it is not complete JSON; the file is damaged');
  await save(folders[1], middle);
  expect(await results.read(middle.id)).toEqual(middle);
});

test('a record that comes is told of also where only one was asked for, as by a panel', async () => {
  await expect(results.read(newest.id)).rejects.toMatchObject({ reason: 'record-unreadable' });
  const told = vi.fn();
  results.onDidChange(told);
  for (const listener of watching) listener({ fsPath: `${newest.id}.json` });
  expect(told).toHaveBeenCalledTimes(1);
});

test('a thousand files that come at once are told of twice', async () => {
  await results.list();
  const told = vi.fn();
  results.onDidChange(told);
  vi.useFakeTimers();
  for (let file = 0; file < 1000; file += 1)
    for (const listener of watching) listener({ fsPath: `${String(file)}.json` });
  expect(told).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1000);
  expect(told).toHaveBeenCalledTimes(2);
});

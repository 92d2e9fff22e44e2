import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  appendToJournal,
  askToStop,
  beginJournal,
  followJournal,
  isAskedToStop,
  journalPath,
  listJournals,
  removeJournal,
  type JournalHeader,
  type JournalLine,
} from '../../../src/runs/journal.ts';

const header: JournalHeader = {
  kind: 'run',
  version: '1.2.3',
  runId: '20261124-210000-0001',
  workspace: null,
  folder: 'file:///project',
  about: {},
};
const log = (line: string): JournalLine => ({ kind: 'log', line });
const end: JournalLine = { kind: 'end', failure: null, notSaved: null, leftBehind: null, kept: null };
const isThere = async (): Promise<boolean> => false;
let directory = '';
let path = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'topology-bench-journal-'));
  path = journalPath(directory, header.runId);
  await beginJournal(path, header);
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function follow(hasGone = isThere): Promise<{ how: string; lines: JournalLine[] }> {
  const lines: JournalLine[] = [];
  const how = await followJournal(path, (line) => lines.push(line), hasGone, AbortSignal.timeout(40_000));
  return { how, lines };
}

test('a journal is read by whoever comes, from its first line to its last, also while it is written', async () => {
  const writer = appendToJournal(path);
  writer.write(log('first'));
  const early = follow();
  await new Promise((resolve) => setTimeout(resolve, 300));
  writer.write(log('zwölf Käse 🧀'));
  writer.write(end);
  writer.close();
  const all = [header, log('first'), log('zwölf Käse 🧀'), end];
  expect(await early).toEqual({ how: 'ended', lines: all });
  expect(await follow()).toEqual({ how: 'ended', lines: all });
});

test('only this user may read it, and there is one of each run', async () => {
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await expect(beginJournal(path, header)).rejects.toThrow(/EEXIST/u);
});

test('a line that was cut off costs that line alone', async () => {
  const writer = appendToJournal(path);
  writer.write(log('whole'));
  await appendFile(path, '{"kind":"log","li\n');
  await appendFile(path, '\n{"kind":"other"}\nnot JSON\n');
  writer.write(log('later'));
  writer.write(end);
  writer.close();
  expect((await follow()).lines).toEqual([header, log('whole'), log('later'), end]);
});

test('lines longer than what is read at once are whole', async () => {
  const long = log('é'.repeat(400_000));
  const writer = appendToJournal(path);
  writer.write(long);
  writer.write(end);
  writer.close();
  expect((await follow()).lines).toEqual([header, long, end]);
});

test('a process that ended without a last word is gone, but not before all that it wrote is read', async () => {
  const writer = appendToJournal(path);
  writer.write({ kind: 'process', pid: 7, startedAt: '123' });
  const hasGone = vi.fn(async () => {
    if (hasGone.mock.calls.length === 1) writer.write(log('while we looked'));
    return true;
  });
  const { how, lines } = await follow(hasGone);
  writer.close();
  expect(how).toBe('gone');
  expect(lines.at(-1)).toEqual(log('while we looked'));
  expect(hasGone).toHaveBeenCalledWith({ kind: 'process', pid: 7, startedAt: '123' });
});

test('what a process wrote just before its end is read to its last line, however much it is', async () => {
  const long = log('é'.repeat(200_000));
  const writer = appendToJournal(path);
  const hasGone = vi.fn(async () => {
    if (hasGone.mock.calls.length === 1) for (const line of [long, long, long, end]) writer.write(line);
    return true;
  });
  const { how, lines } = await follow(hasGone);
  writer.close();
  expect(how).toBe('ended');
  expect(lines).toEqual([header, long, long, long, end]);
});

test('a window that leaves reads no more', async () => {
  const leaving = new AbortController();
  const following = followJournal(path, () => undefined, isThere, leaving.signal);
  leaving.abort();
  expect(await following).toBe('left');
});

test('a word to stop is left beside it', async () => {
  expect(isAskedToStop(path)).toBe(false);
  askToStop(path);
  expect(isAskedToStop(path)).toBe(true);
  await removeJournal(path);
  expect(await readdir(directory)).toEqual([]);
});

test('journals are listed by their first line; what is none is left out', async () => {
  await writeFile(join(directory, 'broken.ndjson'), '{ "kind": "run"');
  await writeFile(join(directory, 'other.ndjson'), '{"kind":"log","line":"no header"}\n');
  await writeFile(join(directory, 'note.txt'), 'mine');
  expect(await listJournals(directory)).toEqual([{ path, header, changedAtMs: expect.any(Number) as number }]);
  expect(await listJournals(join(directory, 'absent'))).toEqual([]);
  expect(await readFile(join(directory, 'note.txt'), 'utf8')).toBe('mine');
});

test('one of an earlier version, which did not write down the folder, is read', async () => {
  const { folder, ...earlier } = header;
  expect(folder).not.toBeNull();
  await writeFile(path, `${JSON.stringify(earlier)}\n`);
  expect((await listJournals(directory)).map((journal) => journal.header)).toEqual([{ ...header, folder: null }]);
});

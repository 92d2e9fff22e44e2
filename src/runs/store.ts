import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BenchError } from '../core/errors.ts';
import { nearestIssues } from '../core/nearestIssues.ts';
import type { Runs } from '../core/ports.ts';
import { runRecordSchema, type RunRecord } from '../core/record.ts';
import { issueText } from '../core/schemaWords.ts';
import { hasCode, reasonOf } from './fileErrors.ts';
import { recordExtension, RecordFiles, type RecordContent, type StoredRun, type Unreadable } from './recordFiles.ts';

export type { StoredRun } from './recordFiles.ts';

export interface RunStore extends Runs {
  /**
   * Newest first; files that cannot be read are listed with the reason. An absent folder is an empty list. What has been deleted
   * by the time that the list is made is not in it.
   * @param most only so many, the newest; all by default. Files that are not called as a run is are all read, since their names
   *   do not say how old they are.
   */
  list(most?: number): Promise<StoredRun[]>;
  /**
   * The file of a run: the one of its name, or one that somebody called otherwise, as "main.json"; undefined without.
   * @throws BenchError record-unreadable when the folder itself cannot be read
   */
  find(id: string): Promise<StoredRun | undefined>;
  /** @throws BenchError record-unreadable */
  read(id: string): Promise<RunRecord>;
  /** Only what this store has read and not found gone since: for who must not wait. */
  known(id: string): RunRecord | undefined;
  /** One that is gone already is no failure. */
  delete(path: string): Promise<void>;
  /** Where the record of a run is saved. */
  pathOf(id: string): string;
  readonly directory: string;
}

/**
 * Run records as files of a folder, one a run, written whole or not at all. A folder that is made for them hides itself from
 * git until the user decides otherwise; one that was there already is the user's, with all else that is in it. A store that is
 * kept open reads each record once.
 */
export function openRunStore(directory: string): RunStore {
  const files = new RecordFiles(readText);
  const pathOf = (id: string): string => join(directory, `${id}${recordExtension}`);
  /** Files that are not called as a run is are few, so that each can be read for what it holds. */
  const find = async (id: string): Promise<StoredRun | undefined> => {
    const [named] = await files.read([pathOf(id)]);
    if (named?.record?.id === id) return named;
    const known = files.holderOf(id) ?? [];
    const others = (await namesIn(directory)).filter((name) => !isNamedAsRun(name));
    const renamed = await files.read([known, pathsIn(directory, others)].flat());
    return renamed.find(({ record }) => record?.id === id) ?? (named?.record === undefined ? named : undefined);
  };
  return {
    directory,
    pathOf,
    async save(record) {
      const temporary = join(directory, `.${record.id}.${String(process.pid)}.tmp`);
      try {
        const made = await mkdir(directory, { recursive: true });
        if (made !== undefined) await hideFromGit(directory);
        await writeDurably(temporary, recordText(record));
        await rename(temporary, pathOf(record.id));
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined);
        throw new BenchError({
          reason: 'save-failed',
          message: `The run record could not be written to ${directory}: ${reasonOf(error)}.`,
          nextStep: 'Free some space, or choose another results folder.',
          cause: error,
        });
      }
    },
    async list(most) {
      const before = files.paths();
      const paths = pathsIn(directory, await namesIn(directory));
      const there = new Set(paths);
      // Those that another list has found meanwhile are not among them.
      for (const path of before) if (!there.has(path)) files.forget(path);
      const [dated, others] = [paths.filter(isNamedAsRun), paths.filter((path) => !isNamedAsRun(path))];
      const read = await files.read([...dated.slice(0, most), ...others]);
      return read.sort(newestFirst).slice(0, most);
    },
    find,
    async read(id) {
      const stored = await find(id);
      if (stored?.record === undefined) throw unreadableRecord(stored?.path ?? pathOf(id), stored ?? absent);
      return stored.record;
    },
    known(id) {
      const named = files.known(pathOf(id));
      if (named?.id === id) return named;
      const holder = files.holderOf(id);
      return holder === undefined ? undefined : files.known(holder);
    },
    async delete(path) {
      await rm(path, { force: true });
      files.forget(path);
    },
  };
}

/** Ids begin with the time. A file that neither holds a run nor is called as one, as that of another program, has none and comes last. */
export function newestFirst(a: StoredRun, b: StoredRun): number {
  if (isOfNoRun(a) !== isOfNoRun(b)) return isOfNoRun(a) ? 1 : -1;
  if (a.id === b.id) return 0;
  return a.id < b.id ? 1 : -1;
}

function isOfNoRun({ record, id }: StoredRun): boolean {
  return record === undefined && !isRunId(id);
}

/** @param path of a record's file, or its name */
function isNamedAsRun(path: string): boolean {
  return isRunId(basename(path, recordExtension));
}

function isRunId(text: string): boolean {
  return runRecordSchema.shape.id.safeParse(text).success;
}

/** Of the names that are record files', the newest first. */
function pathsIn(directory: string, names: readonly string[]): string[] {
  return names
    .filter((name) => name.endsWith(recordExtension) && !name.startsWith('.'))
    .sort()
    .reverse()
    .map((name) => join(directory, name));
}

/** @throws BenchError record-unreadable */
async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw new BenchError({
      reason: 'record-unreadable',
      message: `The results folder ${directory} cannot be read: ${reasonOf(error)}.`,
      nextStep: 'Check its permissions, or choose another results folder.',
      cause: error,
    });
  }
}

/**
 * The last resort for a record that its folder does not take: a file of its own in the system's temporary folder, which only
 * this user may read.
 * @returns its path
 * @throws BenchError save-failed
 */
export async function saveElsewhere(record: RunRecord): Promise<string> {
  // Others may write to that folder too: a name that cannot be guessed cannot be taken.
  const path = join(tmpdir(), `topology-bench-${record.id}-${randomBytes(6).toString('hex')}${recordExtension}`);
  try {
    await writeDurably(path, recordText(record));
    return path;
  } catch (error) {
    await rm(path, { force: true }).catch(() => undefined);
    throw new BenchError({
      reason: 'save-failed',
      message: `The run record could not be written to ${tmpdir()}: ${reasonOf(error)}.`,
      cause: error,
    });
  }
}

/**
 * A record from a file's text; every earlier version is understood.
 * @throws BenchError record-unreadable
 */
export function parseRecord(path: string, text: string): RunRecord {
  const read = readText(text);
  if (read.record === undefined) throw unreadableRecord(path, read);
  return read.record;
}

const restoreIfRecord =
  'If it was a run record, restore the file from a backup or delete it; no other record is affected.';
const restore = 'Restore the file from a backup, or delete it; no other record is affected.';
const absent: Unreadable = { problem: 'there is no such file', nextStep: 'It was moved or deleted.' };

function readText(text: string): RecordContent {
  let json: unknown;
  try {
    // Some editors begin a file with a byte order mark, which JSON does not know.
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return { problem: 'it is not complete JSON; the file is damaged, or no run record', nextStep: restoreIfRecord };
  }
  const version = json !== null && typeof json === 'object' && 'version' in json ? json.version : undefined;
  if (typeof version === 'number' && version > 1) {
    return {
      problem: `it was written by a newer version of Topology Bench (record version ${String(version)})`,
      nextStep: 'Update Topology Bench to read it; no other record is affected.',
    };
  }
  if (typeof version !== 'number') {
    return {
      problem: 'it is not a run record',
      nextStep:
        'Name the file of a run record (they lie under .topology-bench/runs); if this was one, restore it from a backup.',
    };
  }
  const parsed = runRecordSchema.safeParse(json);
  if (parsed.success) return { record: parsed.data };
  const [first] = parsed.error.issues.flatMap(nearestIssues);
  return damagedRecord(first === undefined ? undefined : `${first.path.join('.')} ${issueText(first)}`);
}

/** @param what is wrong with it, a clause; undefined where nobody can tell */
export function damagedRecord(what: string | undefined): Unreadable {
  return { problem: `it is not a whole run record${what === undefined ? '' : `: ${what}`}`, nextStep: restore };
}

/** Why there is no record of that file. */
export function unreadableRecord(path: string, { problem, nextStep }: Omit<Unreadable, 'record'>): BenchError {
  return new BenchError({
    reason: 'record-unreadable',
    message: `The run record ${path} cannot be read: ${problem}.`,
    nextStep,
  });
}

/** A folder that could not be hidden is taken away again, so that the next one who makes it tries anew. */
async function hideFromGit(directory: string): Promise<void> {
  const path = join(directory, '.gitignore');
  try {
    await writeFile(path, '*\n', { flag: 'wx' });
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return;
    await rm(path, { force: true }).catch(() => undefined);
    await rmdir(directory).catch(() => undefined);
    throw error;
  }
}

/** A record as its file has it. */
export function recordText(record: RunRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** Flushed before the rename, so that a crash leaves the old state or the new one. */
async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

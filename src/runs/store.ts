import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BenchError } from '../core/errors.ts';
import { nearestIssues } from '../core/nearestIssues.ts';
import type { Runs } from '../core/ports.ts';
import { runRecordSchema, type RunRecord } from '../core/record.ts';

/** A record on disk, or why it cannot be read. */
export type StoredRun =
  | { readonly id: string; readonly path: string; readonly record: RunRecord; readonly problem?: undefined }
  /** The problem is a clause, e.g. "it is not complete JSON; the file is damaged"; the next step a whole sentence. */
  | {
      readonly id: string;
      readonly path: string;
      readonly record?: undefined;
      readonly problem: string;
      readonly nextStep: string;
    };

export interface RunStore extends Runs {
  /** Newest first; files that cannot be read are listed with the reason. An absent folder is an empty list. */
  list(): Promise<StoredRun[]>;
  /** @throws BenchError record-unreadable */
  read(id: string): Promise<RunRecord>;
  delete(id: string): Promise<void>;
  pathOf(id: string): string;
  readonly directory: string;
}

const extension = '.json';

/**
 * Run records as files of a folder, one a run, written whole or not at all. A folder that is made for them hides itself from
 * git until the user decides otherwise; one that was there already is the user's, with all else that is in it.
 */
export function openRunStore(directory: string): RunStore {
  const pathOf = (id: string): string => join(directory, `${id}${extension}`);
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
    async list() {
      let names: string[];
      try {
        names = await readdir(directory);
      } catch (error) {
        if (isMissing(error)) return [];
        throw new BenchError({
          reason: 'record-unreadable',
          message: `The results folder ${directory} cannot be read: ${reasonOf(error)}.`,
          nextStep: 'Check its permissions, or choose another results folder.',
          cause: error,
        });
      }
      const ids = names
        .filter((name) => name.endsWith(extension) && !name.startsWith('.'))
        .sort()
        .reverse();
      return Promise.all(ids.map((name) => readStored(join(directory, name))));
    },
    async read(id) {
      const stored = await readStored(pathOf(id));
      if (stored.record === undefined) throw unreadable(stored.path, stored);
      return stored.record;
    },
    delete: (id) => unlink(pathOf(id)),
  };
}

/**
 * The last resort for a record that its folder does not take: a file of its own in the system's temporary folder, which only
 * this user may read.
 * @returns its path
 * @throws BenchError save-failed
 */
export async function saveElsewhere(record: RunRecord): Promise<string> {
  // Others may write to that folder too: a name that cannot be guessed cannot be taken.
  const path = join(tmpdir(), `topology-bench-${record.id}-${randomBytes(6).toString('hex')}${extension}`);
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
  if (read.record === undefined) throw unreadable(path, read);
  return read.record;
}

/** Why a text is no record that this program reads, and what to do about it. */
interface Unreadable {
  readonly record?: undefined;
  readonly problem: string;
  readonly nextStep: string;
}

const restore = 'Restore the file from a backup, or delete it; no other record is affected.';

async function readStored(path: string): Promise<StoredRun> {
  const id = basename(path, extension);
  try {
    return { id, path, ...readText(await readFile(path, 'utf8')) };
  } catch (error) {
    const nextStep = isMissing(error) ? 'It was moved or deleted.' : 'Check that it is a file that you may read.';
    return { id, path, problem: reasonOf(error), nextStep };
  }
}

function readText(text: string): { readonly record: RunRecord; readonly problem?: undefined } | Unreadable {
  let json: unknown;
  try {
    // Some editors begin a file with a byte order mark, which JSON does not know.
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return { problem: 'it is not complete JSON; the file is damaged', nextStep: restore };
  }
  const version = json !== null && typeof json === 'object' && 'version' in json ? json.version : undefined;
  if (typeof version === 'number' && version > 1) {
    return {
      problem: `it was written by a newer version of Topology Bench (record version ${String(version)})`,
      nextStep: 'Update Topology Bench to read it; no other record is affected.',
    };
  }
  const parsed = runRecordSchema.safeParse(json);
  if (parsed.success) return { record: parsed.data };
  const [first] = parsed.error.issues.flatMap(nearestIssues);
  const { path, message } = first ?? { path: [], message: '' };
  return { problem: `it is not a run record: ${path.join('.')} ${message}`.trim(), nextStep: restore };
}

function unreadable(path: string, { problem, nextStep }: Omit<Unreadable, 'record'>): BenchError {
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

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT');
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

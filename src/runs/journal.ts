import { closeSync, existsSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { RunEvent } from '../core/events.ts';
import { failureSchema } from '../core/record.ts';
import { holdPath } from './hold.ts';

/**
 * What a run under way has said so far, one JSON object a line, in a file that outlives the window that started the run:
 * who reads it from its first line sees the whole run, whenever they come. Only this user may read it.
 */
const headerSchema = z.object({
  kind: z.literal('run'),
  /** Of the program that wrote it; another version need understand no more than this, the process, the end and the word to stop. */
  version: z.string(),
  runId: z.string().regex(/^[\w-]+$/),
  /** Of the window that started the run; null: one without a workspace. */
  workspace: z.string().nullable(),
  /** Address of the workspace folder that the run's record goes to; null: there was none, or an earlier version wrote this. */
  folder: z.string().nullable().default(null),
  /** What a window needs to show the run again, in its own terms. */
  about: z.unknown(),
});
export type JournalHeader = z.infer<typeof headerSchema>;

const processSchema = z.object({
  kind: z.literal('process'),
  pid: z.number().int().positive(),
  /** Tells it apart from a later process with its id; null where that cannot be had. */
  startedAt: z.string().nullable(),
});
export type JournalProcess = z.infer<typeof processSchema>;

const endSchema = z.object({
  kind: z.literal('end'),
  /** Why nothing was measured. */
  failure: failureSchema.nullable(),
  /** Why the record is not on the disk. */
  notSaved: failureSchema.nullable(),
  /** What clean-up could not remove, or that it never came to its end. */
  leftBehind: failureSchema.nullable(),
  /** Why a namespace that the run made stays on purpose, and how it is removed. */
  kept: z.string().nullable().default(null),
});
export type JournalEnd = z.infer<typeof endSchema>;

/** Events are read as they were written; a program of another version looks into none but the record that one of them brings. */
const eventSchema = z.object({ kind: z.literal('event'), event: z.custom<RunEvent>(isObject) });
const logSchema = z.object({ kind: z.literal('log'), line: z.string() });
const lineSchema = z.discriminatedUnion('kind', [headerSchema, processSchema, eventSchema, logSchema, endSchema]);
export type JournalLine = z.infer<typeof lineSchema>;

const extension = '.ndjson';
const pollMs = 200;
const longestHeaderBytes = 1 << 20;

export function journalPath(directory: string, runId: string): string {
  return join(directory, `${runId}${extension}`);
}

/** Where the run's process writes what it has to say that is no line of the journal. */
export function lastWordsPath(journal: string): string {
  return `${journal}.stderr`;
}

/** @throws what the file system says, when there is one already or it cannot be made */
export async function beginJournal(path: string, header: JournalHeader): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(header)}\n`);
  } finally {
    await file.close();
  }
}

export interface JournalWriter {
  /** At once, so that a process that is killed has said all up to then. False when the disk did not take it. */
  write(line: JournalLine): boolean;
  close(): void;
}

export function appendToJournal(path: string): JournalWriter {
  const file = openSync(path, 'a', 0o600);
  let isCutOff = false;
  return {
    write(line) {
      try {
        const bytes = Buffer.from(`${isCutOff ? '\n' : ''}${JSON.stringify(line)}\n`);
        for (let written = 0; written < bytes.length;) {
          written += writeSync(file, bytes, written);
        }
        isCutOff = false;
        return true;
      } catch {
        // The next line begins a new one, so that it can be read.
        isCutOff = true;
        return false;
      }
    },
    close() {
      closeSync(file);
    },
  };
}

/** Leaves the run's process a word that it looks for, which works from any window and on any system. */
export function askToStop(journal: string): void {
  writeFileSync(stopPath(journal), '', { mode: 0o600 });
}

export function isAskedToStop(journal: string): boolean {
  return existsSync(stopPath(journal));
}

/**
 * Hands over each line from the first on, and then as they come.
 * @param hasGone whether the process that writes it has ended; it has the process's own line, once that was read
 * @returns "ended" after the last line, "gone" when the process ended without one, "left" when `signal` was aborted
 * @throws what the file system says, when there is no such file
 */
export async function followJournal(
  path: string,
  hear: (line: JournalLine) => void,
  hasGone: (process: JournalProcess | undefined) => Promise<boolean>,
  signal: AbortSignal,
): Promise<'ended' | 'gone' | 'left'> {
  const file = await open(path, 'r');
  try {
    const lines = new Lines(file);
    let process: JournalProcess | undefined;
    const readOn = async (): Promise<'ended' | 'news' | 'none'> => {
      const read = await lines.next();
      for (const line of read) {
        if (line.kind === 'process') process = line;
        hear(line);
        if (line.kind === 'end') return 'ended';
      }
      return read.length > 0 ? 'news' : 'none';
    };
    let isGone = false;
    while (!signal.aborted) {
      const state = await readOn();
      if (state === 'ended') return 'ended';
      if (state === 'news') continue;
      // All that it wrote between our last look and its end is read before it counts as gone.
      if (isGone) return 'gone';
      isGone = await hasGone(process);
      if (!isGone) await sleep(pollMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
    return 'left';
  } finally {
    await file.close();
  }
}

/** The journals of a folder, oldest first; what is no journal is left out. An absent folder has none. */
export async function listJournals(
  directory: string,
): Promise<{ readonly path: string; readonly header: JournalHeader; readonly changedAtMs: number }[]> {
  const names = await readdir(directory).catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => name.endsWith(extension))
      .sort()
      .map(async (name) => {
        const path = join(directory, name);
        try {
          return { path, header: await readHeader(path), changedAtMs: (await stat(path)).mtimeMs };
        } catch {
          return undefined;
        }
      }),
  );
  return found.filter((journal) => journal !== undefined);
}

/** Whether it has the record of a run that is nowhere else: its process could not save it, or may not have lived to. */
export async function hasUnsavedRecord(path: string): Promise<boolean> {
  const seen: { record: boolean; end: JournalEnd | undefined } = { record: false, end: undefined };
  const hear = (line: JournalLine): void => {
    if (line.kind === 'end') seen.end = line;
    else if (line.kind === 'event' && line.event.type === 'run-ended') seen.record = true;
  };
  await followJournal(path, hear, async () => true, new AbortController().signal);
  return seen.record && seen.end?.notSaved !== null;
}

export async function removeJournal(path: string): Promise<void> {
  for (const file of [path, stopPath(path), lastWordsPath(path), holdPath(path)]) await rm(file, { force: true });
}

function stopPath(journal: string): string {
  return `${journal}.stop`;
}

async function readHeader(path: string): Promise<JournalHeader> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(longestHeaderBytes), 0, longestHeaderBytes, 0);
    const text = buffer.toString('utf8', 0, bytesRead);
    return headerSchema.parse(JSON.parse(text.slice(0, text.indexOf('\n'))));
  } finally {
    await file.close();
  }
}

/** What was appended since the last look, as whole lines; a line that cannot be read is left out. */
class Lines {
  readonly #file: FileHandle;
  readonly #buffer = Buffer.alloc(1 << 18);
  #rest: Buffer = Buffer.alloc(0);
  #position = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async next(): Promise<JournalLine[]> {
    const { bytesRead } = await this.#file.read(this.#buffer, 0, this.#buffer.length, this.#position);
    if (bytesRead === 0) return [];
    this.#position += bytesRead;
    const bytes = Buffer.concat([this.#rest, this.#buffer.subarray(0, bytesRead)]);
    // A character of several bytes may be cut in two, a line end is one byte.
    const end = bytes.lastIndexOf(0x0a);
    this.#rest = bytes.subarray(end + 1);
    const read = bytes.toString('utf8', 0, end + 1).split('\n');
    const lines = read.flatMap((line) => parseLine(line) ?? []);
    return lines.length > 0 ? lines : this.next();
  }
}

function parseLine(text: string): JournalLine | undefined {
  if (text === '') return undefined;
  try {
    return lineSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value;
}

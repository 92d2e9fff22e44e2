import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { RunRecord } from '../core/record.ts';
import { hasCode, reasonOf } from './fileErrors.ts';

/** A record on disk, or why it cannot be read; `id` is what the record says, and of one that cannot be read its file's name. */
export type StoredRun = { readonly id: string; readonly path: string } & RecordContent;

/** What a record's file holds. */
export type RecordContent = { readonly record: RunRecord; readonly problem?: undefined } | Unreadable;

/** Why a file holds no record that this program reads, and what to do about it. */
export interface Unreadable {
  readonly record?: undefined;
  /** A clause, e.g. "it is not complete JSON; the file is damaged". */
  readonly problem: string;
  /** A whole sentence. */
  readonly nextStep: string;
}

export const recordExtension = '.json';

/** More at a time would hold more texts in memory, and be no sooner done: what takes the time is to check them. */
const filesAtOnce = 16;

interface ReadFile {
  /** Time of its last change and its size; null where it could not be read, which is tried anew each time. */
  readonly look: string | null;
  readonly content: Promise<RecordContent>;
  /** Once it has been read. */
  record: RunRecord | undefined;
}

/**
 * The record files of a folder. Records are never edited, so a file that looks as it did is neither read nor checked again; one that
 * is forgotten while it is read stays forgotten.
 */
export class RecordFiles {
  readonly #parse: (text: string) => RecordContent;
  readonly #files = new Map<string, ReadFile>();

  constructor(parse: (text: string) => RecordContent) {
    this.#parse = parse;
  }

  /** In the order of the paths, without files that are not there, or were forgotten before the last of them was read. */
  async read(paths: readonly string[]): Promise<StoredRun[]> {
    const contents: (RecordContent | undefined)[] = [];
    const queue = paths.entries();
    const work = async (): Promise<void> => {
      for (const [at, path] of queue) contents[at] = await this.#contentOf(path);
    };
    await Promise.all(Array.from({ length: filesAtOnce }, work));
    return paths.flatMap((path, at) => {
      const content = contents[at];
      if (content === undefined || !this.#files.has(path)) return [];
      return [{ id: content.record?.id ?? basename(path, recordExtension), path, ...content }];
    });
  }

  /** Only what has been read already. */
  known(path: string): RunRecord | undefined {
    return this.#files.get(path)?.record;
  }

  /** A file that holds the record of a run, whatever its name; only of what has been read already. */
  holderOf(id: string): string | undefined {
    for (const [path, { record }] of this.#files) if (record?.id === id) return path;
    return undefined;
  }

  /** Those that were read, or are being read. */
  paths(): string[] {
    return [...this.#files.keys()];
  }

  forget(path: string): void {
    this.#files.delete(path);
  }

  /** undefined: there is no such file. */
  async #contentOf(path: string): Promise<RecordContent | undefined> {
    try {
      const { mtimeMs, size } = await stat(path);
      const look = `${String(mtimeMs)} ${String(size)}`;
      const known = this.#files.get(path);
      return await (known?.look === look ? known.content : this.#open(path, look));
    } catch (error) {
      if (hasCode(error, 'ENOENT')) {
        this.forget(path);
        return undefined;
      }
      const content = { problem: reasonOf(error), nextStep: 'Check that it is a file that you may read.' };
      this.#files.set(path, { look: null, content: Promise.resolve(content), record: undefined });
      return content;
    }
  }

  #open(path: string, look: string): Promise<RecordContent> {
    const file: ReadFile = {
      look,
      content: readFile(path, 'utf8').then((text) => {
        const content = this.#parse(text);
        file.record = content.record;
        return content;
      }),
      record: undefined,
    };
    this.#files.set(path, file);
    return file.content;
  }
}

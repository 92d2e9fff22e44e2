import { readFile, stat } from 'node:fs/promises';
import type { BenchError } from '../core/errors.ts';
import { usageError } from './arguments.ts';

/** Of a file that is read whole; a text twice as long would be more than the runtime can hold as one. */
const mostFileBytes = 256 * 1024 * 1024;

/**
 * The whole of a UTF-8 file, a byte order mark included: it is part of a body, like everything else in its file.
 * @param what e.g. "body file"
 * @throws BenchError plan-invalid
 */
export async function readText(what: string, file: string, mostBytes = mostFileBytes): Promise<string> {
  let bytes: Buffer | undefined;
  try {
    bytes = (await stat(file)).size > mostBytes ? undefined : await readFile(file);
  } catch (error) {
    throw unreadable(what, file, error);
  }
  // What is no plain file has no size before it is read.
  if (bytes === undefined || bytes.length > mostBytes) {
    throw usageError(
      `The ${what} is longer than ${String(mostBytes / 1024 / 1024)} MiB.`,
      'Take a smaller part of it.',
      { file },
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw usageError(`The ${what} is not UTF-8 text.`, 'Save it as UTF-8.', { file });
  }
}

const whyUnreadable: Readonly<Record<string, readonly [why: string, nextStep: string]>> = {
  ENOENT: ['there is no such file', 'Check its path.'],
  ENOTDIR: ['a part of its path is a file and no folder', 'Check its path.'],
  EISDIR: ['it is a folder', 'Name the file in it.'],
  EACCES: ['its permissions do not allow that', 'Give yourself the right to read it.'],
  ELOOP: ['its links lead round in a circle', 'Name the file itself.'],
};

/** @param what names the file within a sentence, e.g. "body file" */
export function unreadable(what: string, file: string, error: unknown): BenchError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = error instanceof Error ? error.message : String(error);
  const [why, nextStep] = whyUnreadable[code] ?? [text, 'Check the file.'];
  return usageError(`The ${what} cannot be read: ${why}.`, nextStep, { file });
}

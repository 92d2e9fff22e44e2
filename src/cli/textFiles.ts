import { readFile, stat } from 'node:fs/promises';
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
    throw usageError(`The ${what} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
  // What is no plain file has no size before it is read.
  if (bytes === undefined || bytes.length > mostBytes) {
    throw usageError(
      `The ${what} ${file} is longer than ${String(mostBytes / 1024 / 1024)} MiB.`,
      'Take a smaller part of it.',
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw usageError(`The ${what} ${file} is not UTF-8 text.`);
  }
}

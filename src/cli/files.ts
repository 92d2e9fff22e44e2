import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BenchError } from '../core/errors.ts';

/**
 * Writes a file whole or not at all; its folder is made where it is missing.
 * @param what begins a sentence, e.g. "The report"
 * @throws BenchError save-failed
 */
export async function writeWhole(file: string, text: string, what: string): Promise<void> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(temporary, text);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new BenchError({
      reason: 'save-failed',
      message: `${what} could not be written to ${file}: ${error instanceof Error ? error.message : String(error)}.`,
      nextStep: 'Choose another place for it; the run record itself is not affected.',
      cause: error,
    });
  }
}

import { readFile } from 'node:fs/promises';
import { BenchError } from '../core/errors.ts';

/**
 * A text file that ships with this program.
 * @throws BenchError internal, where it cannot be read
 */
export async function readOwnFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new BenchError({
      reason: 'internal',
      message: `A file of Topology Bench itself cannot be read: ${path}.`,
      nextStep: 'Install it again, or run "npm run build" in a checkout.',
      cause: error,
    });
  }
}

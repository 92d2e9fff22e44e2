import { readFile, rm, writeFile } from 'node:fs/promises';
import { expect } from 'vitest';

/**
 * Compares text with a file that is kept in the repository. A difference, or a file that is missing, fails and leaves
 * what was got beside it as ".actual"; to accept it, rename that file.
 */
export async function expectGolden(path: string, actual: string): Promise<void> {
  const expected = await readFile(path, 'utf8').catch(() => undefined);
  if (expected === actual) {
    await rm(`${path}.actual`, { force: true });
    return;
  }
  await writeFile(`${path}.actual`, actual);
  expect(actual, `${path} differs; see ${path}.actual`).toBe(expected ?? '(the golden file is missing)');
}

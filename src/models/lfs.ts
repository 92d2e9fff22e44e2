import { basename, dirname } from 'node:path';
import { BenchError } from '../core/errors.ts';

/** Git LFS leaves a text of three lines in place of a file that was not downloaded. */
export function isLfsPointer(head: string): boolean {
  return head.startsWith('version https://git-lfs.github.com/spec/');
}

export function lfsPointer(path: string): BenchError {
  return new BenchError({
    reason: 'model-incomplete',
    message: `${path} is a Git LFS pointer, not the file itself: it was not downloaded.`,
    nextStep: `Run "git lfs pull --include '${basename(path)}'" in ${dirname(path)}.`,
  });
}

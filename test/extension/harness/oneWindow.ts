/** Several tests in one VS Code: to start one takes longer than most of what is tested in it. */
import { afterAll, beforeAll, test } from 'vitest';
import { openDrive, withEvidence, type Drive, type DriveOptions } from './drive.ts';

type Steps = (drive: Drive) => Promise<void>;

/**
 * Opens a window before the tests of this file or `describe`, and ends it after them.
 *
 * @returns what `test` is otherwise: each test but the first finds the window without editors, questions and notifications,
 * whatever the one before it left; settings, the folder and what the extension remembers stay as they are
 */
export function inOneWindow(name: string, options: DriveOptions): (title: string, steps: Steps) => void {
  let open: (Drive & AsyncDisposable) | undefined;
  let isUsed = false;
  beforeAll(async () => {
    open = await openDrive(options);
  });
  afterAll(async () => {
    await open?.[Symbol.asyncDispose]();
  });
  return (title, steps) => {
    test(title, async () => {
      if (open === undefined) throw new Error(`The window "${name}" was not opened.`);
      await withEvidence(`${name}-${title.slice(0, 60)}`, open, async (drive) => {
        if (isUsed) await drive.workbench.clear();
        isUsed = true;
        await steps(drive);
      });
    });
  };
}

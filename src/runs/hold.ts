import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import { hasCode } from './fileErrors.ts';

/**
 * Which window looks after a run under way: a file beside the run's journal names it. Several windows may show the same run,
 * and one of them has to tell how it ended and to take its journal away.
 */
const holderSchema = z.object({
  window: z.string(),
  pid: z.number().int().positive(),
  /** Tells its process apart from a later one with its id; null where that cannot be had. */
  startedAt: z.string().nullable(),
});
export type Holder = z.infer<typeof holderSchema>;

export function holdPath(journal: string): string {
  return `${journal}.window`;
}

/**
 * For the window that begins a run, before there is a journal that others could find.
 * @throws what the file system says
 */
export async function beginHold(journal: string, holder: Holder): Promise<void> {
  await mkdir(dirname(journal), { recursive: true });
  write(journal, holder);
}

/**
 * Takes a run that nobody holds, or whose holder has gone.
 * @param isAlive whether a holder's process is there
 * @returns whether the run is this window's now; false as well when its journal is gone
 * @throws what the file system says
 */
export async function takeHold(
  journal: string,
  holder: Holder,
  isAlive: (other: Holder) => Promise<boolean>,
): Promise<boolean> {
  const found = read(journal);
  if (found?.window === holder.window) return true;
  if (found !== undefined && (await isAlive(found))) return false;
  // Somebody else may have taken it while we looked.
  if (read(journal)?.window !== found?.window || !existsSync(journal)) return false;
  rmSync(holdPath(journal), { force: true });
  return write(journal, holder);
}

/** At once, for a window that closes; another window's hold stays. @throws what the file system says */
export function releaseHold(journal: string, window: string): void {
  if (read(journal)?.window === window) rmSync(holdPath(journal), { force: true });
}

/** False when another window was faster. */
function write(journal: string, holder: Holder): boolean {
  try {
    writeFileSync(holdPath(journal), JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** undefined: nobody's; so is one that was cut off as it was written. */
function read(journal: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(holdPath(journal), 'utf8')));
  } catch {
    return undefined;
  }
}

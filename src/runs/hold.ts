import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
  put(holdPath(journal), holder);
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
  const found = read(holdPath(journal));
  if (found?.window === holder.window) return true;
  if (found !== undefined && (await isAlive(found))) return false;
  // Somebody else may have taken it while we looked, or this window itself.
  const now = read(holdPath(journal));
  if (now?.window === holder.window) return true;
  if (now?.window !== found?.window || !existsSync(journal)) return false;
  return takeAway(holdPath(journal), found) && put(holdPath(journal), holder);
}

/** At once, for a window that closes; another window's hold stays. @throws what the file system says */
export function releaseHold(journal: string, window: string): void {
  if (read(holdPath(journal))?.window === window) rmSync(holdPath(journal), { force: true });
}

/** Whole as soon as it is there, since half a hold would be nobody's. False when another window was faster. */
function put(path: string, holder: Holder): boolean {
  const text = JSON.stringify(holder);
  const aside = `${path}.${randomUUID()}`;
  try {
    writeFileSync(aside, text, { flag: 'wx', mode: 0o600 });
    linkSync(aside, path);
    return true;
  } catch (error) {
    return hasCode(error, 'EEXIST') ? false : putPlainly(path, text);
  } finally {
    discard(aside);
  }
}

/** On a file system that has no hard links. @throws what the file system says */
function putPlainly(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/**
 * Takes away the hold of a window that has gone. Of several windows that find it so one gets it away; one that got away what
 * another has put there meanwhile puts it back.
 * @returns whether there is room
 */
function takeAway(path: string, found: Holder | undefined): boolean {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true;
    throw error;
  }
  const isTheOneFound = read(aside)?.window === found?.window;
  if (!isTheOneFound) putBack(aside, path);
  discard(aside);
  return isTheOneFound;
}

function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) renameSync(aside, path);
  }
}

function discard(aside: string): void {
  try {
    rmSync(aside, { force: true });
  } catch {
    // Nobody reads it.
  }
}

/** undefined: nobody's; so is one that was cut off as it was written. */
function read(path: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { identityOf, isAlive, type ProcessIdentity } from './processIdentity.ts';

/** The folder of one run on this machine: its model, logs and process ids. What a killed run leaves is found by it. */
export interface RunDirectory {
  readonly path: string;
  /** Begins the names of the run's shared memory, unique to it. */
  readonly sharedMemoryPrefix: string;
  /** Removes the folder and the shared memory; the processes must have ended. */
  remove(): Promise<void>;
}

/** Every process of a run has this in its environment, with the run's folder. */
export const runDirectoryVariable = 'TOPOLOGY_BENCH_RUN_DIRECTORY';

const identitySchema = z.object({ pid: z.number().int().positive(), startedAt: z.string() });
const ownerFile = 'owner.json';

/** @param parent folder of the folders of all runs on this machine */
export async function makeRunDirectory(parent: string): Promise<RunDirectory> {
  await mkdir(parent, { recursive: true });
  const path = await mkdtemp(join(parent, 'run-'));
  await writeFile(join(path, ownerFile), JSON.stringify(await identityOf(process.pid)));
  return {
    path,
    sharedMemoryPrefix: prefixOf(path),
    remove: () => removeRun(path),
  };
}

/**
 * Ends the processes and removes the folders of runs whose process is gone.
 * @returns how many such runs there were
 */
export async function removeLeftovers(parent: string): Promise<number> {
  let removed = 0;
  for (const name of await namesIn(parent)) {
    const path = join(parent, name);
    const owner = await readIdentity(join(path, ownerFile));
    if (!name.startsWith('run-') || owner === undefined || (await isAlive(owner))) continue;
    await endProcesses(path);
    await removeRun(path);
    removed += 1;
  }
  return removed;
}

function prefixOf(path: string): string {
  return `topology_bench_${path.slice(-6)}`;
}

async function endProcesses(path: string): Promise<void> {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const ids = process.platform === 'linux' ? await processesOf(path) : await leadersOf(path);
    if (ids.length === 0) return;
    for (const id of ids) kill(id);
    await sleep(50);
  }
}

/** By their environment, which no process of anybody else has. */
async function processesOf(path: string): Promise<number[]> {
  const mark = `\0${runDirectoryVariable}=${path}\0`;
  const ids: number[] = [];
  for (const name of await namesIn('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      const environment = await readFile(`/proc/${name}/environ`, 'latin1');
      if (`\0${environment}`.includes(mark)) ids.push(Number(name));
    } catch {
      // It has ended, or it is another user's.
    }
  }
  return ids;
}

/** Where environments can't be read: the process groups whose leader is still the one that was started. */
async function leadersOf(path: string): Promise<number[]> {
  const ids: number[] = [];
  for (const file of await namesIn(path)) {
    const leader = file.endsWith('.pid') ? await readIdentity(join(path, file)) : undefined;
    if (leader !== undefined && (await isAlive(leader))) ids.push(-leader.pid);
  }
  return ids;
}

function kill(id: number): void {
  try {
    process.kill(id, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}

async function removeRun(path: string): Promise<void> {
  const prefix = prefixOf(path);
  for (const name of process.platform === 'linux' ? await namesIn('/dev/shm') : []) {
    if (name.startsWith(prefix)) await rm(join('/dev/shm', name), { force: true });
  }
  await rm(path, { recursive: true, force: true });
}

async function readIdentity(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return identitySchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch {
    return [];
  }
}

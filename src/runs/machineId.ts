import { randomUUID } from 'node:crypto';
import { readFile, readlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/**
 * Tells apart the machines that may share a home folder, and containers with process ids of their own; stays the same while this
 * one runs, whatever network it joins and is named by.
 */
export async function machineId(): Promise<string> {
  if (process.platform !== 'linux') return (await ownId()) ?? hostname();
  const [machine, processes] = await Promise.all([
    readFile('/etc/machine-id', 'utf8').then(
      (text) => text.trim(),
      () => '',
    ),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return `${machine === '' ? hostname() : machine} ${processes}`.trim();
}

/** In the folder of what may go: it is not shared, and no process outlives it. undefined where it cannot be kept. */
async function ownId(): Promise<string | undefined> {
  const path = join(tmpdir(), `topology-bench-machine-${userInfo().username}`);
  // Whoever comes first names it.
  await writeFile(path, randomUUID(), { flag: 'wx', mode: 0o600 }).catch(() => undefined);
  const id = await readFile(path, 'utf8').catch(() => '');
  return id === '' ? undefined : id;
}

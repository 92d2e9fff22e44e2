import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A process, told apart from a later one with the same id by when it started. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

/** undefined when there is no such process. */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  const startedAt = process.platform === 'linux' ? await startOnLinux(pid) : await startByPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await identityOf(identity.pid))?.startedAt === identity.startedAt;
}

/** Whether a group still has a process that is not merely waiting to be collected. */
export async function groupIsAlive(groupId: number): Promise<boolean> {
  try {
    process.kill(-groupId, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  for (const name of await readdir('/proc')) {
    const stat = /^\d+$/.test(name) ? await statOf(Number(name)) : undefined;
    if (stat !== undefined && Number(stat[2]) === groupId && stat[0] !== 'Z' && stat[0] !== 'X') return true;
  }
  return false;
}

async function startOnLinux(pid: number): Promise<string | undefined> {
  const stat = await statOf(pid);
  // Field 22 of proc(5), in clock ticks since the machine started.
  return stat === undefined || stat[0] === 'Z' ? undefined : stat[19];
}

/** The fields of /proc/PID/stat from the third on; the second may hold anything. */
async function statOf(pid: number): Promise<string[] | undefined> {
  try {
    const text = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

async function startByPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]);
    return stdout.trim() === '' ? undefined : stdout.trim();
  } catch {
    return undefined;
  }
}

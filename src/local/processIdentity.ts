import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { hasProcess } from '../processes/hasProcess.ts';

/** A process, told apart from a later one with the same id by when it started. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

/** undefined when there is no such process. */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  const startedAt = await startOf(pid).catch(() => undefined);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Where the start cannot be had, one with its id counts: rather a process too many than one that is there and is taken for gone. */
export async function isAlive({ pid, startedAt }: ProcessIdentity): Promise<boolean> {
  try {
    return (await startOf(pid)) === startedAt;
  } catch {
    return hasProcess(pid);
  }
}

/** undefined: there is no such process. @throws where that cannot be told */
function startOf(pid: number): Promise<string | undefined> {
  return process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid);
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
    // Two programs compare what they read: in one language and one time zone.
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], { env });
    return stdout.trim() === '' ? undefined : stdout.trim();
  } catch (error) {
    // How ps says that it found none.
    if (error instanceof Error && 'code' in error && error.code === 1) return undefined;
    throw error;
  }
}

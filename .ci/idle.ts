/** Work that waits: its programs run only when nothing else wants the processor (SCHED_IDLE, Linux's sched(7)). */
import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile, spawnSync, type ChildProcess } from 'node:child_process';
import { promisify } from 'node:util';

interface Idle {
  /** Whether it need not wait for others any longer. */
  hasOver: boolean;
  readonly running: Set<ChildProcess>;
}

const idle = new AsyncLocalStorage<Idle>();

/** Whether this machine has the program that sets that priority; elsewhere `whenIdle` would not keep its word. */
export function knowsIdle(): boolean {
  return spawnSync('chrt', ['--idle', '0', 'true']).status === 0;
}

/**
 * Runs an action whose programs yield the processor at once to whatever else wants it.
 * @returns the action's end, and what gives its programs their share like all others
 */
export function whenIdle(action: () => Promise<void>): { ended: Promise<void>; noLonger: () => Promise<void> } {
  const state: Idle = { hasOver: false, running: new Set() };
  return {
    ended: idle.run(state, action),
    noLonger: async () => {
      state.hasOver = true;
      // Twice, for those that were being started at the first time.
      for (let time = 0; time < 2; time += 1) await raise([...state.running].flatMap(({ pid }) => pid ?? []));
    },
  };
}

/** How a program is started by whatever runs now. */
export function commandNow(command: string, args: readonly string[]): [string, readonly string[]] {
  const state = idle.getStore();
  return state === undefined || state.hasOver ? [command, args] : ['chrt', ['--idle', '0', command, ...args]];
}

/** To be told of each program that is started. */
export function startedNow(child: ChildProcess): void {
  const running = idle.getStore()?.running;
  if (running === undefined) return;
  running.add(child);
  child.once('close', () => running.delete(child));
}

/** Of these processes and all that they started. One that has ended meanwhile needs nothing. */
async function raise(pids: readonly number[]): Promise<void> {
  const { stdout } = await promisify(execFile)('ps', ['-e', '-o', 'pid=,ppid=']);
  const parents = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const all = new Set(pids);
  for (let known = -1; known !== all.size;) {
    known = all.size;
    for (const [pid = 0, parent = 0] of parents) if (all.has(parent)) all.add(pid);
  }
  for (const pid of all) spawnSync('chrt', ['--all-tasks', '--other', '--pid', '0', String(pid)]);
}

/** Runs the programs that are compared, and reads what they cost. */
import { spawn } from 'node:child_process';

export interface Finished {
  readonly output: string;
  /** User and system time of the program and of the children that it waited for. */
  readonly cpuSeconds: number;
}

/** bash's `time` reads the child's own rusage; its report goes to descriptor 3, so that the program's stderr stays its own. */
const timed = 'exec 4>&2 2>&3; TIMEFORMAT="%3U %3S"; time "$@" 2>&4 3>&- 4>&-';
const longestSeconds = 120;

/**
 * Runs a program to its end and measures its CPU time. It stays in this session: a kernel that shares the CPU between
 * sessions would otherwise give it more of it than our own worker.
 * @throws Error with its last words when it fails or takes longer than two minutes
 */
export async function runTimed(
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const limit = ['timeout', '--kill-after=1', String(longestSeconds)];
  const child = spawn('bash', ['-c', timed, 'bash', ...limit, ...command], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', ...environment },
  });
  const texts = ['', '', ''];
  for (const [index, stream] of [child.stdio[1], child.stdio[2], child.stdio[3]].entries()) {
    stream?.on('data', (chunk: Buffer) => {
      texts[index] = `${texts[index] ?? ''}${chunk.toString('utf8')}`;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [output = '', errors = '', times = ''] = texts;
  if (code !== 0) {
    throw new Error(`${String(command[0])} ended with ${String(code)}: ${(errors || output).trim().slice(-600)}`);
  }
  const [user, system] = times.trim().split(' ').map(Number);
  if (user === undefined || system === undefined || Number.isNaN(user + system)) {
    throw new Error(`bash did not say what ${String(command[0])} took: ${times}`);
  }
  return { output, cpuSeconds: user + system };
}

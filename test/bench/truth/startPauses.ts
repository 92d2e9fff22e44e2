import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** Has each core of this machine stand still again and again. @returns what ends that */
export function startPauses(): () => void {
  const fifo = ['--fifo', '1'];
  if (spawnSync('chrt', [...fifo, 'true']).status !== 0)
    throw new Error(
      'The cores of this machine cannot be made to pause, because that takes a real-time priority: run this on Linux as root, with `chrt` and `taskset` installed, or leave --pauses away.',
    );
  const program = join(import.meta.dirname, 'pauses.ts');
  const all = Array.from({ length: availableParallelism() }, (_, core) =>
    spawn('chrt', [...fifo, 'taskset', '--cpu-list', String(core), process.execPath, program, String(core + 1)], {
      stdio: 'inherit',
    }),
  );
  return () => {
    for (const child of all) child.kill('SIGKILL');
  };
}

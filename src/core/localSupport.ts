import { BenchError } from './errors.ts';
import type { TopologyName } from './plan.ts';

/**
 * The topologies that a machine can run as processes of its own: Triton has a build that needs no container for Linux on x86-64
 * alone, and the servers do not run on Windows itself.
 * @param machine its system and processor, as Node names them
 */
export function topologiesWithoutCluster(machine: {
  readonly platform: string;
  readonly arch: string;
}): readonly TopologyName[] {
  if (machine.platform === 'win32') return [];
  return machine.platform === 'linux' && machine.arch === 'x64' ? ['fastapi', 'triton', 'hybrid'] : ['fastapi'];
}

/** Where that is none. */
export function nothingRunsHere(): BenchError {
  return new BenchError({
    reason: 'tool-missing',
    message: 'The servers do not run on Windows itself.',
    nextStep: 'Open the folder in WSL, or benchmark on a cluster.',
  });
}

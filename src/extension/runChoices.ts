import type { BenchmarkChoices } from './choices.ts';
import type { Memory } from './memory.ts';
import type { Runs } from './runs.ts';

/**
 * What a run was started with; undefined for one of the command line, of somebody else or of another workspace, and for one that
 * others have followed since in great number.
 */
export function choicesOfRun(
  runId: string,
  memory: Pick<Memory, 'choicesOf'>,
  runs: Pick<Runs, 'get'>,
): BenchmarkChoices | undefined {
  return memory.choicesOf(runId) ?? runs.get(runId)?.choices;
}

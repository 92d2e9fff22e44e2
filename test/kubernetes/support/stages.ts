import type { Stage } from '../../../src/core/events.ts';

/** Every stage of a run in which something may stand on the cluster, in order. */
export const stages = [
  'preflight',
  'apply',
  'upload',
  'wait',
  'answers',
  'warm-up',
  'load',
  'collect',
  'delete',
] as const satisfies readonly Stage[];

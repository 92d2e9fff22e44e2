import type { RunEvent, Stage } from '../../../src/core/events.ts';
import type { TopologyName } from '../../../src/core/plan.ts';

/** A stage of a run in which something may stand on the cluster, or the probe of the hybrid's network policy. */
export type Moment = Stage | 'probe';

/**
 * Each of them, in order, and the topology that a run is ended with there: the hybrid, with its Secret, its NetworkPolicy
 * and the probe's Job, where all of it comes or stands, and otherwise the one that is up first.
 */
export const moments = [
  ['preflight', 'fastapi'],
  ['apply', 'hybrid'],
  ['upload', 'fastapi'],
  ['wait', 'hybrid'],
  ['probe', 'hybrid'],
  ['answers', 'hybrid'],
  ['warm-up', 'fastapi'],
  ['load', 'fastapi'],
  ['collect', 'fastapi'],
  ['delete', 'fastapi'],
] as const satisfies readonly (readonly [Moment, TopologyName])[];

/** The moment that an event begins. */
export function momentOf(event: RunEvent): Moment | undefined {
  if (event.type === 'stage') return event.stage;
  return event.type === 'status' && event.message.includes('probing whether') ? 'probe' : undefined;
}

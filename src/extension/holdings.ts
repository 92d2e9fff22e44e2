import type { Stage } from '../core/events.ts';
import type { LiveRun } from './runs.ts';

/** Stages in which a topology's pods are placed, and so hold their GPUs. */
const holding: readonly (Stage | 'queued')[] = ['answers', 'warm-up', 'load', 'collect', 'delete'];

/** Tells when a run took GPUs or gave them back, so that the cluster view counts them anew. */
export function createHoldings(): { readonly changed: (run: LiveRun) => boolean } {
  const before = new Map<string, string>();
  return {
    changed(run) {
      const now = (run.state?.topologies ?? []).filter(({ stage }) => holding.includes(stage)).map(({ key }) => key);
      const text = run.end === null ? now.join() : '';
      if ((before.get(run.id) ?? '') === text) return false;
      if (text === '') before.delete(run.id);
      else before.set(run.id, text);
      return true;
    },
  };
}

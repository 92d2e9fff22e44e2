import type { AnyTopology } from './endpointPlan.ts';

/** "triton", or "triton (no-batching)" for a variant: unique within a plan. In a file of its own, so that the webview can use it without the schemas. */
export function topologyKey(topology: Pick<AnyTopology, 'name' | 'variant'>): string {
  return topology.variant === '' ? topology.name : `${topology.name} (${topology.variant})`;
}

import type { Plan, TopologyPlan } from '../core/plan.ts';
import type { Anchor, Component } from './labels.ts';
import type { Labels, Manifest } from './objects.ts';

/** Everything that rendering one topology needs; equal requests give equal objects. */
export interface RenderRequest {
  readonly plan: Plan;
  readonly topology: TopologyPlan;
  readonly anchor: Anchor;
  /** The Python that runs in the pods: "topology_bench_serving/x.py" to its text. */
  readonly servingFiles: Readonly<Record<string, string>>;
  /** Pinned and hashed; used where the plan's packages are installed. */
  readonly requirements: string;
  /** null: pip's own default. */
  readonly packageIndexUrl: string | null;
  /** What wait_for_model waits for: one hash over all model files (see src/serving's receive_model). */
  readonly modelManifestSha256: string;
  /** Key of the hybrid's gateway; it comes in, since rendering has no randomness. */
  readonly apiKey: string;
  readonly runtimeClassExists: boolean;
}

/** A server of a rendered topology. */
export interface RenderedServer {
  readonly component: Extract<Component, 'fastapi' | 'gateway' | 'triton'>;
  /** Name of its Job or Deployment, and of its Service. */
  readonly name: string;
  readonly selector: Labels;
  /** Whether its pod waits for the model to be uploaded. */
  readonly holdsModel: boolean;
  readonly image: string;
  readonly gpus: number;
}

export interface RenderedTopology {
  /** In the order in which they are applied: what a workload needs comes before it. */
  readonly objects: readonly Manifest[];
  /** The one that load arrives at comes first. */
  readonly servers: readonly [RenderedServer, ...RenderedServer[]];
}

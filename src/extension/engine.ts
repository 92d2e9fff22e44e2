import { createRequire } from 'node:module';
import type * as engineModule from '../engine/index.ts';
import type * as kubernetesModule from '../kubernetes/index.ts';

/**
 * The bundles that activation leaves alone: each is loaded when it is first needed, which keeps activation below 50 ms.
 * They are built beside this one (dist/engine.cjs, dist/kubernetes.cjs).
 */

export type Engine = typeof engineModule;
export type Kubernetes = typeof kubernetesModule;

const load = createRequire(import.meta.url);
let engine: Engine | undefined;
let kubernetes: Kubernetes | undefined;

/** Planning, the run itself, the local target, model configs and run records. */
export async function loadEngine(): Promise<Engine> {
  return (engine ??= load('./engine.cjs') as Engine);
}

/** Everything that speaks to a cluster. */
export async function loadKubernetes(): Promise<Kubernetes> {
  return (kubernetes ??= load('./kubernetes.cjs') as Kubernetes);
}

/** Which of them are in memory: what the activation test looks at. */
export function loadedBundles(): readonly string[] {
  return [...(engine === undefined ? [] : ['engine']), ...(kubernetes === undefined ? [] : ['kubernetes'])];
}

import { createRequire } from 'node:module';
import type * as engineModule from '../engine/index.ts';
import type * as planFilesModule from '../engine/planFiles.ts';
import type * as kubernetesModule from '../kubernetes/index.ts';
import type * as recordsModule from '../runs/index.ts';
import type * as firstPaintModule from '../../webview/firstPaint.ts';

/**
 * The bundles that activation leaves alone: each is loaded when it is first needed, which keeps activation below 50 ms.
 * They are built beside this one (dist/records.cjs and so on).
 */

export type Records = typeof recordsModule;
export type FirstPaint = typeof firstPaintModule;
export type PlanFiles = typeof planFilesModule;
export type Engine = typeof engineModule;
export type Kubernetes = typeof kubernetesModule;

const load = createRequire(import.meta.url);
let records: Records | undefined;
let firstPaint: FirstPaint | undefined;
let planFiles: PlanFiles | undefined;
let engine: Engine | undefined;
let kubernetes: Kubernetes | undefined;

/** Run records on disk: all that views, lenses and panels need of a run that has ended. */
export async function loadRecords(): Promise<Records> {
  return (records ??= load('./records.cjs') as Records);
}

/** What a panel is seen to show before its page's scripts run. */
export async function loadFirstPaint(): Promise<FirstPaint> {
  return (firstPaint ??= load('./firstPaint.cjs') as FirstPaint);
}

/** What is said of a plan file, and the text of one. */
export async function loadPlanFiles(): Promise<PlanFiles> {
  return (planFiles ??= load('./planFiles.cjs') as PlanFiles);
}

/** Planning, the run itself, the local target, and exports. */
export async function loadEngine(): Promise<Engine> {
  return (engine ??= load('./engine.cjs') as Engine);
}

/** Everything that speaks to a cluster. */
export async function loadKubernetes(): Promise<Kubernetes> {
  return (kubernetes ??= load('./kubernetes.cjs') as Kubernetes);
}

/** Which of them are in memory: what the activation test looks at. */
export function loadedBundles(): readonly string[] {
  return Object.entries({ records, firstPaint, planFiles, engine, kubernetes }).flatMap(([name, bundle]) =>
    bundle === undefined ? [] : [name],
  );
}

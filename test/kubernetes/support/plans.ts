import { join } from 'node:path';
import { openAssets, type Assets } from '../../../src/assets/assets.ts';
import type { BenchError } from '../../../src/core/errors.ts';
import type { ImagesPlan, Phase, Plan, TopologyName } from '../../../src/core/plan.ts';
import { makePlan, type Choices } from '../../../src/core/planning.ts';
import type { DeployListener } from '../../../src/kubernetes/index.ts';
import { resolveModel, type ResolvedModel } from '../../../src/models/resolve.ts';
import { testCluster } from './testCluster.ts';

export const assets: Assets = openAssets(join(import.meta.dirname, '../../..'), '0.0.0-test');

let tinyModel: Promise<ResolvedModel> | undefined;

export function resolveTinyModel(): Promise<ResolvedModel> {
  return (tinyModel ??= resolveModel({ path: assets.tinyModelDirectory }, new AbortController().signal));
}

/** Two levels of a second or two: enough to see that everything is counted. */
const shortPhases: readonly Phase[] = [
  { name: 'warm-up', kind: 'warm-up', loop: 'closed', connections: 4, durationSeconds: 1 },
  { name: 'c1', kind: 'measured', loop: 'closed', connections: 1, durationSeconds: 2 },
  { name: 'c4', kind: 'measured', loop: 'closed', connections: 4, durationSeconds: 2 },
];

/** The test cluster's images with their packages in them. */
export function prebuiltImages(): ImagesPlan {
  const { images } = testCluster();
  return {
    server: images.servingPrebuilt,
    triton: images.servingPrebuilt,
    loadGenerator: images.node,
    packages: 'prebuilt',
    requirements: 'cpu-numpy1',
  };
}

/** A plan for the test cluster with the tiny model and its prebuilt image. */
export async function testPlan(
  topologies: readonly TopologyName[],
  namespace: string,
  changes: Partial<Omit<Choices, 'phases'>> & { readonly phases?: readonly Phase[] } = {},
): Promise<Plan> {
  const { model } = await resolveTinyModel();
  const { phases = shortPhases, ...choices } = changes;
  const plan = makePlan({
    model,
    triton: null,
    topologies,
    target: { kind: 'kubernetes', namespace, createNamespace: false },
    profile: 'quick',
    payload: await assets.payload(),
    cores: 1,
    memoryMiB: 1024,
    allowCpuProvider: true,
    images: prebuiltImages(),
    readyTimeoutSeconds: 120,
    ...choices,
  });
  return { ...plan, load: { ...plan.load, phases: [...phases] } };
}

/** Keeps what a deployment says of itself. */
export class ProgressLog implements DeployListener {
  readonly stages: string[] = [];
  readonly statuses: string[] = [];
  readonly warnings: string[] = [];
  readonly left: BenchError[] = [];
  readonly uploads: { readonly sentBytes: number; readonly totalBytes: number }[] = [];
  /** Called at each stage, e.g. to cancel there. */
  onStage: (stage: string) => void = () => undefined;

  stage(stage: 'apply' | 'upload' | 'wait'): void {
    this.stages.push(stage);
    this.onStage(stage);
  }

  status(message: string): void {
    this.statuses.push(message);
  }

  upload(sentBytes: number, totalBytes: number): void {
    this.uploads.push({ sentBytes, totalBytes });
  }

  warning(message: string): void {
    this.warnings.push(message);
  }

  leftBehind(problem: BenchError): void {
    this.left.push(problem);
  }
}

import { benchmark } from '../../../src/core/benchmark.ts';
import type { RunEvent } from '../../../src/core/events.ts';
import type { Plan } from '../../../src/core/plan.ts';
import type { Target } from '../../../src/core/ports.ts';
import type { RunRecord } from '../../../src/core/record.ts';
import { newRunId, systemClock } from '../../../src/engine/host.ts';
import { sha256 } from '../../../src/hashes/sha256.ts';
import { createKubernetesTarget, type KubernetesTargetOptions } from '../../../src/kubernetes/index.ts';
import { createLoadDriver } from '../../../src/load/driver.ts';
import { sampleOrigin } from '../../support/origin.ts';
import { assets, resolveTinyModel } from './plans.ts';
import { testCluster } from './testCluster.ts';

/** A target for the test cluster with the tiny model. */
export async function testTarget(changes: Partial<KubernetesTargetOptions> = {}): Promise<Target> {
  const { kubeconfig, packageIndexUrl } = testCluster();
  const { modelPaths } = await resolveTinyModel();
  return createKubernetesTarget({
    kubeconfigPath: kubeconfig,
    assets,
    loadDriver: createLoadDriver({ workerPath: assets.workerPath }),
    modelPaths,
    packageIndexUrl,
    ...changes,
  });
}

/** A whole run of a plan by the engine itself; its record is kept in memory. */
export async function runBenchmark(
  plan: Plan,
  emit: (event: RunEvent) => void,
  signal: AbortSignal,
  changes: Partial<KubernetesTargetOptions> = {},
): Promise<RunRecord> {
  const ports = {
    target: await testTarget(changes),
    runs: { save: async () => undefined },
    payload: await assets.payload(),
    clock: systemClock,
    sha256,
    version: '0.0.0-test',
    ...sampleOrigin,
  };
  return await benchmark(plan, newRunId(), ports, emit, signal);
}

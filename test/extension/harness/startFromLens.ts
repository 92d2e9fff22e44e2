/** The shortest way to a run that goes on for minutes: from the lens to FastAPI on CPUs of the test cluster. */
import { samplePaths } from './samplePaths.ts';
import type { Drive } from './drive.ts';
import type { Panel } from './panel.ts';
import { useTestCluster } from './useTestCluster.ts';

/** @returns the run's panel */
export async function startFromLens(
  { code, workbench }: Drive,
  namespace: string,
  profile: 'quick' | 'standard' = 'standard',
): Promise<Panel> {
  await useTestCluster(code, namespace);
  const { quickInput } = workbench;
  await workbench.openFile(samplePaths.classifier);
  await workbench.askFromCodeLens('Benchmark Topology');
  await quickInput.pickMany(['fastapi']);
  await quickInput.pick(`topology-bench-test/${namespace}`);
  await quickInput.pick('CPU only');
  await quickInput.pick(profile);
  await workbench.dialog().press('Start');
  return await workbench.panel(/sentiment/u);
}

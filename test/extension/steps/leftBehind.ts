/** A run whose process is killed while its window looks on: the window says so, and Clean Up removes what it made. */
import { expect } from 'vitest';
import { kubectl } from '../../kubernetes/support/testCluster.ts';
import { startFromPlan } from '../harness/clusterPlan.ts';
import type { Drive } from '../harness/drive.ts';
import { useTestCluster } from '../harness/useTestCluster.ts';
import { cleanedUpWithinMs, eventually, patienceMs } from '../harness/waiting.ts';

export async function leftBehindByAKilledRun(parts: Drive, namespace: string): Promise<void> {
  const { code, workbench } = parts;
  await useTestCluster(workbench, namespace);
  await startFromPlan(parts, namespace, 'until cancelled');
  await eventually(
    'a Job of the run',
    () => kubectl('get', 'jobs', '--namespace', namespace, '--output', 'name'),
    (names) => names !== '',
    240_000,
  );
  expect(await code.killRuns()).toBe(1);
  const failure = workbench.notification('The process that carried out the run ended before the run did');
  expect(await failure.buttons()).toContain('Show Log');
  await failure.dismiss();
  const offer = workbench.notification('The run ended before it had cleaned up');
  expect(await offer.buttons()).toEqual(['Clean Up', 'Show Log']);
  await offer.dismiss();

  const topologies = await workbench.view('Topology Bench', 'Topologies');
  await expect
    .poll(() => topologies.titleMenu().items(), { timeout: patienceMs })
    .toEqual(['Clean Up', 'Open Settings', 'Show Log']);
  await topologies.titleMenu().press('Clean Up');
  const { quickInput } = workbench;
  const [leftover = '', ...others] = await quickInput.waitForItem(/^\s*Benchmark run /u);
  expect(leftover).toMatch(/^Benchmark run \d{8}-\d{6}-[\da-f]{4}$/u);
  expect(others).toEqual([]);
  expect(await quickInput.title()).toBe(`Clean Up topology-bench-test/${namespace}`);
  // What was left behind is ticked already.
  await expect.poll(() => quickInput.isChecked(leftover), { timeout: patienceMs }).toBe(true);
  await quickInput.accept();
  const removed = workbench.notification('Removed 1 leftover');
  await removed.text(cleanedUpWithinMs);
  await removed.dismiss();
}

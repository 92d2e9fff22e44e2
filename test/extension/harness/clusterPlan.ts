/** A plan file for the test cluster: what it says needs no question, and no more load than what is tested. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { testCluster } from '../../kubernetes/support/testCluster.ts';
import type { Drive } from './drive.ts';
import type { Panel } from './panel.ts';
import { samplePaths } from './sampleWorkspace.ts';
import { texts } from './texts.ts';

/** So few requests that they leave the machine to VS Code, for as long as anybody looks. */
const untilCancelled = { rate: 20, arrivals: 'constant', seconds: 600 };
/** What it takes to have a record with figures. */
const short = { connections: 8, seconds: 2 };
const phasesOf = {
  short: [short],
  'until cancelled': [untilCancelled],
  /** So that the page has figures and charts while the run is under way. */
  'short, then until cancelled': [short, untilCancelled],
} as const;
export type PlanLoad = keyof typeof phasesOf;

/**
 * Starts FastAPI on CPUs of the test cluster from the lens of the workspace's plan file.
 *
 * @returns the run's panel
 */
export async function startFromPlan({ workbench, folder }: Drive, namespace: string, load: PlanLoad): Promise<Panel> {
  const { images } = testCluster();
  const plan = {
    version: 1,
    model: './model_repository/sentiment',
    target: 'kubernetes',
    namespace,
    topologies: ['fastapi'],
    phases: phasesOf[load],
    images: {
      server: images.servingPrebuilt,
      triton: images.servingPrebuilt,
      loadGenerator: images.node,
      packages: 'prebuilt',
      requirements: 'cpu-numpy1',
    },
  };
  await writeFile(join(folder, samplePaths.plan), stringify(plan));
  await workbench.openFile(samplePaths.plan);
  await workbench.confirmFromCodeLens(texts.startLens);
  await workbench.dialog().press('Start');
  return await workbench.panel(/sentiment/u);
}

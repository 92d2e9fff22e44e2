/**
 * A Deploy in a process of its own, for tests that kill it: `node deploy-program.ts NAMESPACE`. Prints each stage as it begins,
 * one a line.
 */
import { deployTopology } from '../../../src/kubernetes/index.ts';
import { assets, ProgressLog, resolveTinyModel, testPlan } from './plans.ts';
import { testCluster } from './testCluster.ts';

const plan = await testPlan(['fastapi'], process.argv[2] ?? '');
const { modelPaths } = await resolveTinyModel();
const [topology] = plan.topologies;
if (topology === undefined) throw new Error('the plan has no topology');
const progress = new ProgressLog();
progress.onStage = (stage) => {
  process.stdout.write(`${stage}\n`);
};
const options = { kubeconfigPath: testCluster().kubeconfig, assets, modelPaths };
await deployTopology(options, plan, topology, progress, new AbortController().signal);

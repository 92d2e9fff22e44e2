/**
 * The pictures of README and of the walkthrough, from the real thing: two runs of the three topologies on a test cluster by the
 * command line, with nothing else on the machine, whose results a real VS Code then shows. The model config is edited between
 * them, as somebody who tunes would. `node test/extension/pictures.ts`, after `npm run package`, writes media/screenshots; it
 * starts a cluster of its own unless TOPOLOGY_BENCH_CLUSTER_JSON names one.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startCluster } from '../bench/support/cluster.ts';
import { deleteNamespace, makeNamespace } from '../kubernetes/support/namespaces.ts';
import { prebuiltImages } from '../kubernetes/support/plans.ts';
import { testCluster } from '../kubernetes/support/testCluster.ts';
import { startCli } from '../unit/cli/bundle.ts';
import { openDrive } from './harness/drive.ts';
import { ownPackage } from './harness/package.ts';
import { makeSampleWorkspace, samplePaths } from './harness/sampleWorkspace.ts';
import { switchTheme } from './harness/switchTheme.ts';
import { texts } from './harness/texts.ts';
import { useTestCluster } from './harness/useTestCluster.ts';

const pictures = join(import.meta.dirname, '..', '..', 'media', 'screenshots');

await using resources = new AsyncDisposableStack();
resources.use(await startCluster());
const namespace = await makeNamespace('models');
resources.defer(() => deleteNamespace(namespace));
const folder = await mkdtemp(join(tmpdir(), 'topology-bench-pictures-'));
resources.defer(() => rm(folder, { recursive: true, force: true }));
await makeSampleWorkspace(folder);
const config = join(folder, samplePaths.classifier);
await edit(500);
await run();
await edit(5000);
await run();

const prepare = (copy: string): Promise<void> => cp(folder, copy, { recursive: true });
const { workbench } = resources.use(await openDrive({ version: 'newest', vsix: ownPackage(), prepare }));
await useTestCluster(workbench, namespace);
await workbench.openFile(samplePaths.classifier);
await workbench.waitForCodeLens(texts.figuresLens);
const results = await workbench.view('Topology Bench', 'Results');
await results.waitForRows('two results', (rows) => rows.length === 2);
await results.row(/RPS/u).click();
const panel = await workbench.panel(/^sentiment/u);
await panel.waitUntilDrawn();
await workbench.screenshot(join(pictures, 'results-dark.png'));
await switchTheme(workbench, panel, 'light');
await workbench.screenshot(join(pictures, 'results-light.png'));
await switchTheme(workbench, panel, 'dark');
await panel.frame.getByText('Compare with…').click();
await workbench.quickInput.pick(/./u);
const comparison = await workbench.panel(/↔/u);
await comparison.frame.getByText(texts.panel.configsDifference).waitFor();
await workbench.screenshot(join(pictures, 'comparison-dark.png'));

async function edit(maxQueueDelayMicroseconds: number): Promise<void> {
  const text = await readFile(config, 'utf8');
  await writeFile(
    config,
    text.replace(
      /max_queue_delay_microseconds: \d+/u,
      `max_queue_delay_microseconds: ${String(maxQueueDelayMicroseconds)}`,
    ),
  );
}

async function run(): Promise<void> {
  const plan = {
    ...{ version: 1, model: './model_repository/sentiment', namespace, profile: 'quick' },
    ...{ gpu: { resource: 'nvidia.com/gpu', count: 1 }, allowCpuProvider: true, images: prebuiltImages() },
  };
  await writeFile(join(folder, samplePaths.plan), stringify(plan));
  const started = startCli(['run', samplePaths.plan], { cwd: folder, env: { KUBECONFIG: testCluster().kubeconfig } });
  started.child.stderr.on('data', (line: string) => process.stderr.write(line));
  const { stdout } = await started.ended;
  console.log(stdout);
}

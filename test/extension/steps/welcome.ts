/** The first look, before there is a kubeconfig or a result: what the views say, and where their buttons lead. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Drive } from '../harness/drive.ts';
import { putRecords, samplePaths } from '../harness/sampleWorkspace.ts';
import { screenshots } from '../harness/screenshots.ts';
import { patienceMs } from '../harness/waiting.ts';

export async function welcomeWithoutCluster({ code, workbench, folder }: Drive): Promise<void> {
  await putRecords(folder, []);
  await workbench.changeSettings({ 'topologyBench.kubeconfig': undefined });
  const { quickInput } = workbench;
  const cluster = await workbench.view('Topology Bench', 'Cluster');
  await cluster.waitForMessage('No kubeconfig was found');
  const results = await workbench.view('Topology Bench', 'Results');
  await results.waitForMessage('No results yet.');
  const topologies = await workbench.view('Topology Bench', 'Topologies');
  await topologies.waitForMessage('Without a cluster, topologies run on this machine');
  await expect.poll(() => results.showsWelcome('Benchmark Topology'), { timeout: patienceMs }).toBe(true);
  await workbench.screenshot(join(screenshots, 'welcome.png'));

  // There is nowhere to deploy to, and no context to choose or to clean up.
  const fastapi = topologies.row(/^fastapi/u);
  await expect.poll(() => fastapi.inlineActions(), { timeout: patienceMs }).toEqual(['Benchmark Topology']);
  await expect.poll(() => fastapi.menuItems(), { timeout: patienceMs }).toEqual(['Benchmark Topology']);
  await expect
    .poll(() => cluster.titleMenu().items(), { timeout: patienceMs })
    .toEqual(['Choose Kubeconfig…', 'Open Settings', 'Show Log']);
  await expect
    .poll(() => topologies.titleMenu().items(), { timeout: patienceMs })
    .toEqual(['Open Settings', 'Show Log']);
  await quickInput.findCommands(
    'Topology Bench: Topology',
    (found) =>
      found.includes('Topology Bench: Benchmark Topology') && !found.includes('Topology Bench: Deploy Topology'),
  );

  // What works now is in sight. No question of where: that is decided.
  for (const label of ['Benchmark on this machine', 'Choose a kubeconfig'])
    await expect.poll(() => cluster.showsWelcome(label), { timeout: patienceMs }).toBe(true);
  await cluster.pressWelcome('Benchmark on this machine');
  await quickInput.pick('Tiny sentiment model (built in)');
  await quickInput.pickMany(['triton']);
  await quickInput.pick('quick');
  expect(await workbench.dialog().text()).toContain('on this machine');
  await workbench.dialog().press('Cancel');

  await results.pressWelcome('Benchmark Topology');
  await quickInput.waitForItem('Tiny sentiment model (built in)');
  await quickInput.cancel();

  await topologies.pressTitleAction('Benchmark Topology');
  await quickInput.waitForItem('Tiny sentiment model (built in)');
  await quickInput.cancel();

  await cluster.pressWelcome('Choose a kubeconfig');
  await quickInput.choose(join(folder, samplePaths.kubeconfig));
  await cluster.waitForRows('the chosen context', ([context]) => context?.startsWith('staging') === true);
  await workbench.changeSettings({});
  await cluster.waitForMessage('No kubeconfig was found');

  // Somebody puts a kubeconfig in the place where one is looked for, in which no context is chosen.
  const kubeconfig = code.options.env?.['KUBECONFIG'] ?? '';
  const text = await readFile(join(folder, samplePaths.kubeconfig), 'utf8');
  await writeFile(kubeconfig, text.replace('current-context: staging\n', ''));
  try {
    await cluster.pressWelcome('Refresh');
    await cluster.waitForMessage('Your kubeconfig names no current context.');
    await cluster.pressWelcome('Select Kubernetes Context');
    await quickInput.pick('production');
    await cluster.waitForRows('the selected context', ([context]) => context?.startsWith('production') === true);
    await cluster.row('production').pressInline('Select Kubernetes Context');
    await quickInput.pick("Follow the kubeconfig's current context");
    await cluster.waitForMessage('Your kubeconfig names no current context.');
  } finally {
    await rm(kubeconfig, { force: true });
  }
}

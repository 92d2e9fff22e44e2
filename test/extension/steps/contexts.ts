/** The Cluster view on contexts that nothing answers on: what is chosen, protected and followed there, and what it says then. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { freePorts } from '../../../src/local/loopback.ts';
import type { Drive } from '../harness/drive.ts';
import { samplePaths } from '../harness/sampleWorkspace.ts';
import { screenshots } from '../harness/screenshots.ts';
import { whileNothingIsSaid } from '../harness/silentServer.ts';
import { texts } from '../harness/texts.ts';
import { eventually, patienceMs } from '../harness/waiting.ts';

export async function protectedContext({ workbench, folder }: Drive): Promise<void> {
  await workbench.changeSettings({
    'topologyBench.kubeconfig': join(folder, samplePaths.kubeconfig),
    'topologyBench.protectedContexts': ['stag*'],
  });
  const { quickInput } = workbench;
  const cluster = await workbench.view('Topology Bench', 'Cluster');
  await cluster.waitForRows(
    'the context with its protection, though nothing answers',
    ([context, namespace]) => context === 'stagingprotected' && namespace === 'modelsnamespace',
  );
  await expect
    .poll(() => cluster.row('staging').menuItems(), { timeout: patienceMs })
    .toEqual(['Select Kubernetes Context', 'Unprotect Context']);
  await workbench.screenshot(join(screenshots, 'protected-context.png'));

  await workbench.openFile(samplePaths.classifier);
  await workbench.askFromCodeLens(texts.startLens);
  await quickInput.pickMany(['triton']);
  await quickInput.pick('staging/models');
  await quickInput.pick('CPU only');
  await quickInput.pick('quick');
  await workbench.dialog().press('Start');
  await expect.poll(() => quickInput.title(), { timeout: patienceMs }).toBe('Protected Context staging');
  await quickInput.fill('production');
  // The question says so too; what is wrong is all that an answer is told.
  await expect.poll(() => quickInput.message(), { timeout: patienceMs }).toContain('Type staging to go on.');
  expect(await quickInput.title()).toBe('Protected Context staging');
  await quickInput.cancel();
  expect(await workbench.notifications()).toEqual([]);
  expect(await workbench.page.locator('.tabs-container .tab').count()).toBe(1);
}

export async function chosenInTheTree({ workbench, folder }: Drive): Promise<void> {
  const [port = 0] = await freePorts(1);
  const kubeconfig = join(folder, 'kubeconfig-of-a-port');
  const sample = await readFile(join(folder, samplePaths.kubeconfig), 'utf8');
  await writeFile(kubeconfig, sample.replace('127.0.0.1:9', `127.0.0.1:${String(port)}`));
  await workbench.changeSettings({
    'topologyBench.kubeconfig': kubeconfig,
    'topologyBench.protectedContexts': [],
  });
  const { quickInput } = workbench;
  const cluster = await workbench.view('Topology Bench', 'Cluster');
  const head = (what: string, context: string, namespace: string): Promise<string[]> =>
    cluster.waitForRows(what, (rows) => rows[0] === context && rows[1] === namespace);
  await head('the context of the kubeconfig', 'staging', 'modelsnamespace');
  await expect
    .poll(() => cluster.row('staging').inlineActions(), { timeout: patienceMs })
    .toEqual(['Select Kubernetes Context']);
  await cluster.row('staging').pressInline('Select Kubernetes Context');
  expect(await quickInput.waitForItem('production')).toEqual([
    "Follow the kubeconfig's current context",
    'Select Namespace…',
    'staging',
    'production',
  ]);
  await quickInput.pick('production');
  await head('the selected context', 'production', 'defaultnamespace');

  const namespaceRow = cluster.row(/^default/u);
  await expect.poll(() => namespaceRow.inlineActions(), { timeout: patienceMs }).toEqual(['Select Namespace']);
  await expect.poll(() => namespaceRow.menuItems(), { timeout: patienceMs }).toEqual(['Select Namespace']);
  await namespaceRow.pressInline('Select Namespace');
  // Nothing answers there, so that there are no namespaces to pick from.
  await expect.poll(() => quickInput.title(), { timeout: patienceMs }).toBe('Select Namespace');
  await quickInput.fill('team-a');
  await head('the selected namespace', 'production', 'team-anamespace, selected here');

  await cluster.row('production').pressMenu('Protect Context');
  await head('the context with its lock', 'productionprotected', 'team-anamespace, selected here');
  await cluster.row('production').pressMenu('Unprotect Context');
  await workbench.dialog().press('Unprotect');
  await head('the context without its lock', 'production', 'team-anamespace, selected here');

  // With nothing typed, settings and context decide again. The menu of the title leads there, too.
  await cluster.titleMenu().press('Select Namespace');
  await expect.poll(() => quickInput.value(), { timeout: patienceMs }).toBe('team-a');
  await expect.poll(() => quickInput.message(), { timeout: patienceMs }).toContain('which is default now');
  await quickInput.fill('');
  await head('the namespace of the context again', 'production', 'defaultnamespace');
  await workbench.changeSettings({ 'topologyBench.namespace': 'of-the-setting' });
  await head('the namespace of the setting', 'production', 'of-the-settingnamespace');
  await workbench.changeSettings({ 'topologyBench.namespace': undefined });
  await head('the namespace of the context once more', 'production', 'defaultnamespace');
  await cluster.titleMenu().press('Select Kubernetes Context');
  await quickInput.pick('Select Namespace…');
  await expect.poll(() => quickInput.title(), { timeout: patienceMs }).toBe('Select Namespace');
  await quickInput.cancel();

  // Nothing answers there, and the row that says so leads on.
  await cluster.waitForRows('why there is nothing to show', (rows) => rows.length === 3);
  const problem = cluster.row(/refused|reach/u);
  await expect.poll(() => problem.inlineActions(), { timeout: patienceMs }).toEqual(['Refresh']);
  await expect
    .poll(() => problem.menuItems(), { timeout: patienceMs })
    .toEqual(['Select Kubernetes Context', 'Refresh', 'Show Log']);
  for (const press of [() => problem.pressInline('Refresh'), () => problem.pressMenu('Refresh')]) {
    await whileNothingIsSaid(port, async () => {
      await press();
      await cluster.waitForRows('the cluster to be asked', (rows) => rows[2]?.includes('is being asked') === true);
    });
    await cluster.waitForRows(
      'why there is nothing to show again',
      (rows) => rows[2]?.includes('cannot be reached') === true,
    );
  }
  const showsLog = async (press: () => Promise<void>): Promise<void> => {
    await press();
    await eventually(
      'the log',
      () => workbench.shownOutput(),
      (text) => /refused|reach/u.test(text),
    );
    await workbench.hidePanel();
  };
  await showsLog(() => problem.pressMenu('Show Log'));

  // What every view has, and what this one has besides, stands behind the dots of its title.
  await expect.poll(() => cluster.titleMenu().items(), { timeout: patienceMs }).toEqual(texts.menuOfClusterView);
  await showsLog(() => cluster.titleMenu().press('Show Log'));

  await cluster.row('production').pressMenu('Select Kubernetes Context');
  await quickInput.pick("Follow the kubeconfig's current context");
  await head('the context of the kubeconfig again', 'staging', 'modelsnamespace');

  // What a setting mends leads to the setting.
  await workbench.changeSettings({ 'topologyBench.kubeconfig': join(folder, samplePaths.brokenKubeconfig) });
  await cluster.waitForRows('that the kubeconfig is broken', (rows) => rows.length === 1);
  await expect
    .poll(() => cluster.row(/./u).inlineActions(), { timeout: patienceMs })
    .toEqual(['Refresh', 'Open Settings']);
  await cluster.row(/./u).pressInline('Open Settings');
  await workbench.tab('Settings').waitFor();
  await workbench.runCommand('View: Close All Editors');
  await cluster.titleMenu().press('Open Settings');
  await workbench.tab('Settings').waitFor();
}

export async function followedContext({ workbench, folder }: Drive): Promise<void> {
  const outside = await mkdtemp(join(tmpdir(), 'topology-bench-kubeconfig-'));
  try {
    const kubeconfig = join(outside, 'config');
    await copyFile(join(folder, samplePaths.kubeconfig), kubeconfig);
    await workbench.changeSettings({ 'topologyBench.kubeconfig': kubeconfig });
    const placeShown = async (): Promise<string> => (await workbench.statusBar()).join('\n');
    await workbench.openFile(samplePaths.classifier);
    await expect.poll(placeShown, { timeout: patienceMs }).toContain('staging/models');

    const text = await readFile(kubeconfig, 'utf8');
    await writeFile(kubeconfig, text.replace('current-context: staging', 'current-context: production'));
    await expect.poll(placeShown, { timeout: patienceMs }).toContain('production/default');
    const cluster = await workbench.view('Topology Bench', 'Cluster');
    await cluster.waitForRows('the other context', ([context]) => context?.startsWith('production') === true);
    await writeFile(kubeconfig, text);
    await cluster.waitForRows('the first one again', ([context]) => context?.startsWith('staging') === true);
  } finally {
    await rm(outside, { recursive: true });
  }
}

/** From a model config, and from the palette, to the last question before a run. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { profileNames } from '../../src/core/profiles.ts';
import { drive } from './harness/drive.ts';
import { ownPackage } from './harness/package.ts';
import { makeSampleWorkspace, samplePaths } from './harness/sampleWorkspace.ts';
import { patienceMs } from './harness/waiting.ts';

const screenshots = join(import.meta.dirname, '..', '..', 'out', 'screenshots');

test.each(['oldest', 'newest'] as const)(
  'on the %s VS Code the lens and the palette lead to the confirmation of a run, and back',
  async (version) => {
    await drive(
      `lens-${version}`,
      { version, vsix: ownPackage(), prepare: makeSampleWorkspace },
      async ({ code, workbench, folder }) => {
        await code.changeSettings({ 'topologyBench.kubeconfig': join(folder, samplePaths.kubeconfig) });
        const { quickInput } = workbench;
        await workbench.openFile(samplePaths.classifier);
        await workbench.waitForCodeLens('Benchmark Topology');
        await workbench.screenshot(join(screenshots, `lens-${version}.png`));
        await workbench.askFromCodeLens('Benchmark Topology');

        expect(await quickInput.waitForItem('triton')).toEqual(['fastapi', 'triton', 'hybrid']);
        expect(await quickInput.title()).toBe('Benchmark Topology: sentiment (1/4)');
        await quickInput.pickMany(['fastapi', 'triton']);

        expect(await quickInput.waitForItem('This machine')).toEqual([
          'staging/models',
          'production/default',
          'This machine',
        ]);
        await workbench.screenshot(join(screenshots, `targets-${version}.png`));
        await quickInput.pick('This machine');

        expect(await quickInput.waitForItem('quick')).toEqual([...profileNames, 'Turns of each topology…']);
        await quickInput.pick('quick');

        const question = await workbench.dialog().text();
        expect(question).toMatch(/2 topologies × \d+ s of load, about \d+ (s|min), on this machine/u);
        expect(question).toContain('they end with the run');
        await workbench.screenshot(join(screenshots, `confirmation-${version}.png`));
        await workbench.dialog().press('Cancel');
        expect(await workbench.notifications()).toEqual([]);

        // Without a model config in view and without a kubeconfig.
        await workbench.runCommand('View: Close All Editors');
        await code.changeSettings({ 'topologyBench.kubeconfig': join(folder, 'no-such-file') });
        await workbench.runCommand('Topology Bench: Benchmark Topology');
        expect(await quickInput.waitForItem('Tiny sentiment model (built in)')).toEqual([
          'distilbert',
          'sentiment',
          'Tiny sentiment model (built in)',
        ]);
        await quickInput.pick('Tiny sentiment model (built in)');
        await quickInput.pickMany(['hybrid']);
        expect((await quickInput.waitForItem('This machine')).filter((item) => item.includes('/'))).toEqual([]);
        await quickInput.back();
        expect(await quickInput.waitForItem('fastapi')).toHaveLength(3);
        await quickInput.cancel();
      },
    );
  },
);

test('a protected context shows a lock, and nothing is done on it before its name is typed', async () => {
  await drive(
    'protected',
    { version: 'newest', vsix: ownPackage(), prepare: makeSampleWorkspace },
    async ({ code, workbench, folder }) => {
      await code.changeSettings({
        'topologyBench.kubeconfig': join(folder, samplePaths.kubeconfig),
        'topologyBench.protectedContexts': ['stag*'],
      });
      const { quickInput } = workbench;
      const cluster = await workbench.view('Topology Bench', 'Cluster');
      await cluster.waitForRows(
        'the context with its protection, though nothing answers',
        ([context, namespace]) => context === 'stagingprotected' && namespace === 'modelsnamespace',
      );
      expect(await cluster.row('staging').menuItems()).toEqual(['Select Kubernetes Context', 'Unprotect Context']);
      await workbench.screenshot(join(screenshots, 'protected-context.png'));

      await workbench.openFile(samplePaths.classifier);
      await workbench.askFromCodeLens('Benchmark Topology');
      await quickInput.pickMany(['triton']);
      await quickInput.pick('staging/models');
      await quickInput.pick('CPU only');
      await quickInput.pick('quick');
      await workbench.dialog().press('Start');
      await expect.poll(() => quickInput.title(), { timeout: patienceMs }).toBe('Protected Context staging');
      await quickInput.fill('production');
      expect(await quickInput.message()).toContain('Type staging to go on.');
      await quickInput.cancel();
      expect(await workbench.notifications()).toEqual([]);
      expect(await workbench.page.locator('.tabs-container .tab').count()).toBe(1);
    },
  );
});

test('a context that another program chooses in the kubeconfig is followed in the status bar and in the Cluster view', async () => {
  const outside = await mkdtemp(join(tmpdir(), 'topology-bench-kubeconfig-'));
  try {
    await drive(
      'followed',
      { version: 'newest', vsix: ownPackage(), prepare: makeSampleWorkspace },
      async ({ code, workbench, folder }) => {
        const kubeconfig = join(outside, 'config');
        await copyFile(join(folder, samplePaths.kubeconfig), kubeconfig);
        await code.changeSettings({ 'topologyBench.kubeconfig': kubeconfig });
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
      },
    );
  } finally {
    await rm(outside, { recursive: true });
  }
});

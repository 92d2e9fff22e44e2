/** From a model config, and from the palette, to the last question before a run. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { profileNames } from '../../src/core/profiles.ts';
import { drive } from './harness/drive.ts';
import { ownPackage } from './harness/package.ts';
import { makeSampleWorkspace, samplePaths } from './harness/sampleWorkspace.ts';

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
        expect(await quickInput.title()).toContain('Benchmark Topology: sentiment');
        await quickInput.pickMany(['fastapi', 'triton']);

        expect(await quickInput.waitForItem('This machine')).toEqual([
          'staging/models',
          'production/default',
          'This machine',
        ]);
        await workbench.screenshot(join(screenshots, `targets-${version}.png`));
        await quickInput.pick('This machine');

        expect(await quickInput.waitForItem('quick')).toEqual([...profileNames]);
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

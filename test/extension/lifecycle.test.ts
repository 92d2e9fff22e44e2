/** Windows that go away in mid-run: what they leave on the cluster is removed, by them or by the next one. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectSameInventory, inventory } from '../kubernetes/support/inventory.ts';
import { deleteNamespace, makeNamespace } from '../kubernetes/support/namespaces.ts';
import { kubectl } from '../kubernetes/support/testCluster.ts';
import { drive, type Drive } from './harness/drive.ts';
import type { Notification } from './harness/notifications.ts';
import { ownPackage } from './harness/package.ts';
import { makeSampleWorkspace } from './harness/sampleWorkspace.ts';
import { startFromLens } from './harness/startFromLens.ts';
import { eventually } from './harness/waiting.ts';
import type { Workbench } from './harness/workbench.ts';

/** A window looks 3 s after it opened, and once more 70 s later for what its predecessor still held then. */
const offerWithinMs = 120_000;
let namespace = '';

beforeAll(async () => {
  namespace = await makeNamespace('lifecycle');
});
afterAll(async () => {
  await deleteNamespace(namespace);
});

test('a window that is reloaded under load cleans up, or the window after it does', async () => {
  const before = await inventory();
  await drive(
    'lifecycle-reload',
    { version: 'newest', vsix: ownPackage(), prepare: makeSampleWorkspace },
    async (parts) => {
      await startRunUnderLoad(parts);
      const { workbench } = parts;
      await workbench.reload();
      await cleanUpIfOffered(workbench, before);
    },
  );
  await expectSameInventory(before);
});

test('what a killed VS Code left behind is offered by the next one, though no model config is opened', async () => {
  const before = await inventory();
  await drive(
    'lifecycle-kill',
    { version: 'newest', vsix: ownPackage(), prepare: makeSampleWorkspace },
    async (parts) => {
      await startRunUnderLoad(parts);
      const { code, workbench, folder } = parts;
      // Neither a restored panel nor an editor may be what wakes the extension.
      await workbench.runCommand('View: Close All Editors');
      await expect.poll(() => workbench.page.locator('.tabs-container .tab').count()).toBe(0);
      await code.kill();
      expect(await runningJobs()).not.toEqual([]);

      await code.restart();
      await workbench.openFolder(folder);
      const offer = leftBehind(workbench);
      expect(await offer.text(offerWithinMs)).toContain(`topology-bench-test/${namespace}`);
      expect(await offer.buttons()).toEqual(['Clean Up', 'Later']);
      expect(await workbench.page.locator('.tabs-container .tab').count()).toBe(0);
      await offer.press('Clean Up');
      await workbench.notification('Removed 1 leftover').text();
    },
  );
  await expectSameInventory(before);
});

async function startRunUnderLoad(parts: Drive): Promise<void> {
  const panel = await startFromLens(parts, namespace);
  await expect.poll(() => panel.text(), { timeout: 240_000, interval: 250 }).toMatch(/Measuring/u);
  expect(await runningJobs()).not.toEqual([]);
}

/** Either the window that went away had the time to clean up, or this one says that it had not, and does it. */
async function cleanUpIfOffered(workbench: Workbench, before: readonly string[]): Promise<void> {
  const offer = leftBehind(workbench);
  const how = await eventually(
    'a cluster as it was before, or the offer to clean it up',
    async () => {
      if (await offer.locator.isVisible()) return 'offered';
      return (await inventory()).join('\n') === before.join('\n') ? 'clean' : 'neither';
    },
    (state) => state !== 'neither',
    offerWithinMs,
  );
  if (how === 'offered') {
    await offer.press('Clean Up');
    await workbench.notification('Removed 1 leftover').text();
  }
}

function leftBehind(workbench: Workbench): Notification {
  return workbench.notification(/A window that closed has left 1 benchmark run behind/u);
}

/** The Jobs of the run that is under way, by name. */
async function runningJobs(): Promise<string[]> {
  return (await kubectl('get', 'jobs', '--namespace', namespace, '--output', 'name'))
    .split('\n')
    .filter((name) => name !== '');
}

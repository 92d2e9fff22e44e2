/** A window that goes away in mid-run, in each way that there is: the run goes on without them, and what it leaves on the cluster, if anything, is removed. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { expectSameInventory, inventory } from '../kubernetes/support/inventory.ts';
import { deleteNamespace, makeNamespace } from '../kubernetes/support/namespaces.ts';
import { kubectl } from '../kubernetes/support/testCluster.ts';
import { startFromPlan } from './harness/clusterPlan.ts';
import type { Drive } from './harness/drive.ts';
import type { Notification } from './harness/notifications.ts';
import { inOneWindow } from './harness/oneWindow.ts';
import { ownPackage } from './harness/package.ts';
import { isSerious } from './harness/panel.ts';
import { clickOnce } from './harness/pointer.ts';
import { makeSampleWorkspace, putRecords, samplePaths } from './harness/sampleWorkspace.ts';
import { screenshots } from './harness/screenshots.ts';
import { texts } from './harness/texts.ts';
import { useTestCluster } from './harness/useTestCluster.ts';
import { cleanedUpWithinMs, eventually, patienceMs } from './harness/waiting.ts';
import type { Workbench } from './harness/workbench.ts';

/** A window looks 3 s after it opened, and once more 70 s later for what its predecessor still held then. */
const offerWithinMs = 180_000;
let namespace = '';

beforeAll(async () => {
  namespace = await makeNamespace('lifecycle');
});
afterAll(async () => {
  await deleteNamespace(namespace);
});

const test = inOneWindow('lifecycle', { version: 'newest', vsix: ownPackage(), prepare: makeSampleWorkspace });

test('a run goes on while its window is reloaded; the new window watches it, and can stop it', async (parts) => {
  const before = await inventory();
  await startRunUnderLoad(parts);
  const { workbench } = parts;
  const runs = await runsUnderWay();
  await workbench.reload();
  const restored = await workbench.panel(/sentiment/u);
  await expect.poll(() => restored.text(), { timeout: 60_000, interval: 250 }).toMatch(texts.panel.measuring);
  expect(await runsUnderWay()).toEqual(runs);
  expect((await restored.axe()).filter(isSerious)).toEqual([]);
  await workbench.screenshot(join(screenshots, 'lifecycle-watched-again.png'));

  // What the panel in sight says, a notification over it need not.
  await expect
    .poll(async () => (await workbench.notifications()).filter((text) => text.startsWith('Benchmark of')), {
      timeout: patienceMs,
    })
    .toEqual([]);
  await workbench.runCommand('View: Close All Editors');
  const progress = workbench.notification(/Benchmark of sentiment/u);
  await expect.poll(() => progress.text(), { timeout: 60_000 }).toMatch(/: fastapi .*RPS/u);
  // Its words are drawn anew each second, and a link that is drawn anew under the pointer loses the click.
  await eventually(
    'the panel that the link opens',
    async () => {
      if (await workbench.tab(/sentiment/u).isVisible()) return true;
      await clickOnce(progress.locator.getByText('results', { exact: true }), 5000);
      await workbench.tab(/sentiment/u).waitFor({ timeout: 10_000 });
      return true;
    },
    Boolean,
  );
  const panel = await workbench.panel(/sentiment/u);
  await progress.waitUntilGone();

  await workbench.runCommand('Topology Bench: Cancel Run');
  await expect.poll(() => panel.text(), { timeout: cleanedUpWithinMs, interval: 250 }).toMatch(texts.panel.again);
  expect(await panel.text()).toMatch(texts.panel.cancelled);
  await expectSameInventory(before);
});

test('a run whose VS Code was killed ends by itself, leaves nothing, and the next VS Code says so', async (parts) => {
  const before = await inventory();
  const { code, workbench, folder } = parts;
  await putRecords(folder, []);
  await startRunUnderLoad(parts, 'short');
  await workbench.runCommand('View: Close All Editors');
  await code.kill();
  await eventually(
    'the record of a run that nobody watches',
    () => readdir(join(folder, samplePaths.runs)).catch((): string[] => []),
    (names) => names.some((name) => /^\d.*\.json$/u.test(name)),
    cleanedUpWithinMs,
  );
  await untilCleanedUp(before);

  await code.restart();
  await workbench.openFolder(folder);
  const ended = workbench.notification(/sentiment went on after its window had closed, and is complete/u);
  await ended.text(offerWithinMs);
  await ended.press('Open Results');
  const panel = await workbench.panel(/sentiment/u);
  await expect.poll(() => panel.text(), { timeout: 60_000, interval: 250 }).toMatch(/8 connections/u);
  await expectSameInventory(before);
});

test('a window that closes stops its run where the settings say so, and the run cleans up', async (parts) => {
  const before = await inventory();
  const set = async (whenWindowCloses: 'stop' | undefined): Promise<void> => {
    await parts.workbench.changeSettings({ 'topologyBench.whenWindowCloses': whenWindowCloses });
    // A window reads its settings when it starts; of a change meanwhile it may hear late, or on a busy machine never.
    await parts.workbench.reload();
  };
  await set('stop');
  try {
    await startRunUnderLoad(parts);
    await parts.workbench.reload();
    await untilCleanedUp(before);
  } finally {
    await set(undefined);
  }
  await expectSameInventory(before);
});

test('what a run left behind that was killed with VS Code is offered by the next one, though no model config is opened', async (parts) => {
  const before = await inventory();
  await startRunUnderLoad(parts);
  const { code, workbench, folder } = parts;
  // Neither a restored panel nor an editor may be what wakes the extension.
  await workbench.runCommand('View: Close All Editors');
  await expect.poll(() => workbench.page.locator('.tabs-container .tab').count(), { timeout: patienceMs }).toBe(0);
  // What is open, or is not, a window stores some seconds later, or before it reloads.
  await workbench.reload();
  await code.kill();
  expect(await code.killRuns()).toBe(1);
  expect(await runningJobs()).not.toEqual([]);

  await code.restart();
  await workbench.openFolder(folder);
  const offer = leftBehind(workbench);
  expect(await offer.text(offerWithinMs)).toContain(`topology-bench-test/${namespace}`);
  expect(await offer.buttons()).toEqual(['Clean Up', 'Later']);
  expect(await workbench.page.locator('.tabs-container .tab').count()).toBe(0);
  await offer.press('Clean Up');
  await workbench.notification('Removed 1 leftover').text(cleanedUpWithinMs);
  await expectSameInventory(before);
});

async function startRunUnderLoad(parts: Drive, load: 'short' | 'until cancelled' = 'until cancelled'): Promise<void> {
  await useTestCluster(parts.workbench, namespace);
  const panel = await startFromPlan(parts, namespace, load);
  const isUnderWay = load === 'short' ? texts.panel.warmingUpOrMeasuring : texts.panel.measuring;
  await expect.poll(() => panel.text(), { timeout: 240_000, interval: 250 }).toMatch(isUnderWay);
  expect(await runningJobs()).not.toEqual([]);
}

/** By the run itself, while no window looks. */
async function untilCleanedUp(before: readonly string[]): Promise<void> {
  await eventually(
    'a cluster as it was before',
    inventory,
    (now) => now.join('\n') === before.join('\n'),
    cleanedUpWithinMs,
  );
}

function leftBehind(workbench: Workbench): Notification {
  return workbench.notification(/A window that closed has left 1 benchmark run behind/u);
}

/** By the ids in the names of their Jobs, which change from one turn to the next. */
async function runsUnderWay(): Promise<string[]> {
  const ids = (await runningJobs()).flatMap((name) => /\d{8}-\d{6}-[\da-f]{4}/u.exec(name)?.[0] ?? []);
  return [...new Set(ids)];
}

/** The Jobs of the run that is under way, by name. */
async function runningJobs(): Promise<string[]> {
  return (await kubectl('get', 'jobs', '--namespace', namespace, '--output', 'name'))
    .split('\n')
    .filter((name) => name !== '');
}

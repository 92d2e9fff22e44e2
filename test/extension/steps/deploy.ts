/** A topology that stays: from the Topologies tree to its logs, its endpoint and an answer, and away again. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { kubectl } from '../../kubernetes/support/testCluster.ts';
import type { Drive } from '../harness/drive.ts';
import { screenshots } from '../harness/screenshots.ts';
import { texts } from '../harness/texts.ts';
import { useTestCluster } from '../harness/useTestCluster.ts';
import { eventually, patienceMs } from '../harness/waiting.ts';

/** On two slow cores that carry a cluster and a workbench. */
const readyWithinMs = 240_000;
const goneWithinMs = 120_000;
const actionsOfReady = ['Show Deployment Logs', 'Delete Deployment'];

export async function deployedFromTheTree({ workbench }: Drive, namespace: string): Promise<void> {
  await useTestCluster(workbench, namespace);
  const { quickInput } = workbench;
  const tree = await workbench.view('Topology Bench', 'Topologies');
  await tree.waitForRows('nothing deployed', (rows) => rows.join() === texts.nothingDeployed.join());
  await tree.row('fastapi').pressInline('Deploy Topology');
  await quickInput.pick('Tiny sentiment model (built in)');
  await quickInput.waitForItem(`topology-bench-test/${namespace}`);
  expect(await quickInput.title()).toBe('Deploy Topology: tiny-sentiment (1/2)');
  await quickInput.pick(`topology-bench-test/${namespace}`);
  await quickInput.pick(/nvidia\.com\/gpu|Tesla-T4/u);
  const question = await workbench.dialog().text();
  expect(question).toContain(`fastapi with the model tiny-sentiment on topology-bench-test/${namespace}`);
  expect(question).toContain('until you delete it');
  await workbench.dialog().press('Deploy');

  // In sight, and with what it waits for, long before it is ready; the row opens by itself once there is something in it.
  const [, coming = ''] = await tree.waitForRows(
    'the deployment to come up',
    (rows) => rows[0] === 'fastapi1 deployed, 0 ready' && rows[1]?.startsWith('tiny-sentiment') === true,
  );
  expect(coming).toMatch(/^tiny-sentiment(?!ready).+ · 1 GPU$/u);
  await tree.waitForRows(
    'the deployment to be ready',
    (rows) => rows.includes('fastapi1 deployed, 1 ready') && rows.includes('tiny-sentimentready · 1 GPU'),
    readyWithinMs,
  );
  const row = tree.row('tiny-sentiment');
  await expect.poll(() => row.inlineActions(), { timeout: patienceMs }).toEqual(actionsOfReady);
  await expect
    .poll(() => row.menuItems(), { timeout: patienceMs })
    .toEqual([
      'Copy Endpoint',
      'Send a Sample Request',
      'Show Deployment Logs',
      'Upload Model Again',
      'Delete Deployment',
    ]);
  await workbench.screenshot(join(screenshots, 'deploy-ready.png'));

  await row.pressInline('Show Deployment Logs');
  await eventually(
    'the logs of its containers',
    () => workbench.shownOutput(),
    (text) => /^== tb-fastapi-\S+ fastapi$/mu.test(text) && text.includes('the model is in place'),
  );
  await workbench.screenshot(join(screenshots, 'deploy-logs.png'));

  const said = await workbench.statusBarSays('Copied http', () => row.pressMenu('Copy Endpoint'));
  const services = await kubectl(
    'get',
    'services',
    '--namespace',
    namespace,
    '--output=jsonpath={.items[*].metadata.name}',
  );
  const copied = await eventually(
    'the endpoint on the clipboard',
    () => workbench.page.evaluate(() => navigator.clipboard.readText()),
    (text) => text.startsWith('http://'),
  );
  expect(new URL(copied).hostname).toMatch(
    new RegExp(`^(?:${services.split(' ').join('|')})\\.${namespace}\\.svc`, 'u'),
  );
  expect(said).toContain(`Copied ${copied}`);

  const expectAnswers = async (): Promise<void> => {
    await row.pressMenu('Send a Sample Request');
    const answer = workbench.notification('answered through a port-forward');
    expect(await answer.text()).toMatch(/^fastapi answered through a port-forward in \d+ ms: .*POSITIVE.*NEGATIVE/u);
    await workbench.screenshot(join(screenshots, 'deploy-sample.png'));
    await answer.dismiss();
  };
  await expectAnswers();

  // A pod that is replaced has lost the model that was uploaded to it.
  await kubectl('delete', 'pod', '--namespace', namespace, '--selector=app.kubernetes.io/component=fastapi', '--now');
  await tree.pressTitleAction('Refresh');
  await tree.waitForRows(
    'the model to be missing',
    (rows) =>
      rows.includes('fastapi1 deployed, 0 ready') && rows.includes('tiny-sentimentmodel missing, upload again · 1 GPU'),
    readyWithinMs,
  );
  await expect
    .poll(() => row.inlineActions(), { timeout: patienceMs })
    .toEqual(['Upload Model Again', ...actionsOfReady]);
  await workbench.screenshot(join(screenshots, 'deploy-model-missing.png'));
  await row.pressInline('Upload Model Again');
  await quickInput.pick('Tiny sentiment model (built in)');
  await tree.waitForRows(
    'the deployment to be ready again',
    (rows) => rows.includes('fastapi1 deployed, 1 ready') && rows.includes('tiny-sentimentready · 1 GPU'),
    readyWithinMs,
  );
  await expect.poll(() => row.inlineActions(), { timeout: patienceMs }).toEqual(actionsOfReady);
  await expectAnswers();

  await row.pressInline('Delete Deployment');
  expect(await workbench.dialog().text()).toContain(
    `Delete fastapi (tiny-sentiment) from topology-bench-test/${namespace}?`,
  );
  await workbench.dialog().press('Delete');
  await tree.waitForRows(
    'nothing deployed again',
    (rows) => rows.join() === texts.nothingDeployed.join(),
    goneWithinMs,
  );
  // That of the deletion goes as the last of it is gone.
  await expect.poll(() => workbench.notifications(), { timeout: patienceMs }).toEqual([]);
}

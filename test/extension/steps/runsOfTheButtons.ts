/** Runs on this machine by the buttons of trees and panel, and what the lens says of one meanwhile. */
import { expect } from 'vitest';
import type { Drive } from '../harness/drive.ts';
import { samplePaths } from '../harness/sampleWorkspace.ts';
import { texts } from '../harness/texts.ts';
import { patienceMs } from '../harness/waiting.ts';

/** Begins with the result of a run that was started in this window. */
export async function runsOfTheButtons({ workbench }: Drive): Promise<void> {
  const topologies = await workbench.view('Topology Bench', 'Topologies');
  const results = await workbench.view('Topology Bench', 'Results');
  const run = topologies.row(/^Benchmark of sentiment/u);
  // A run that begins has another row than one that is about to, and a button of the row that goes is pressed in vain.
  const untilBegun = (): Promise<string[]> =>
    topologies.waitForRows('the run to have begun', (rows) => rows.some((row) => texts.rowOfBegunRun.test(row)));
  const untilGone = (): Promise<string[]> =>
    topologies.waitForRows('no run any more', (rows) => !rows.some((row) => row.startsWith('Benchmark of')));

  // A topology's own row decides which one; what is left to ask is asked.
  await workbench.openFile(samplePaths.classifier);
  await workbench.waitForCodeLens(texts.startLens);
  const fastapi = topologies.row(/^fastapi/u);
  const offered = ['Benchmark Topology', 'Deploy Topology'];
  await expect.poll(() => fastapi.inlineActions(), { timeout: patienceMs }).toEqual(offered);
  await expect.poll(() => fastapi.menuItems(), { timeout: patienceMs }).toEqual(offered);
  await fastapi.pressInline('Benchmark Topology');
  await workbench.quickInput.pick('This machine');
  await workbench.quickInput.pick('standard');
  expect(await workbench.dialog().text()).toContain('Benchmark sentiment: fastapi?');
  await workbench.dialog().press('Start');

  // The lens of a run under way opens its panel, and so does its row.
  await untilBegun();
  await expect.poll(() => run.inlineActions(), { timeout: patienceMs }).toEqual(['Open Results', 'Cancel Run']);
  await expect.poll(() => run.menuItems(), { timeout: patienceMs }).toEqual(['Open Results', 'Cancel Run']);
  await workbench.runCommand('View: Close All Editors');
  await workbench.openFile(samplePaths.classifier);
  // Only where no panel in sight shows the run, a notification does.
  const progress = workbench.notification(/Benchmark of sentiment/u);
  await progress.locator.waitFor();
  await workbench.openFromCodeLens(texts.liveLens, /^sentiment/u);
  await progress.waitUntilGone();
  await workbench.runCommand('View: Close All Editors');
  await run.pressInline('Open Results');
  const panel = await workbench.panel(/^sentiment/u);
  await run.pressInline('Cancel Run');
  await expect.poll(() => panel.text(), { timeout: patienceMs, interval: 250 }).toMatch(texts.panel.again);
  expect(await panel.text()).toMatch(texts.panel.cancelled);
  await untilGone();

  // The page's own buttons: what the run was started with is known here, so that nothing is asked.
  await panel.frame.getByText(texts.panel.againButton, { exact: true }).click();
  await untilBegun();
  await workbench.runCommand('View: Close All Editors');
  await run.pressInline('Open Results');
  const live = await workbench.panel(/^sentiment/u);
  await live.frame.getByText(texts.panel.cancel, { exact: true }).click();
  await untilGone();

  // And those of a result.
  const result = results.row(/sentiment/u);
  await expect.poll(() => result.inlineActions(), { timeout: patienceMs }).toEqual(['Benchmark Again']);
  await expect
    .poll(async () => (await result.menuItems()).slice(0, 3), { timeout: patienceMs })
    .toEqual(['Open Results', 'Open Record as JSON', 'Benchmark Again']);
  await result.pressInline('Benchmark Again');
  await untilBegun();
  await run.pressMenu('Cancel Run');
  await untilGone();
}

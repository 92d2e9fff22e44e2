/** Lenses: from a model config, a plan file, and the palette, to the last question before a run, and back; and their figures. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { planFileText } from '../../../src/core/planFileText.ts';
import { profileNames } from '../../../src/core/profiles.ts';
import { runRecordSchema } from '../../../src/core/record.ts';
import type { Drive } from '../harness/drive.ts';
import { samplePaths } from '../harness/sampleWorkspace.ts';
import { screenshots } from '../harness/screenshots.ts';
import { texts } from '../harness/texts.ts';
import { eventually, patienceMs } from '../harness/waiting.ts';
import type { Workbench } from '../harness/workbench.ts';

export async function lensAndPaletteToTheConfirmation({ code, workbench, folder }: Drive): Promise<void> {
  await workbench.changeSettings({ 'topologyBench.kubeconfig': join(folder, samplePaths.kubeconfig) });
  const { quickInput } = workbench;
  const version = code.options.version ?? 'newest';
  await workbench.openFile(samplePaths.classifier);
  await workbench.waitForCodeLens(texts.startLens);
  const placeShown = async (): Promise<string> => (await workbench.statusBar()).join('\n');
  await expect.poll(placeShown, { timeout: patienceMs }).toContain('staging/models');
  await workbench.screenshot(join(screenshots, `lens-${version}.png`));
  await workbench.askFromCodeLens(texts.startLens);

  expect(await quickInput.waitForItem('triton')).toEqual(['fastapi', 'triton', 'hybrid']);
  // Where this machine was the last answer, it is not asked which GPU.
  expect(await quickInput.title()).toMatch(/^Benchmark Topology: sentiment \(1\/[34]\)$/u);
  await quickInput.pickMany(['fastapi', 'triton']);

  // This machine stands first once the window knows that the cluster is away, and last before.
  const targets = await quickInput.waitForItem('This machine');
  expect(targets.filter((target) => target !== 'This machine')).toEqual(['staging/models', 'production/default']);
  expect([0, 2]).toContain(targets.indexOf('This machine'));
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

  // Without a model config in view and without a kubeconfig; the model of the last answers comes first.
  await workbench.changeSettings({ 'topologyBench.kubeconfig': join(folder, 'no-such-file') });
  await expect.poll(placeShown, { timeout: patienceMs }).not.toContain('staging/models');
  await workbench.runCommand('View: Close All Editors');
  await workbench.runCommand('Topology Bench: Benchmark Topology');
  expect(await quickInput.waitForItem('Tiny sentiment model (built in)')).toEqual([
    'sentiment',
    'distilbert',
    'Tiny sentiment model (built in)',
  ]);
  await quickInput.pick('Tiny sentiment model (built in)');
  await quickInput.pickMany(['hybrid']);
  expect((await quickInput.waitForItem('This machine')).filter((item) => item.includes('/'))).toEqual([]);
  await quickInput.back();
  expect(await quickInput.waitForItem('fastapi')).toHaveLength(3);
  await quickInput.cancel();
}

export async function lensesOfTheOtherConfigs({ workbench, folder }: Drive): Promise<void> {
  const { quickInput } = workbench;
  // Without lenses there is the menu of the explorer.
  await workbench.changeSettings({ 'editor.codeLens': false });
  await workbench.openFile(samplePaths.huggingFace);
  await (await workbench.explorerRow('config.json')).pressMenu('Benchmark Topology');
  await expect.poll(() => quickInput.title(), { timeout: patienceMs }).toBe('Benchmark Topology: distilbert (1/3)');
  await quickInput.cancel();
  await workbench.changeSettings({ 'editor.codeLens': undefined });

  await workbench.askFromCodeLens(texts.startLens);
  await expect.poll(() => quickInput.title(), { timeout: patienceMs }).toBe('Benchmark Topology: distilbert (1/3)');
  await quickInput.cancel();

  // What the file does not say has a default, so that nothing is asked; what is wrong in it keeps it from running.
  await writeFile(
    join(folder, samplePaths.plan),
    'version: 1\nmodel: ./distilbert\ntarget: local\ntopologies: [triton]\n',
  );
  await workbench.openFile(samplePaths.plan);
  await workbench.confirmFromCodeLens(texts.startLens);
  const question = await workbench.dialog().text();
  expect(question).toContain('Benchmark distilbert: triton?');
  expect(question).toContain(`As ${samplePaths.plan} says.`);
  await workbench.dialog().press('Cancel');
}

/** Begins with the only result, of a run of the classifier that was started in this window. */
export async function figuresInTheLens({ workbench, folder }: Drive): Promise<void> {
  const { page } = workbench;
  await workbench.openFile(samplePaths.classifier);
  await staleAndBack(workbench, 'config.pbtxt', async () => {
    // At the end of "max_batch_size: 16".
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    await page.keyboard.type('0');
  });

  await workbench.runCommand('View: Close All Editors');
  const runs = join(folder, samplePaths.runs);
  const [name = ''] = (await readdir(runs)).filter((file) => file.endsWith('.json'));
  const record = runRecordSchema.parse(JSON.parse(await readFile(join(runs, name), 'utf8')));
  const text = planFileText(record, { path: './model_repository/sentiment', tokenizer: null });
  await writeFile(join(folder, samplePaths.plan), text);
  await workbench.openFile(samplePaths.plan);
  await staleAndBack(workbench, samplePaths.plan, async () => {
    await page.keyboard.press('Control+End');
    await page.keyboard.type('repetitions: 2');
    await page.keyboard.press('Escape');
  });
}

/** The figures above a file open their result, are stale once the file says something else, and no longer when that is undone. */
async function staleAndBack(workbench: Workbench, file: string, change: () => Promise<void>): Promise<void> {
  const figures = async (): Promise<string> =>
    (await workbench.codeLenses()).find((lens) => texts.figuresLens.test(lens)) ?? '';
  const untilStale = (isStale: boolean): Promise<string> =>
    eventually(
      `figures above ${file} that are ${isStale ? '' : 'not '}stale`,
      figures,
      (lens) => texts.figuresLens.test(lens) && lens.includes('stale, ') === isStale,
    );
  await workbench.waitForCodeLens(texts.figuresLens);
  await untilStale(false);
  await workbench.openFromCodeLens(texts.figuresLens, /^sentiment/u);
  const panel = await workbench.panel(/^sentiment/u);
  await eventually(
    'the result',
    () => panel.text(),
    (text) => texts.panel.again.test(text),
  );

  await workbench.focusEditor(file);
  await change();
  await untilStale(true);
  await workbench.screenshot(join(screenshots, `stale-${file}.png`));
  await eventually(
    `the text of ${file} as it was`,
    async () => {
      await workbench.page.keyboard.press('Control+Z');
      return figures();
    },
    (lens) => texts.figuresLens.test(lens) && !lens.includes('stale, '),
  );
}

/** The main job: from the palette to numbers, on the real cluster, with a GPU for each topology. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { nameLoad } from '../../../src/core/phaseLoad.ts';
import { runRecordSchema, type RunRecord } from '../../../src/core/record.ts';
import { lensTitles, tellingRows } from '../../../src/extension/figures.ts';
import type { Drive } from '../harness/drive.ts';
import type { Panel } from '../harness/panel.ts';
import { samplePaths } from '../harness/sampleWorkspace.ts';
import { screenshots } from '../harness/screenshots.ts';
import { switchTheme } from '../harness/switchTheme.ts';
import { texts } from '../harness/texts.ts';
import { useTestCluster } from '../harness/useTestCluster.ts';
import { eventually } from '../harness/waiting.ts';

export async function paletteToNumbers({ workbench, folder }: Drive, namespace: string): Promise<void> {
  await useTestCluster(workbench, namespace);
  const { quickInput } = workbench;
  await workbench.openFile(samplePaths.classifier);
  const topologies = await workbench.view('Topology Bench', 'Topologies');
  await workbench.runCommand('Topology Bench: Benchmark Topology');
  await quickInput.pickMany(['fastapi', 'triton', 'hybrid']);
  await quickInput.pick(`topology-bench-test/${namespace}`);
  await quickInput.waitForItem(/nvidia\.com\/gpu|Tesla-T4/u);
  await quickInput.pick(/nvidia\.com\/gpu|Tesla-T4/u);
  await quickInput.pick('quick');
  expect(await workbench.dialog().text()).toContain('fastapi, triton, hybrid');
  await workbench.screenshot(join(screenshots, 'cluster-confirmation.png'));
  await workbench.dialog().press('Start');

  const panel = await workbench.panel(/sentiment/u);
  // The run's row opens by itself, so that the state of each topology is in sight.
  await topologies.waitForRows('each topology of the run', (rows) => isRunShown(rows), 240_000);
  await waitForText(panel, /Measuring triton at (8|32)/u);
  await workbench.screenshot(join(screenshots, 'cluster-live-dark.png'));
  await waitForText(panel, /Measuring hybrid/u);
  await switchTheme(workbench, panel, 'light');
  await workbench.screenshot(join(screenshots, 'cluster-live-light.png'));

  const record = await waitForRecord(folder);
  expect(record.status).toBe('completed');
  expect(record.sameAnswers.verdict).toBe('agreed');
  await waitForText(panel, texts.panel.again);
  await panel.waitUntilDrawn();
  await eventually(
    'the figures of the record',
    async () => {
      expectFigures(await paintedRows(panel), record);
      return true;
    },
    Boolean,
  );
  expectServerCounts(record);
  expect(record.topologies.find(({ topology }) => topology.name === 'hybrid')?.networkPolicy).toBe('enforced');

  const results = await workbench.view('Topology Bench', 'Results');
  await results.waitForRows('the result', (rows) => rows.some((row) => row.includes('RPS')));
  await workbench.showTab('config.pbtxt');
  await workbench.waitForCodeLens(texts.figuresLens);
  const titles = lensTitles(tellingRows(record), 'not valid');
  await eventually(
    `the lenses ${titles.join(' | ')}`,
    async () => (await workbench.codeLenses()).filter((lens) => lens !== '|'),
    (lenses) => titles.every((title, at) => lenses[at + 1]?.endsWith(title) === true),
  );
  await workbench.screenshot(join(screenshots, 'cluster-finished-light.png'));
  await switchTheme(workbench, panel, 'dark');
  await workbench.screenshot(join(screenshots, 'cluster-finished-dark.png'));
  expect(workbench.policyViolations).toEqual([]);
  expect(workbench.webviewErrors).toEqual([]);

  await results.row(/RPS/u).pressMenu('Delete Result');
  await workbench.dialog().press('Delete');
  await results.waitForRows('no result', (rows) => rows.length === 0);
  await workbench.waitForCodeLens(texts.startLens);
  await eventually(
    'a lens without the figures of the deleted result',
    () => workbench.codeLenses(),
    (lenses) => lenses.length > 0 && !lenses.some((lens) => lens.includes('RPS')),
  );
}

async function waitForText(panel: Panel, text: RegExp, timeout = 240_000): Promise<void> {
  await expect.poll(() => panel.text(), { timeout, interval: 250 }).toMatch(text);
}

/** The run's row is followed by one for each topology, label and description without a space between; the first has figures. */
function isRunShown(rows: readonly string[]): boolean {
  const at = rows.findIndex((row) => row.startsWith('Benchmark of sentiment'));
  const [fastapi = '', triton = '', hybrid = ''] = rows.slice(at + 1);
  return at >= 0 && /^fastapi.* RPS/u.test(fastapi) && triton.startsWith('triton') && hybrid === 'hybridwaits its turn';
}

async function waitForRecord(folder: string): Promise<RunRecord> {
  const runs = join(folder, samplePaths.runs);
  const record = await eventually(
    'a record',
    async () => {
      const [name] = (await readdir(runs)).filter((file) => /^\d.*\.json$/u.test(file));
      return name === undefined
        ? undefined
        : runRecordSchema.parse(JSON.parse(await readFile(join(runs, name), 'utf8')));
    },
    (found) => found !== undefined,
    300_000,
  );
  if (record === undefined) throw new Error('There is no record.');
  return record;
}

/** Every row of the painted table holds the record's own figures, and no measured phase is missing. */
function expectFigures(rows: ReadonlyMap<string, string[]>, record: RunRecord): void {
  for (const { topology, phases } of record.topologies) {
    for (const { measurement, ...phase } of phases) {
      if (phase.kind === 'warm-up') continue;
      const connections = nameLoad(phase).short;
      const cells = rows.get(`${topology.name} at ${connections}`);
      expect(cells, `${topology.name} at ${connections} among ${[...rows.keys()].join(', ')}`).toBeDefined();
      const { p50Ms, p95Ms, p99Ms } = measurement.latency;
      for (const [index, value] of [p50Ms, p95Ms, p99Ms, measurement.rps, measurement.latency.samples].entries()) {
        expectRounded(cells?.[index] ?? '', value);
      }
    }
  }
}

/** "triton at 8" to the cells after the name, p50, p95, p99, RPS, samples and so on; below a figure stands its interval, or another one. */
async function paintedRows(panel: Panel): Promise<Map<string, string[]>> {
  const painted = await panel.frame
    .locator('table.results tr')
    .evaluateAll((all) =>
      all.map((row) => [...row.querySelectorAll<HTMLElement>('th, td')].map((cell) => cell.innerText)),
    );
  const rows = new Map<string, string[]>();
  let connections = '';
  for (const row of painted) {
    const [name = '', ...cells] = row.map((cell) => cell.split('\n')[0]?.trim() ?? '');
    connections = /^(\d+) connections?$/u.exec(name)?.[1] ?? connections;
    if (/^(fastapi|triton|hybrid)$/u.test(name) && cells.length >= 5) rows.set(`${name} at ${connections}`, cells);
  }
  return rows;
}

/** What is shown is the value, rounded to the decimals shown; a share of errors may follow it: "3 (0.1%)". */
function expectRounded(cell: string, value: number | null): void {
  if (value === null) {
    expect(cell).toMatch(/insufficient/u);
    return;
  }
  const [shown = ''] = cell.split(' ');
  const decimals = /\.(\d+)$/u.exec(shown)?.[1]?.length ?? 0;
  expect(shown).toMatch(/^\d/u);
  expect(Math.abs(Number(shown) - value), cell).toBeLessThanOrEqual(0.5 * 10 ** -decimals + 1e-9);
}

/** The servers' own count, summed over workers, lies between what succeeded and what was sent. */
function expectServerCounts(record: RunRecord): void {
  for (const { topology, phases } of record.topologies) {
    expect(phases.length).toBe(record.plan.load.phases.length);
    for (const { name, serverCount, measurement } of phases) {
      const what = `${topology.name} ${name}; warnings: ${record.warnings.join(' ')}`;
      expect(serverCount, `the server's own count of ${what}`).not.toBeNull();
      expect(serverCount, what).toBeGreaterThanOrEqual(measurement.requests.ok);
      expect(serverCount, what).toBeLessThanOrEqual(measurement.requests.sent);
    }
  }
}

/** The main job: from the palette to numbers, on the real cluster, with a GPU for each topology. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runRecordSchema, type RunRecord } from '../../src/core/record.ts';
import { expectSameInventory, inventory } from '../kubernetes/support/inventory.ts';
import { deleteNamespace, makeNamespace } from '../kubernetes/support/namespaces.ts';
import { testCluster } from '../kubernetes/support/testCluster.ts';
import { drive, type Drive } from './harness/drive.ts';
import { ownPackage } from './harness/package.ts';
import { makeSampleWorkspace, samplePaths } from './harness/sampleWorkspace.ts';

const screenshots = join(import.meta.dirname, '..', '..', 'out', 'screenshots');
let namespace = '';

beforeAll(async () => {
  namespace = await makeNamespace('vscode');
});
afterAll(async () => {
  await deleteNamespace(namespace);
});

test('from the palette to the numbers of three topologies on a cluster, which is left as it was', async () => {
  const before = await inventory();
  await drive('cluster', { version: 'newest', vsix: ownPackage(), prepare: makeSampleWorkspace }, async (parts) => {
    const { workbench, folder } = parts;
    await useCluster(parts);
    const { quickInput } = workbench;
    await workbench.openFile(samplePaths.classifier);
    await workbench.view('Topology Bench', 'Topologies');
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
    await expect.poll(() => panel.text(), { timeout: 240_000, interval: 500 }).toMatch(/Measuring triton/u);
    await workbench.screenshot(join(screenshots, 'cluster-live.png'));

    const record = await waitForRecord(folder);
    expect(record.status).toBe('completed');
    expect(record.sameAnswers.verdict).toBe('agreed');
    await expect.poll(() => panel.text(), { timeout: 60_000 }).toMatch(/Benchmark again/u);
    await panel.waitUntilDrawn();
    expectFigures(await panel.text(), record);
    expectServerCounts(record);
    expect(record.topologies.find(({ topology }) => topology.name === 'hybrid')?.networkPolicy).toBe('enforced');

    const results = await workbench.view('Topology Bench', 'Results');
    await results.waitForRows('the result', (rows) => rows.some((row) => row.includes('triton')));
    await workbench.showTab('config.pbtxt');
    await workbench.waitForCodeLens(/RPS/u);
    await workbench.screenshot(join(screenshots, 'cluster-finished.png'));
    expect(workbench.policyViolations).toEqual([]);
  });
  await expectSameInventory(before);
});

test('a cancelled run stops at once, removes what it made, and says so', async () => {
  const before = await inventory();
  await drive(
    'cluster-cancel',
    { version: 'newest', vsix: ownPackage(), prepare: makeSampleWorkspace },
    async (parts) => {
      const { workbench } = parts;
      await useCluster(parts);
      const { quickInput } = workbench;
      await workbench.openFile(samplePaths.classifier);
      await workbench.clickCodeLens('Benchmark Topology');
      await quickInput.pickMany(['fastapi']);
      await quickInput.pick(`topology-bench-test/${namespace}`);
      await quickInput.pick('CPU only');
      await quickInput.pick('standard');
      await workbench.dialog().press('Start');
      const panel = await workbench.panel(/sentiment/u);
      await expect.poll(() => panel.text(), { timeout: 120_000, interval: 500 }).toMatch(/[Ww]arming up|Measuring/u);
      await workbench.runCommand('Topology Bench: Cancel Run');
      await expect.poll(() => panel.text(), { timeout: 60_000, interval: 500 }).toMatch(/[Cc]ancelled/u);
    },
  );
  await expectSameInventory(before);
});

/** The test cluster's images, and its GPUs that compute on the CPU. */
async function useCluster({ code }: Drive): Promise<void> {
  const { kubeconfig, images } = testCluster();
  await code.changeSettings({
    'topologyBench.kubeconfig': kubeconfig,
    'topologyBench.namespace': namespace,
    'topologyBench.images.server': images.servingPrebuilt,
    'topologyBench.images.triton': images.servingPrebuilt,
    'topologyBench.images.loadGenerator': images.node,
    'topologyBench.images.packages': 'prebuilt',
    'topologyBench.images.requirements': 'cpu-numpy1',
    'topologyBench.allowCpuProvider': true,
  });
}

async function waitForRecord(folder: string): Promise<RunRecord> {
  const runs = join(folder, samplePaths.runs);
  const deadline = Date.now() + 300_000;
  for (;;) {
    const [name] = (await readdir(runs).catch((): string[] => [])).filter((file) => /^\d.*\.json$/u.test(file));
    if (name !== undefined) return runRecordSchema.parse(JSON.parse(await readFile(join(runs, name), 'utf8')));
    if (Date.now() > deadline) throw new Error('No record was written.');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Every row of the painted table holds the record's own figures, and no measured phase is missing. */
function expectFigures(text: string, record: RunRecord): void {
  const rows = paintedRows(text);
  for (const { topology, phases } of record.topologies) {
    for (const { kind, connections, measurement } of phases) {
      if (kind === 'warm-up') continue;
      const cells = rows.get(`${topology.name} at ${String(connections)}`);
      expect(cells, `${topology.name} at ${String(connections)} in ${text}`).toBeDefined();
      const { p50Ms, p95Ms, p99Ms } = measurement.latency;
      for (const [index, value] of [p50Ms, p95Ms, p99Ms, measurement.rps, measurement.requests.errors].entries()) {
        expectRounded(cells?.[index] ?? '', value);
      }
    }
  }
}

/** "triton at 8" to the cells after the name: p50, p95, p99, RPS, errors and so on. */
function paintedRows(text: string): Map<string, string[]> {
  const rows = new Map<string, string[]>();
  let connections = '';
  for (const line of text.split('\n')) {
    connections = /^(\d+) connections?$/u.exec(line.trim())?.[1] ?? connections;
    const [name = '', ...cells] = line.split('\t').map((cell) => cell.trim());
    if (/^(fastapi|triton|hybrid)$/u.test(name) && cells.length >= 5) rows.set(`${name} at ${connections}`, cells);
  }
  return rows;
}

/** What is shown is the value, rounded to the decimals shown. */
function expectRounded(shown: string, value: number | null): void {
  if (value === null) {
    expect(shown).toMatch(/insufficient/u);
    return;
  }
  const decimals = /\.(\d+)$/u.exec(shown)?.[1]?.length ?? 0;
  expect(Math.abs(Number(shown) - value)).toBeLessThanOrEqual(0.5 * 10 ** -decimals + 1e-9);
}

/** The servers' own count, summed over workers, lies between what succeeded and what was sent. */
function expectServerCounts(record: RunRecord): void {
  for (const { phases } of record.topologies) {
    expect(phases.length).toBe(record.plan.load.phases.length);
    for (const { serverCount, measurement } of phases) {
      expect(serverCount).toBeGreaterThanOrEqual(measurement.requests.ok);
      expect(serverCount).toBeLessThanOrEqual(measurement.requests.sent);
    }
  }
}

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nameLoad } from '../../../src/core/phaseLoad.ts';
import { parseAllDocuments, stringify } from 'yaml';
import type { ClusterInventory, Leftover } from '../../../src/core/cluster.ts';
import { runRecordSchema } from '../../../src/core/record.ts';
import { cli, signalGroup, startCli, type Started } from '../../unit/cli/bundle.ts';
import { expectSameInventory, inventory } from '../support/inventory.ts';
import { deleteNamespace, makeNamespace } from '../support/namespaces.ts';
import { assets, prebuiltImages } from '../support/plans.ts';
import { kubectl, testCluster } from '../support/testCluster.ts';

/** The command line as it ships, on a real cluster: what it prints, how it ends, and that it leaves nothing. */
describe('topology-bench', () => {
  let namespace: string;
  let folder: string;
  let plan: string;
  let before: string[];

  beforeAll(async () => {
    namespace = await makeNamespace('cli');
    folder = await mkdtemp(join(tmpdir(), 'topology-bench-cli-'));
    plan = join(folder, 'topology-bench.yaml');
    await writeFile(
      plan,
      stringify({
        version: 1,
        model: assets.tinyModelDirectory,
        topologies: ['fastapi'],
        namespace,
        cores: 1,
        memoryMiB: 1024,
        images: prebuiltImages(),
        readyTimeoutSeconds: 120,
      }),
    );
    before = await inventory();
  });
  afterAll(async () => {
    await deleteNamespace(namespace);
    await rm(folder, { recursive: true, force: true });
  });

  /** As somebody who has this cluster in KUBECONFIG. */
  const options = (): { cwd: string; env: Record<string, string> } => ({
    cwd: folder,
    env: { KUBECONFIG: testCluster().kubeconfig },
  });

  async function startUnderLoad(): Promise<Started> {
    const started = startCli(['run', plan], options());
    await started.said('fastapi: warming up');
    await sleep(500);
    return started;
  }

  it('carries out a plan file', async () => {
    const { code, stdout, stderr } = await cli(['run', plan, '--json'], options());
    const record = runRecordSchema.parse(JSON.parse(stdout));
    expect(record).toMatchObject({ status: 'completed', failure: null, environment: { target: 'kubernetes' } });
    const measured = record.topologies.flatMap(({ phases }) => phases.filter(({ kind }) => kind === 'measured'));
    expect(measured.map((phase) => nameLoad(phase).short)).toEqual(['1', '8', '32']);
    for (const { measurement } of measured) expect(measurement.requests.ok).toBeGreaterThan(0);
    // 0 for numbers that hold, 1 for numbers that do not; on a busy machine the load generator may be late.
    expect(code).toBe(measured.every(({ validity }) => validity.valid) ? 0 : 1);
    const path = join(folder, '.topology-bench', 'runs', `${record.id}.json`);
    expect(stderr).toContain(`Record: ${path}\n`);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(record);
    await expectSameInventory(before);
  });

  it('stops at Ctrl-C under load, cleans up, and ends with 130', async () => {
    const started = await startUnderLoad();
    signalGroup(started, 'SIGINT');
    const { code, stdout, stderr } = await started.ended;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toMatch(/^topology-bench: Cancelled /m);
    await expectSameInventory(before);
  });

  it('stops and cleans up when nobody reads its output any more', async () => {
    const started = await startUnderLoad();
    started.child.stdout.destroy();
    started.child.stderr.destroy();
    // The line that ends the first level is the next that it writes.
    expect(await started.ended).toMatchObject({ code: 130 });
    await expectSameInventory(before);
  });

  it('killed under load, is cleaned up after by one clean', async () => {
    const started = await startUnderLoad();
    started.child.kill('SIGKILL');
    expect(await started.ended).toMatchObject({ code: null });
    const here = ['--namespace', namespace];
    const refused = await cli(['clean', ...here], options());
    expect(refused.code).toBe(2);
    expect(refused.stdout).toMatch(/^KIND +ID +NAMESPACE .*\nrun +\S+ +cli-/);
    expect(refused.stderr).toContain('Give --yes to remove them');
    const found = await cli(['clean', ...here, '--json', '--dry-run'], options());
    expect(found.code).toBe(0);
    expect(JSON.parse(found.stdout) as Leftover[]).toMatchObject([{ kind: 'run', namespace, inUse: false }]);
    expect(await cli(['clean', ...here, '--yes'], options())).toMatchObject({ code: 0, stderr: 'Removed 1.\n' });
    await expectSameInventory(before);
    expect(await cli(['clean', ...here, '--yes'], options())).toEqual({
      code: 0,
      stdout: 'Nothing was left behind.\n',
      stderr: '',
    });
  });

  it('lists nodes and GPUs', async () => {
    const json = await cli(['inventory', '--json'], options());
    expect(json).toMatchObject({ code: 0, stderr: '' });
    const found = JSON.parse(json.stdout) as ClusterInventory;
    expect(found.gpuNodes.map(({ name, resource }) => [name, resource])).toContainEqual([
      testCluster().nodeName,
      'nvidia.com/gpu',
    ]);
    const table = await cli(['inventory'], options());
    expect(table.code).toBe(0);
    expect(table.stdout).toMatch(new RegExp(`${testCluster().nodeName} +nvidia\\.com/gpu .* of \\d+ free`));
  });

  it('renders what the cluster would take', async () => {
    const { code, stdout } = await cli(['render', plan], options());
    expect(code).toBe(0);
    expect(parseAllDocuments(stdout).length).toBeGreaterThan(2);
    expect(stdout).toContain(`namespace: ${namespace}`);
    const file = join(folder, 'manifests.yaml');
    await writeFile(file, stdout);
    expect(await kubectl('apply', '--dry-run=server', '--filename', file)).toContain('created (server dry run)');
  });

  it('ends with 1 and names the right that is missing', async () => {
    const kubeconfig = testCluster().users['nobody-user']?.kubeconfig ?? '';
    const { code, stdout, stderr } = await cli(['run', plan, '--kubeconfig', kubeconfig, '--json'], options());
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^topology-bench: .*pods\/exec/m);
    await expectSameInventory(before);
  });

  it('ends with 2 where the kubeconfig is broken, before anything is started', async () => {
    const broken = join(folder, 'broken');
    await writeFile(broken, 'clusters: [}');
    const { code, stdout, stderr } = await cli(['run', plan, '--kubeconfig', broken], options());
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`${broken}:1:12: The kubeconfig is not YAML at line 1, column 12.`);
    await expectSameInventory(before);
  });
});

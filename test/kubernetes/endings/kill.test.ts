import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Leftover } from '../../../src/core/cluster.ts';
import { findLeftovers, removeLeftovers } from '../../../src/kubernetes/index.ts';
import { expectSameInventory, inventory } from '../support/inventory.ts';
import { deleteNamespace, makeNamespace } from '../support/namespaces.ts';
import { moments } from '../support/stages.ts';
import { kubectl, testCluster } from '../support/testCluster.ts';

/** Long enough for the stage to have begun its work, short enough to be in it still. */
const intoTheStageMs = 60;

describe('a run whose process is killed', () => {
  let namespace: string;
  let before: string[];
  const signal = new AbortController().signal;

  beforeAll(async () => {
    namespace = await makeNamespace('kill');
    before = await inventory();
  });
  afterAll(async () => {
    await deleteNamespace(namespace);
  });

  it.each(moments)('at %s (%s) is found and removed by one clean', async (moment, topology) => {
    await killIn(moment, [namespace, topology]);
    const choice = { kubeconfigPath: testCluster().kubeconfig, namespace };
    const leftovers = await findLeftovers(choice, signal);
    // Nobody has to wait for a lease to run out: the holder was on this machine and is dead.
    expect(leftovers.map(describeLeftover)).toEqual(leftovers.map(() => ({ kind: 'run', namespace, inUse: false })));
    if (moment !== 'preflight' && moment !== 'apply' && moment !== 'delete') expect(leftovers).toHaveLength(1);
    const kinds = new Set(leftovers.flatMap(({ objects }) => objects.map(({ kind }) => kind)));
    if (moment === 'wait' || moment === 'probe' || moment === 'answers')
      for (const kind of ['Secret', 'NetworkPolicy', 'Job']) expect(kinds).toContain(kind);
    await removeLeftovers(choice, leftovers, signal);
    expect(await findLeftovers(choice, signal)).toEqual([]);
    await expectSameInventory(before);
  });

  it('is told from one that is still under way', async () => {
    const child = startRun(namespace, 'fastapi');
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) if (line === 'wait') break;
    const choice = { kubeconfigPath: testCluster().kubeconfig, namespace };
    const [leftover] = await findLeftovers(choice, signal);
    expect(leftover).toMatchObject({ kind: 'run', inUse: true });
    child.kill('SIGKILL');
    await once(child, 'close');
    const found = await findLeftovers(choice, signal);
    expect(found[0]?.inUse).toBe(false);
    await removeLeftovers(choice, found, signal);
    await expectSameInventory(before);
  });

  it('goes with its anchor: one delete by anybody collects all', async () => {
    await killIn('wait');
    const anchors = ['configmap', '--namespace', namespace, '--selector', 'app.kubernetes.io/component=anchor'];
    await kubectl('delete', ...anchors);
    await expectSameInventory(before);
  });

  it('leaves a namespace that it made, which goes with the rest', async () => {
    const made = `${namespace}-made`;
    await killIn('upload', [made, 'fastapi', 'make']);
    // Without a namespace the whole cluster is searched.
    const choice = { kubeconfigPath: testCluster().kubeconfig };
    const leftovers = await findLeftovers(choice, signal);
    expect(leftovers).toHaveLength(1);
    expect(leftovers[0]).toMatchObject({ kind: 'run', namespace: made });
    expect(leftovers[0]?.objects.map(({ kind }) => kind)).toContain('Namespace');
    await removeLeftovers(choice, leftovers, signal);
    await expectSameInventory(before);
  });

  it('leaves the namespace alone, where it had just made that', async () => {
    const made = `${namespace}-empty`;
    const child = startRun(made, 'hybrid', 'make');
    const closed = once(child, 'close');
    await kubectl('wait', '--for=create', `namespace/${made}`, '--timeout=240s');
    child.kill('SIGKILL');
    await closed;
    const choice = { kubeconfigPath: testCluster().kubeconfig };
    const leftovers = await findLeftovers(choice, signal);
    expect(leftovers).toMatchObject([{ kind: 'run', namespace: made, inUse: false }]);
    expect(leftovers[0]?.objects.map(({ kind }) => kind)).toContain('Namespace');
    await removeLeftovers(choice, leftovers, signal);
    await expectSameInventory(before);
  });

  it('is ended by the cluster at its deadline, so that it keeps no GPU', async () => {
    await killIn('wait');
    const jobs = ['jobs', '--namespace', namespace, '--output'];
    const limits = await kubectl(
      'get',
      ...jobs,
      'jsonpath={range .items[*]}{.spec.activeDeadlineSeconds} {.spec.ttlSecondsAfterFinished}{end}',
    );
    expect(limits).toMatch(/^\d+ \d+$/u);
    // The deadline may be changed on a Job that runs; waiting for the real one would take half an hour.
    const name = (await kubectl('get', ...jobs, 'name')).trim();
    await kubectl(
      'patch',
      name,
      '--namespace',
      namespace,
      '--type=merge',
      '--patch={"spec":{"activeDeadlineSeconds":1}}',
    );
    await kubectl('wait', name, '--namespace', namespace, '--for=condition=Failed', '--timeout=240s');
    await kubectl('wait', 'pods', '--all', '--namespace', namespace, '--for=delete', '--timeout=240s');
    const choice = { kubeconfigPath: testCluster().kubeconfig, namespace };
    await removeLeftovers(choice, await findLeftovers(choice, signal), signal);
    await expectSameInventory(before);
  });

  async function killIn(stage: string, programArguments: readonly string[] = [namespace, 'fastapi']): Promise<void> {
    const child = startRun(...programArguments);
    const closed = once(child, 'close');
    for await (const line of createInterface({ input: child.stdout })) {
      if (line !== stage) continue;
      await new Promise((resolve) => setTimeout(resolve, intoTheStageMs));
      child.kill('SIGKILL');
      break;
    }
    const [code, killedBy] = (await closed) as [number | null, string | null];
    expect({ stage, code, killedBy }).toEqual({ stage, code: null, killedBy: 'SIGKILL' });
  }
});

function startRun(...programArguments: readonly string[]) {
  const program = join(import.meta.dirname, '..', 'support', 'run-program.ts');
  return spawn(process.execPath, [program, ...programArguments], { stdio: ['ignore', 'pipe', 'inherit'] });
}

function describeLeftover({ kind, namespace, inUse }: Leftover): Pick<Leftover, 'kind' | 'namespace' | 'inUse'> {
  return { kind, namespace, inUse };
}

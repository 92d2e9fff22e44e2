import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newRunId } from '../../src/engine/host.ts';
import { findLeftovers, removeLeftovers } from '../../src/kubernetes/index.ts';
import { renderAnchor } from '../../src/topologies/anchor.ts';
import { anchorName, fieldManager } from '../../src/topologies/labels.ts';
import { expectSameInventory, inventory } from './support/inventory.ts';
import { deleteNamespace, makeNamespace } from './support/namespaces.ts';
import { ProgressLog, testPlan } from './support/plans.ts';
import { testTarget } from './support/runs.ts';
import { userWithClusterRole } from './support/serviceAccount.ts';
import { kubectl, kubectlApply, testCluster } from './support/testCluster.ts';

const never = new AbortController().signal;

describe('what cannot be removed, or must not be', () => {
  let namespace: string;
  let before: string[];

  beforeAll(async () => {
    namespace = await makeNamespace('removal');
    before = await inventory();
  });
  afterAll(async () => {
    await deleteNamespace(namespace);
  });

  it("an object with somebody's finalizer ends the wait, is named with it, and keeps nothing else", async () => {
    const choice = { kubeconfigPath: testCluster().kubeconfig, namespace };
    const plan = await testPlan(['fastapi'], namespace);
    const [stuck, free] = [newRunId(), newRunId()];
    for (const id of [stuck, free]) {
      const anchor = renderAnchor({ kind: 'run', id, namespace, uid: null }, plan, null, {});
      const finalizers = id === stuck ? ['example.org/keep'] : [];
      await kubectlApply(
        JSON.stringify({ ...anchor, metadata: { ...anchor.metadata, finalizers } }),
        '--server-side',
        `--field-manager=${fieldManager}`,
      );
    }
    const said: string[] = [];
    const found = await findLeftovers(choice, never);
    expect(found.map(({ id }) => id).sort()).toEqual([stuck, free].sort());
    const removing = removeLeftovers(choice, found, never, {
      stuckAfterMs: 3_000,
      tellAfterMs: 500,
      waiting: (message) => said.push(message),
    });
    await expect(removing).rejects.toMatchObject({
      reason: 'clean-up-incomplete',
      message: expect.stringMatching(
        new RegExp(
          `ConfigMap ${anchorName(stuck)} \\(kept by the finalizer example\\.org/keep\\).*not gone within 3 s`,
          'u',
        ),
      ) as string,
      nextStep: expect.stringContaining('finalizer') as string,
    });
    expect(said.join()).toContain(anchorName(stuck));
    expect((await findLeftovers(choice, never)).map(({ id }) => id)).toEqual([stuck]);
    const letGo = '{"metadata":{"finalizers":null}}';
    await kubectl('patch', 'configmap', anchorName(stuck), '--namespace', namespace, '--type=merge', '--patch', letGo);
    await expectSameInventory(before);
  });

  it('a namespace whose contents the user may not see stays, and the run says why', async () => {
    const made = `${namespace}-unseen`;
    const rights = await userWithClusterRole('editor');
    const kept = await runThatMakes(made, testCluster().users['editor']?.kubeconfig ?? '').finally(rights.remove);
    expect(kept).toMatch(
      new RegExp(
        `The namespace ${made}, which was made for this, stays: .* may not list .*kubectl delete namespace`,
        'u',
      ),
    );
    // Somebody who may see it removes it.
    const choice = { kubeconfigPath: testCluster().kubeconfig, namespace: made };
    const found = await findLeftovers(choice, never);
    expect(found).toMatchObject([{ kind: 'run', leftBehind: true, objects: [{ kind: 'Namespace', name: made }] }]);
    expect(await removeLeftovers(choice, found, never)).toEqual({ removed: 1, kept: [] });
  });

  it('a namespace in which others live by now stays, and so it does at every clean', async () => {
    const made = `${namespace}-shared`;
    const kept = await runThatMakes(made, testCluster().kubeconfig, async () => {
      await kubectl('create', 'configmap', 'theirs', '--namespace', made);
    });
    expect(kept).toMatch(/stays: theirs \(configmaps\) lives there/u);
    const choice = { kubeconfigPath: testCluster().kubeconfig, namespace: made };
    expect(await removeLeftovers(choice, await findLeftovers(choice, never), never)).toEqual({
      removed: 0,
      kept: [kept],
    });
    await kubectl('delete', 'configmap', 'theirs', '--namespace', made);
    expect(await removeLeftovers(choice, await findLeftovers(choice, never), never)).toEqual({ removed: 1, kept: [] });
    await expectSameInventory(before);
  });

  it('a Deploy that is killed before it is ready counts as left behind', async () => {
    const program = join(import.meta.dirname, 'support', 'deploy-program.ts');
    const child = spawn(process.execPath, [program, namespace], { stdio: ['ignore', 'pipe', 'inherit'] });
    const closed = once(child, 'close');
    const choice = { kubeconfigPath: testCluster().kubeconfig, namespace };
    for await (const line of createInterface({ input: child.stdout })) {
      if (line !== 'upload') continue;
      expect(await findLeftovers(choice, never)).toMatchObject([
        { kind: 'deployment', inUse: true, leftBehind: false },
      ]);
      child.kill('SIGKILL');
      break;
    }
    await closed;
    const found = await findLeftovers(choice, never);
    expect(found).toMatchObject([{ kind: 'deployment', inUse: false, leftBehind: true }]);
    const removing = removeLeftovers(choice, found, never);
    // The loader has half a minute to end, for which nobody needs to wait here.
    await kubectl('wait', '--for=delete', `configmap/${anchorName(found[0]?.id ?? '')}`, '--namespace', namespace);
    await kubectl('delete', 'pods', '--all', '--namespace', namespace, '--grace-period=0', '--force');
    expect(await removing).toEqual({ removed: 1, kept: [] });
    await expectSameInventory(before);
  });

  /** Why the namespace stays of a run that makes it, and ends before it makes anything else. */
  async function runThatMakes(
    name: string,
    kubeconfigPath: string,
    meanwhile: () => Promise<void> = async () => undefined,
  ): Promise<string | undefined> {
    const plan = await testPlan(['fastapi'], name, {
      target: { kind: 'kubernetes', namespace: name, createNamespace: true },
    });
    const target = await testTarget({ kubeconfigPath });
    try {
      await target.preflight(plan, newRunId(), new ProgressLog(), never);
      await meanwhile();
    } catch (error) {
      await target.close(AbortSignal.timeout(240_000));
      throw error;
    }
    return await target.close(AbortSignal.timeout(240_000));
  }
});

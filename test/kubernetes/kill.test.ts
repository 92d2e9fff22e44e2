import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Leftover } from '../../src/core/cluster.ts';
import { findLeftovers, removeLeftovers } from '../../src/kubernetes/index.ts';
import { expectSameInventory, inventory } from './support/inventory.ts';
import { deleteNamespace, makeNamespace } from './support/namespaces.ts';
import { stages } from './support/stages.ts';
import { testCluster } from './support/testCluster.ts';

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

  it.each(stages)('in the stage %s is found and removed by one clean', async (stage) => {
    await killIn(stage);
    const choice = { kubeconfigPath: testCluster().kubeconfig, namespace };
    const leftovers = await findLeftovers(choice, signal);
    // Nobody has to wait for a lease to run out: the holder was on this machine and is dead.
    expect(leftovers.map(describeLeftover)).toEqual(leftovers.map(() => ({ kind: 'run', namespace, inUse: false })));
    if (stage !== 'preflight' && stage !== 'apply' && stage !== 'delete') expect(leftovers).toHaveLength(1);
    await removeLeftovers(choice, leftovers, signal);
    expect(await findLeftovers(choice, signal)).toEqual([]);
    await expectSameInventory(before);
  });

  it('is told from one that is still under way', async () => {
    const child = startRun(namespace);
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

  async function killIn(stage: string): Promise<void> {
    const child = startRun(namespace);
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

function startRun(namespace: string) {
  const program = join(import.meta.dirname, 'support', 'run-program.ts');
  return spawn(process.execPath, [program, namespace], { stdio: ['ignore', 'pipe', 'inherit'] });
}

function describeLeftover({ kind, namespace, inUse }: Leftover): Pick<Leftover, 'kind' | 'namespace' | 'inUse'> {
  return { kind, namespace, inUse };
}

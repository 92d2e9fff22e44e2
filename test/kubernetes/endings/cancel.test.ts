import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isCancelled } from '../../../src/core/errors.ts';
import type { Stage } from '../../../src/core/events.ts';
import { expectSameInventory, inventory } from '../support/inventory.ts';
import { openLink, type Link } from '../support/link.ts';
import { deleteNamespace, makeNamespace } from '../support/namespaces.ts';
import { testPlan } from '../support/plans.ts';
import { runBenchmark } from '../support/runs.ts';
import { stages } from '../support/stages.ts';

describe('a run that is cancelled leaves nothing behind', () => {
  let namespace: string;
  let before: string[];

  beforeAll(async () => {
    namespace = await makeNamespace('cancel');
    before = await inventory();
  });
  afterAll(async () => {
    await deleteNamespace(namespace);
  });

  it.each(stages)('in the stage %s', async (stage) => {
    const { status, msToClean } = await cancelIn(stage);
    // What has been measured by then is a result; only the rest is cancelled.
    expect(status).toBe(stage === 'collect' || stage === 'delete' ? 'completed' : 'cancelled');
    if (stage === 'load') expect(msToClean).toBeLessThan(2_000);
    await expectSameInventory(before);
  });

  it('in the load while the API server hangs, at once', async () => {
    await using link = await openLink();
    const { status, msToClean } = await cancelIn('load', link);
    expect(status).toBe('cancelled');
    expect(msToClean).toBeLessThan(2_000);
    await expectSameInventory(before);
  });

  /**
   * @param link that the run goes through, which hangs from just before the cancel until its clean-up has begun
   * @returns how the run ended, and how long after the cancel its clean-up began
   */
  async function cancelIn(stage: Stage, link?: Link): Promise<{ status: string; msToClean: number }> {
    const controller = new AbortController();
    let cancelledAt = 0;
    let msToClean = Number.NaN;
    const plan = await testPlan(['fastapi'], namespace, {
      phases: [
        { name: 'warm-up', kind: 'warm-up', loop: 'closed', connections: 1, durationSeconds: 1 },
        { name: 'c1', kind: 'measured', loop: 'closed', connections: 1, durationSeconds: stage === 'load' ? 20 : 1 },
      ],
    });
    try {
      const record = await runBenchmark(
        plan,
        (event) => {
          if (event.type !== 'stage') return;
          if (event.stage === stage && cancelledAt === 0) {
            // A little later, so that the stage is really under way.
            const delayMs = stage === 'load' ? 1_000 : 50;
            setTimeout(() => {
              link?.hold();
              cancelledAt = Date.now();
              controller.abort();
            }, delayMs);
          }
          if (event.stage !== 'delete' || cancelledAt === 0) return;
          if (Number.isNaN(msToClean)) msToClean = Date.now() - cancelledAt;
          link?.mend();
        },
        controller.signal,
        link === undefined ? {} : { kubeconfigPath: link.kubeconfigPath },
      );
      return { status: record.status, msToClean };
    } catch (error) {
      expect(isCancelled(error), String(error)).toBe(true);
      return { status: 'cancelled', msToClean };
    }
  }
});

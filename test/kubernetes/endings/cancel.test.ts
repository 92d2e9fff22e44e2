import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isCancelled } from '../../../src/core/errors.ts';
import type { TopologyName } from '../../../src/core/plan.ts';
import { startStopwatch } from '../../support/stopwatch.ts';
import { expectSameInventory, inventory } from '../support/inventory.ts';
import { openLink, type Link } from '../support/link.ts';
import { deleteNamespace, makeNamespace } from '../support/namespaces.ts';
import { testPlan } from '../support/plans.ts';
import { runBenchmark } from '../support/runs.ts';
import { momentOf, moments, type Moment } from '../support/stages.ts';

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

  it.each(moments)('at %s (%s)', async (moment, topology) => {
    const { status, msToClean } = await cancelAt(moment, topology);
    // What has been measured by then is a result; only the rest is cancelled.
    expect(status).toBe(moment === 'collect' || moment === 'delete' ? 'completed' : 'cancelled');
    if (moment === 'load') expect(msToClean).toBeLessThan(1_000);
    await expectSameInventory(before);
  });

  it('in the load while the API server hangs, at once', async () => {
    await using link = await openLink();
    const { status, msToClean } = await cancelAt('load', 'fastapi', link);
    expect(status).toBe('cancelled');
    expect(msToClean).toBeLessThan(1_000);
    await expectSameInventory(before);
  });

  /**
   * @param link that the run goes through, which hangs from just before the cancel until its clean-up has begun
   * @returns how the run ended, and how long after the cancel its clean-up began
   */
  async function cancelAt(
    moment: Moment,
    topology: TopologyName,
    link?: Link,
  ): Promise<{ status: string; msToClean: number }> {
    const controller = new AbortController();
    let isMet = false;
    let sinceCancel: (() => number) | undefined;
    let msToClean = Number.NaN;
    const plan = await testPlan([topology], namespace, {
      cores: topology === 'hybrid' ? 2 : 1,
      phases: [
        { name: 'warm-up', kind: 'warm-up', loop: 'closed', connections: 1, durationSeconds: 1 },
        { name: 'c1', kind: 'measured', loop: 'closed', connections: 1, durationSeconds: moment === 'load' ? 20 : 1 },
      ],
    });
    try {
      const record = await runBenchmark(
        plan,
        (event) => {
          const now = momentOf(event);
          if (now === moment && !isMet) {
            isMet = true;
            // A little later, so that it is really under way.
            const delayMs = moment === 'load' ? 1_000 : 50;
            setTimeout(() => {
              link?.hold();
              sinceCancel = startStopwatch();
              controller.abort();
            }, delayMs);
          }
          if (now !== 'delete' || sinceCancel === undefined) return;
          if (Number.isNaN(msToClean)) msToClean = sinceCancel();
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

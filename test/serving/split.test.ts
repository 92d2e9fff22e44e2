import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inferenceRequestBody } from '../../src/core/openInference.ts';
import type { PhaseMeasurement } from '../../src/core/load.ts';
import type { TopologyName } from '../../src/core/plan.ts';
import type { Deployment } from '../../src/core/ports.ts';
import type { Split } from '../../src/core/record.ts';
import { splitCaveats, splitOf } from '../../src/core/split.ts';
import { loadOnce, never, openBench, plainTexts, removeRunsDirectory, requestsOf, type Bench } from './support.ts';

/** Whether the servers' own times add up with the client's: held to milliseconds, so the machine is these tests' alone. */

let bench: Bench;
let texts: string[];

beforeAll(async () => {
  bench = await openBench();
  texts = await plainTexts(24);
});

afterAll(async () => {
  await bench.target.close(never);
  await removeRunsDirectory();
});

describe.each(['fastapi', 'triton', 'hybrid'] as const)('%s', (name) => {
  let deployment: Deployment;

  beforeAll(async () => {
    deployment = await bench.deploy(name);
  });

  afterAll(async () => {
    await deployment.remove(never);
  });

  test.each([16, 1])("at %i connections the servers' own times fit into the client's", async (connections) => {
    // The one that is in flight at the end is in the servers' means alone: where there are few, all are alike.
    const bodies = connections === 1 ? [inferenceRequestBody(texts.slice(0, 4))] : requestsOf(texts);
    await expectToFit(async () => {
      const { measurement, before, after } = await loadOnce(deployment, connections, bodies);
      const split = splitOf(measurement.latency, before, after);
      if (split === null) throw new Error('there is no split');
      expectAddsUp(name, split, measurement);
      return connections > 1 ? misfits(name, split) : [...misfits(name, split), ...misfitsOfOne(name, split)];
    });
  });
});

/**
 * Measures until nothing is unfit, five times at most: a machine that stands still for one request moves the means, and the
 * servers' alone for the one that is in flight at the end; what never fits is wrong.
 */
async function expectToFit(measure: () => Promise<string[]>): Promise<void> {
  let unfit = await measure();
  for (let again = 1; again < 5 && unfit.length > 0; again += 1) unfit = await measure();
  expect(unfit).toEqual([]);
}

/** What holds whatever the machine does. */
function expectAddsUp(name: TopologyName, split: Split, measurement: PhaseMeasurement): void {
  const { totalMs, clientMs, gatewayMs, queueMs, computeMs, otherMs, gateway } = split;
  expect(totalMs).toBe(measurement.latency.meanMs);
  expect(clientMs + (gatewayMs ?? 0) + queueMs + computeMs + otherMs).toBeCloseTo(totalMs, 6);
  expect(split.requests).toBeGreaterThanOrEqual(measurement.requests.ok);
  expect(split.requests).toBeLessThanOrEqual(measurement.requests.sent);
  for (const part of [queueMs, computeMs, otherMs]) expect(part).toBeGreaterThan(0);
  const said = splitCaveats({ split, measurement }).filter((caveat) => caveat.includes('does not add up'));
  expect(said).toHaveLength(clientMs < -0.005 - totalMs / 1000 ? 1 : 0);
  if (name === 'hybrid') {
    expect(gatewayMs).toBeGreaterThan(0);
    expect(gateway?.deidentifyMs).toBeGreaterThan(0);
    expect(gateway?.ownMs).toBeGreaterThan(gateway?.deidentifyMs ?? Infinity);
    expect(gateway?.toTritonMs).toBeGreaterThan(0);
    expect((gateway?.ownMs ?? 0) + (gateway?.toTritonMs ?? 0)).toBeCloseTo(gatewayMs ?? Infinity, 9);
  } else expect([gatewayMs, gateway]).toEqual([null, null]);
}

/** Which parts are not as they must be of a machine that lets all alike have its time. */
function misfits(name: TopologyName, { totalMs, clientMs }: Split): string[] {
  // Triton's clock runs a little on after its answer, and longer where the client and it share busy cores.
  const least = name === 'triton' ? -totalMs / 20 : 0;
  return clientMs > least ? [] : [`client ${String(clientMs)} of ${String(totalMs)} ms`];
}

/** A request of several texts, alone, is mostly computed: little is the client's, and it waits for nobody. */
function misfitsOfOne(name: TopologyName, { totalMs, clientMs, queueMs, computeMs, otherMs }: Split): string[] {
  const held: Readonly<Record<string, boolean>> = {
    client: clientMs < totalMs / 2,
    other: otherMs < computeMs,
    queue: queueMs < computeMs / 2,
    compute: name !== 'fastapi' || computeMs > (totalMs - clientMs) / 2,
  };
  const parts = JSON.stringify({ totalMs, clientMs, queueMs, computeMs, otherMs });
  return Object.entries(held).flatMap(([part, holds]) => (holds ? [] : [`${part} of ${parts}`]));
}

test.each(['triton', 'hybrid'] as const)(
  '%s: the time for which Triton holds a request, so that others may join it, is time in the queue',
  async (name) => {
    const delayMs = 60;
    const dynamicBatching = { preferredBatchSizes: [], maxQueueDelayMicroseconds: delayMs * 1000 };
    const delayed = await openBench({
      plan: (plan) => ({
        ...plan,
        topologies: plan.topologies
          .filter((topology) => topology.name === name)
          .map((topology) => ({ ...topology, triton: { dynamicBatching, instances: 1 } })),
      }),
    });
    try {
      const deployment = await delayed.deploy(name);
      await expectToFit(async () => {
        const { measurement, before, after } = await loadOnce(deployment, 1, requestsOf(texts));
        const split = splitOf(measurement.latency, before, after);
        expect(split?.totalMs).toBeGreaterThan(delayMs);
        expect(split?.queueMs).toBeGreaterThanOrEqual(delayMs);
        const { queueMs = Infinity, computeMs = Infinity, gatewayMs } = split ?? {};
        const fits = queueMs < delayMs * 1.5 && computeMs < delayMs / 2 && (gatewayMs ?? 0) < delayMs / 2;
        return fits ? [] : [JSON.stringify(split)];
      });
    } finally {
      await delayed.target.close(never);
    }
  },
);

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BenchError } from '../../src/core/errors.ts';
import type { PhaseMeasurement } from '../../src/core/load.ts';
import { inferenceRequestBody } from '../../src/core/openInference.ts';
import type { Answer, Deployment, ServerCounters } from '../../src/core/ports.ts';
import { splitCaveats, splitOf } from '../../src/core/split.ts';
import {
  assets,
  measuredPhase,
  never,
  openBench,
  remainingProcesses,
  removeRunsDirectory,
  type Bench,
} from './support.ts';

/** The three topologies as real processes on this machine, with the tiny model. */

const names = ['fastapi', 'triton', 'hybrid'] as const;
let bench: Bench;
let texts: string[];
const answers = new Map<string, Answer[]>();

beforeAll(async () => {
  bench = await openBench();
  const payload = await assets.payload();
  texts = payload.texts
    .filter((entry) => !entry.identifiers)
    .slice(0, 24)
    .map((entry) => entry.text);
});

afterAll(async () => {
  await bench.target.close(never);
  await removeRunsDirectory();
});

/** One phase of load, with the servers' counters before and after it, as the engine reads them. */
async function load(
  deployment: Deployment,
  connections: number,
  bodies = texts.map((text) => inferenceRequestBody([text])),
): Promise<{ measurement: PhaseMeasurement; before: ServerCounters; after: ServerCounters }> {
  const before = await deployment.counters(never);
  const measurements: PhaseMeasurement[] = [];
  await deployment.load(
    {
      bodies,
      seed: 7,
      timeoutMs: 20_000,
    },
    {
      running: () => undefined,
      nextPhase: async (index) => (index === 0 ? measuredPhase(connections, 3) : null),
      phaseEnded: (_, measurement) => {
        measurements.push(measurement);
        return Promise.resolve();
      },
      snapshot: () => undefined,
      warning: (message) => {
        throw new Error(message);
      },
    },
    never,
  );
  const [measurement] = measurements;
  if (measurement === undefined) throw new Error('the load ended without a measurement');
  // What was in flight at the end is answered a moment later.
  let after = await deployment.counters(never);
  for (let last = -1; last !== after.answered; after = await deployment.counters(never)) {
    last = after.answered;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return { measurement, before, after };
}

describe.each(names)('%s', (name) => {
  let deployment: Deployment;

  beforeAll(async () => {
    deployment = await bench.deploy(name);
  });

  afterAll(async () => {
    await deployment.remove(never);
  });

  test('reports what it runs on', () => {
    const components = deployment.runtimes.map((runtime) => runtime.component);
    expect(components.sort()).toEqual(name === 'hybrid' ? ['gateway', 'triton'] : [name]);
    for (const runtime of deployment.runtimes) {
      expect(runtime.provider).toBe(runtime.component === 'gateway' ? 'none' : 'CPUExecutionProvider');
      expect(runtime.runtimeVersion).toMatch(/^\d+\.\d+/);
    }
    expect(deployment.readyMs).toBeGreaterThan(0);
    expect(deployment.placements).toHaveLength(components.length);
  });

  test('answers each text', async () => {
    const got = await deployment.infer(texts, never);
    answers.set(name, got);
    expect(got).toHaveLength(texts.length);
    for (const answer of got) {
      expect(['NEGATIVE', 'POSITIVE']).toContain(answer.label);
      expect(answer.logits).toHaveLength(2);
      expect(answer.score).toBeGreaterThanOrEqual(0.5);
    }
    expect(new Set(got.map((answer) => answer.label)).size).toBe(2);
  });

  test('its own count lies between what the load got answered and what it sent', async () => {
    const { measurement, before, after } = await load(deployment, 16);
    const counted = after.answered - before.answered;
    expect(measurement.errorsByKind).toEqual({});
    expect(measurement.requests.ok).toBeGreaterThan(20);
    expect(counted).toBeGreaterThanOrEqual(measurement.requests.ok);
    expect(counted).toBeLessThanOrEqual(measurement.requests.sent);
    if (name === 'fastapi') {
      expect(after.triton).toBeNull();
      return;
    }
    // Proof of batching: with 16 connections some requests ran together.
    const inferences = (after.triton?.inferences ?? 0) - (before.triton?.inferences ?? 0);
    const executions = (after.triton?.executions ?? 0) - (before.triton?.executions ?? 0);
    expect(inferences).toBe(counted);
    expect(executions).toBeGreaterThan(0);
    expect(executions).toBeLessThan(inferences);
    expect(after.triton?.computeMicroseconds).toBeGreaterThan(before.triton?.computeMicroseconds ?? 0);
    expect(after.triton?.queueMicroseconds).toBeGreaterThan(before.triton?.queueMicroseconds ?? 0);
  });

  test.each([16, 1])("at %i connections the servers' own times fit into the client's", async (connections) => {
    // The one that is in flight at the end is in the servers' means alone: where there are few, all are alike.
    const alike = connections === 1 ? [inferenceRequestBody(texts.slice(0, 4))] : undefined;
    const { measurement, before, after } = await load(deployment, connections, alike);
    const split = splitOf(measurement.latency, before, after);
    if (split === null) throw new Error('there is no split');
    const { totalMs, clientMs, gatewayMs, queueMs, computeMs, otherMs, gateway } = split;
    expect(totalMs).toBe(measurement.latency.meanMs);
    expect(clientMs + (gatewayMs ?? 0) + queueMs + computeMs + otherMs).toBeCloseTo(totalMs, 6);
    expect(split.requests).toBeGreaterThanOrEqual(measurement.requests.ok);
    expect(split.requests).toBeLessThanOrEqual(measurement.requests.sent);
    for (const part of [queueMs, computeMs, otherMs]) expect(part).toBeGreaterThan(0);
    // Triton's clock runs a little on after its answer, and longer where the client and it share busy cores.
    expect(clientMs).toBeGreaterThan(name === 'triton' ? -totalMs / 20 : 0);
    const said = splitCaveats({ split, measurement }).filter((caveat) => caveat.includes('does not add up'));
    expect(said).toHaveLength(clientMs < -0.005 - totalMs / 1000 ? 1 : 0);
    if (name === 'hybrid') {
      expect(gatewayMs).toBeGreaterThan(0);
      expect(gateway?.deidentifyMs).toBeGreaterThan(0);
      expect(gateway?.ownMs).toBeGreaterThan(gateway?.deidentifyMs ?? Infinity);
      expect(gateway?.toTritonMs).toBeGreaterThan(0);
      expect((gateway?.ownMs ?? 0) + (gateway?.toTritonMs ?? 0)).toBeCloseTo(gatewayMs ?? Infinity, 9);
    } else expect([gatewayMs, gateway]).toEqual([null, null]);
    if (connections > 1) return;
    // A request of several texts, alone, is mostly computed: little is the client's, and it waits for nobody.
    expect(clientMs).toBeLessThan(totalMs / 2);
    expect(otherMs).toBeLessThan(computeMs);
    expect(queueMs).toBeLessThan(computeMs / 2);
    if (name === 'fastapi') expect(computeMs).toBeGreaterThan((totalMs - clientMs) / 2);
  });

  test('a text that is refused is an error with the server in it, and no end of the server', async () => {
    const tooMany = Array.from({ length: bench.plan.model.maxBatchSize + 1 }, () => 'x');
    // One request of many rows goes through the same door as the load.
    const failure = await deployment
      .load(
        { bodies: [inferenceRequestBody(tooMany)], seed: 1, timeoutMs: 5000 },
        {
          running: () => undefined,
          nextPhase: async (index) => (index === 0 ? measuredPhase(1, 0.5) : null),
          phaseEnded: (_, measurement) => {
            expect(measurement.requests.ok).toBe(0);
            expect(Object.keys(measurement.errorsByKind)).toEqual(['HTTP 400']);
            return Promise.resolve();
          },
          snapshot: () => undefined,
          warning: () => undefined,
        },
        never,
      )
      .catch((error: unknown) => error);
    if (failure instanceof Error) throw failure;
    expect(await deployment.infer(['still there'], never)).toHaveLength(1);
  });

  test('a cancelled question says so', async () => {
    const error: unknown = await deployment.infer(texts, AbortSignal.abort()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BenchError);
    expect((error as BenchError).reason).toBe('cancelled');
  });

  test('nothing of it is left after its removal, and removing it again does nothing', async () => {
    await deployment.remove(never);
    expect(await remainingProcesses(0)).toEqual([]);
    await deployment.remove(never);
  });
});

test('all three gave the same answers', () => {
  const reference = answers.get('fastapi') ?? [];
  expect(reference).toHaveLength(texts.length);
  for (const name of names) {
    const got = answers.get(name) ?? [];
    expect(got.map((answer) => answer.label)).toEqual(reference.map((answer) => answer.label));
    for (const [index, answer] of got.entries()) {
      expect(Math.abs(answer.score - (reference[index]?.score ?? 0))).toBeLessThan(1e-5);
      for (const [at, logit] of answer.logits.entries()) {
        expect(Math.abs(logit - (reference[index]?.logits[at] ?? 0))).toBeLessThan(1e-5);
      }
    }
  }
});

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
      const { measurement, before, after } = await load(await delayed.deploy(name), 1);
      const split = splitOf(measurement.latency, before, after);
      expect(split?.totalMs).toBeGreaterThan(delayMs);
      expect(split?.queueMs).toBeGreaterThanOrEqual(delayMs);
      expect(split?.queueMs).toBeLessThan(delayMs * 1.5);
      expect(split?.computeMs).toBeLessThan(delayMs / 2);
      expect(split?.gatewayMs ?? 0).toBeLessThan(delayMs / 2);
    } finally {
      await delayed.target.close(never);
    }
  },
);

test('without dynamic batching every request runs alone', async () => {
  const alone = await openBench({
    plan: (plan) => ({
      ...plan,
      topologies: plan.topologies
        .filter((topology) => topology.name === 'triton')
        .map((topology) => ({ ...topology, variant: 'no-batching', triton: { dynamicBatching: null, instances: 1 } })),
    }),
  });
  try {
    const { before, after } = await load(await alone.deploy('triton'), 16);
    expect((after.triton?.executions ?? 0) - (before.triton?.executions ?? 0)).toBe(
      (after.triton?.inferences ?? 0) - (before.triton?.inferences ?? 0),
    );
  } finally {
    await alone.target.close(never);
  }
  expect(await remainingProcesses(0)).toEqual([]);
});

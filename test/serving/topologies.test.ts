import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BenchError } from '../../src/core/errors.ts';
import { inferenceRequestBody } from '../../src/core/openInference.ts';
import type { Answer, Deployment } from '../../src/core/ports.ts';
import {
  loadOnce,
  measuredPhase,
  never,
  openBench,
  plainTexts,
  remainingProcesses,
  removeRunsDirectory,
  requestsOf,
  type Bench,
} from './support.ts';

/** The three topologies as real processes on this machine, with the tiny model. */

const names = ['fastapi', 'triton', 'hybrid'] as const;
let bench: Bench;
let texts: string[];
const answers = new Map<string, Answer[]>();

beforeAll(async () => {
  bench = await openBench();
  texts = await plainTexts(24);
});

afterAll(async () => {
  await bench.target.close(never);
  await removeRunsDirectory();
});

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
    const { measurement, before, after } = await loadOnce(deployment, 16, requestsOf(texts));
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

  test('a text that is refused is an error with the server in it, and no end of the server', async () => {
    const tooMany = Array.from({ length: bench.plan.model.maxBatchSize + 1 }, () => 'x');
    // One request of many rows goes through the same door as the load.
    const failure = await deployment
      .load(
        { bodies: [inferenceRequestBody(tooMany)], seed: 1, timeoutMs: 20_000 },
        {
          running: () => undefined,
          nextPhase: async (index) => (index === 0 ? measuredPhase(1, 3) : null),
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
    const { before, after } = await loadOnce(await alone.deploy('triton'), 16, requestsOf(texts));
    expect((after.triton?.executions ?? 0) - (before.triton?.executions ?? 0)).toBe(
      (after.triton?.inferences ?? 0) - (before.triton?.inferences ?? 0),
    );
  } finally {
    await alone.target.close(never);
  }
  expect(await remainingProcesses(0)).toEqual([]);
});

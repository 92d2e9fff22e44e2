import { describe, expect, it } from 'vitest';
import type { ServerCounters } from '../../../src/core/ports.ts';
import type { Split } from '../../../src/core/record.ts';
import { splitCaveats, splitOf } from '../../../src/core/split.ts';
import { samplePlan, sampleResult } from '../../support/sampleRecord.ts';

/** Counters that stood elsewhere before the phase, so that only differences can come out right. */
const fastapi = (
  requests: number,
  total: number,
  queue: number,
  tokenize: number,
  compute: number,
): ServerCounters => ({
  answered: requests + 9,
  front: {
    component: 'fastapi',
    requests,
    totalSeconds: total,
    queueSeconds: queue,
    tokenizeSeconds: tokenize,
    computeSeconds: compute,
  },
  triton: null,
});
const tritonOf = (successes: number, request: number, queue: number, compute: number): ServerCounters['triton'] => ({
  inferences: successes * 2,
  executions: successes,
  requests: successes + 50,
  successes,
  requestMicroseconds: request,
  queueMicroseconds: queue,
  computeMicroseconds: compute,
});
const gateway = (requests: number, total: number, deidentify: number, triton: number): ServerCounters['front'] => ({
  component: 'gateway',
  requests,
  totalSeconds: total,
  deidentifySeconds: deidentify,
  tritonSeconds: triton,
});

function sumOf({ clientMs, gatewayMs, queueMs, computeMs, otherMs }: Split): number {
  return clientMs + (gatewayMs ?? 0) + queueMs + computeMs + otherMs;
}

function rounded(split: Split | null): unknown {
  return JSON.parse(
    JSON.stringify(split, (_, value: unknown) => (typeof value === 'number' ? Number(value.toFixed(9)) : value)),
  );
}

describe('the split of a mean latency', () => {
  it('of FastAPI: its waiting, its tokenizing with its computing, and the rest of its own time', () => {
    const split = splitOf({ meanMs: 10 }, fastapi(100, 5, 1, 1, 1), fastapi(300, 6.8, 1.4, 1.1, 2.1));
    expect(rounded(split)).toEqual({
      totalMs: 10,
      clientMs: 1,
      gatewayMs: null,
      queueMs: 2,
      computeMs: 6,
      otherMs: 1,
      gateway: null,
      requests: 200,
    });
  });

  it('of Triton: durations over successes, since Triton adds nothing else to them', () => {
    const split = splitOf(
      { meanMs: 10 },
      { answered: 0, front: null, triton: tritonOf(100, 1_000_000, 500_000, 400_000) },
      { answered: 0, front: null, triton: tritonOf(300, 2_800_000, 1_100_000, 1_500_000) },
    );
    expect(rounded(split)).toEqual({
      totalMs: 10,
      clientMs: 1,
      gatewayMs: null,
      queueMs: 3,
      computeMs: 5.5,
      otherMs: 0.5,
      gateway: null,
      requests: 200,
    });
  });

  it('of the hybrid: what the gateway took beyond the time of Triton itself, and what of that is its own work', () => {
    const split = splitOf(
      { meanMs: 12 },
      { answered: 0, front: gateway(7, 1, 0.1, 0.8), triton: tritonOf(7, 1000, 500, 400) },
      { answered: 0, front: gateway(207, 3.2, 0.2, 2.7), triton: tritonOf(207, 1_601_000, 400_500, 1_100_400) },
    );
    expect(rounded(split)).toEqual({
      totalMs: 12,
      clientMs: 1,
      gatewayMs: 3,
      queueMs: 2,
      computeMs: 5.5,
      otherMs: 0.5,
      gateway: { ownMs: 1.5, deidentifyMs: 0.5, toTritonMs: 1.5 },
      requests: 200,
    });
  });

  it('is not made up where something is missing', () => {
    const none = { answered: 0, front: null, triton: null };
    const counted = fastapi(300, 6.8, 1.4, 1.1, 2.1);
    expect(splitOf({ meanMs: null }, fastapi(0, 0, 0, 0, 0), counted)).toBeNull();
    expect(splitOf({ meanMs: 10 }, none, none)).toBeNull();
    expect(splitOf({ meanMs: 10 }, counted, counted)).toBeNull();
    // A server that counts from zero again has been started anew.
    expect(splitOf({ meanMs: 10 }, counted, fastapi(100, 1, 0.1, 0.1, 0.1))).toBeNull();
    const triton = tritonOf(300, 2_800_000, 1_100_000, 1_500_000);
    expect(splitOf({ meanMs: 10 }, { ...none, triton }, { ...none, triton })).toBeNull();
    expect(
      splitOf(
        { meanMs: 10 },
        { ...none, front: gateway(0, 0, 0, 0), triton: tritonOf(0, 0, 0, 0) },
        { ...counted, triton },
      ),
    ).toBeNull();
  });

  it('adds up to the mean in every sample', () => {
    const plan = samplePlan();
    const phases = plan.topologies.flatMap((topology) => sampleResult(plan, topology).phases);
    expect(phases.length).toBeGreaterThan(3);
    for (const { split, measurement } of phases) {
      expect(split).not.toBeNull();
      if (split !== null) expect(sumOf(split)).toBeCloseTo(measurement.latency.meanMs ?? NaN, 6);
    }
  });
});

describe('what a reader of a split must know', () => {
  const [phase] = sampleResult(samplePlan(), samplePlan().topologies[2] ?? fail()).phases.filter(
    (one) => one.loop === 'closed' && one.connections === 1 && one.kind === 'measured',
  );
  const { split, measurement } = phase ?? fail();
  const whole = split ?? fail();

  it('nothing, where the parts are what they should be', () => {
    expect(splitCaveats({ split: whole, measurement })).toEqual([]);
    expect(splitCaveats({ split: null, measurement })).toEqual([]);
  });

  it('a part below zero, with its figures, and not one within rounding', () => {
    const off = splitCaveats({ split: { ...whole, totalMs: 5.6, clientMs: -0.25, queueMs: -0.001 }, measurement });
    expect(off).toEqual(['the split of the latency does not add up: client -0.250 ms of a mean of 5.600 ms']);
    const inside = { ...whole, totalMs: 5.6, gateway: { ownMs: 2, deidentifyMs: 1, toTritonMs: -0.5 } };
    expect(splitCaveats({ split: inside, measurement })[0]).toContain('the way from the gateway to Triton -0.500 ms');
  });

  it('that the means are of different requests, where that is more than one in twenty', () => {
    const { ok } = measurement.requests;
    const many = Math.ceil(ok / 0.94);
    expect(splitCaveats({ split: { ...whole, requests: Math.floor(ok / 0.96) }, measurement })).toEqual([]);
    expect(splitCaveats({ split: { ...whole, requests: many }, measurement })).toEqual([
      `the split of the latency is rough: the servers' means are of ${String(many)} requests, the client's of ${String(ok)}`,
    ]);
  });
});

function fail(): never {
  throw new Error('The sample has a hybrid and a phase of one connection.');
}

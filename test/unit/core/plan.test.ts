import { describe, expect, it } from 'vitest';
import { BenchError } from '../../../src/core/errors.ts';
import { usualLoadSeconds } from '../../../src/core/loadLength.ts';
import { planSchema, topologyKey } from '../../../src/core/plan.ts';
import { checkPlan, estimateSeconds, makePlan } from '../../../src/core/planning.ts';
import { profileOf } from '../../../src/core/profiles.ts';
import { minimumSamples } from '../../../src/core/statistics.ts';
import { judgeMeasurement } from '../../../src/core/validity.ts';
import { choices } from '../../support/choices.ts';
import { samplePhase } from '../../support/sampleRecord.ts';
import { samplePlan, sampleTopologies } from '../topologies/samplePlan.ts';

describe('makePlan', () => {
  it('shares the same cores out equally and records the split of the hybrid', () => {
    const plan = makePlan({ ...choices, cores: 5 });
    expect(plan.topologies.map((topology) => [topologyKey(topology), topology.cores, topology.split])).toEqual([
      ['fastapi', 5, null],
      ['triton', 5, null],
      ['hybrid', 5, { gatewayCores: 2, tritonCores: 3 }],
    ]);
    expect(plan.topologies.map((topology) => topology.triton?.instances)).toEqual([undefined, 5, 3]);
  });

  it('plans an instance for each core, shared out over the GPUs, since Triton makes its instances on every GPU', () => {
    const gpu = { resource: 'nvidia.com/gpu', nodeSelector: {}, tolerations: [], runtimeClassName: null };
    const instances = (count: number, cores: number): (number | undefined)[] =>
      makePlan({ ...choices, cores, gpu: { ...gpu, count } }).topologies.map((topology) => topology.triton?.instances);
    expect(instances(1, 4)).toEqual([undefined, 4, 2]);
    expect(instances(2, 4)).toEqual([undefined, 2, 1]);
    expect(instances(4, 2)).toEqual([undefined, 1, 1]);
  });

  it('takes batching and instances as they stand in the model config', () => {
    const triton = { dynamicBatching: null, instances: 1 };
    const plan = makePlan({ ...choices, triton });
    expect(plan.topologies.map((topology) => topology.triton)).toEqual([null, triton, triton]);
  });

  it('plans memory for as many copies of the model as there are workers or instances', () => {
    const memory = (change: Partial<typeof choices>): number[] =>
      makePlan({ ...choices, ...change }).topologies.map(({ memoryMiB }) => memoryMiB);
    const files = ['model.onnx', 'tokenizer.json'].map((name) => ({
      name,
      sizeBytes: 128 << 20,
      sha256: 'a'.repeat(64),
    }));
    const model = { ...choices.model, files };
    expect(memory({})).toEqual([2304, 2304, 2304]);
    expect(memory({ model, cores: 16 })).toEqual(Array(3).fill(1792 + 16 * (128 + 3 * 256)));
    // The same for all, so that none has more than the others.
    expect(memory({ model, triton: { dynamicBatching: null, instances: 4 } })).toEqual(
      Array(3).fill(1792 + 4 * (128 + 3 * 256)),
    );
    expect(memory({ model, memoryMiB: 1000 })).toEqual([1000, 1000, 1000]);
  });

  it('loads from inside a cluster, and from this machine without one', () => {
    expect(makePlan(choices).load.vantage).toBe('in-cluster');
    expect(makePlan({ ...choices, target: { kind: 'local' } }).load.vantage).toBe('this-machine');
  });

  it('refuses a hybrid of one core, and says what to do', () => {
    expect(() => makePlan({ ...choices, cores: 1 })).toThrow(/hybrid needs at least 2 cores/);
  });

  it('names every field that is wrong', () => {
    const plan = { ...makePlan(choices), readyTimeoutSeconds: 0, allowCpuProvider: 'yes' };
    const error = thrown(() => checkPlan(plan));
    expect(error.reason).toBe('plan-invalid');
    expect(error.message).toContain('readyTimeoutSeconds');
    expect(error.message).toContain('allowCpuProvider');
  });

  it.each([
    ['a split that does not add up', { split: { gatewayCores: 2, tritonCores: 2 } }, /2 \+ 2 cores/],
    ['a hybrid without a split', { split: null }, /only the hybrid has a split/],
    ['a hybrid without Triton settings', { triton: null }, /need Triton settings/],
  ])('refuses %s', (_name, change, message) => {
    const plan = makePlan(choices);
    const topologies = plan.topologies.map((topology) =>
      topology.name === 'hybrid' ? { ...topology, ...change } : topology,
    );
    expect(() => checkPlan({ ...plan, topologies })).toThrow(message);
  });

  it('refuses a topology listed twice and load from inside a cluster that is not there', () => {
    expect(() => makePlan({ ...choices, topologies: ['triton', 'triton'] })).toThrow(/listed twice/);
    expect(() => makePlan({ ...choices, target: { kind: 'local' }, vantage: 'in-cluster' })).toThrow(/no cluster/);
  });

  it('estimates more time than the load alone', () => {
    const plan = makePlan(choices);
    expect(estimateSeconds(plan)).toBeGreaterThan(3 * usualLoadSeconds(plan.load));
  });
});

describe('profiles', () => {
  it('quick: a warm-up of 5 s, then 5 s at 1, 8 and 32 connections, each after a warm-up of its own', () => {
    const { phases, repetitions } = profileOf('quick');
    expect(phases[0]).toEqual({
      name: 'warm-up',
      kind: 'warm-up',
      loop: 'closed',
      connections: 32,
      durationSeconds: 5,
    });
    const measured = phases.filter(({ kind }) => kind === 'measured');
    expect(measured.map(({ name, durationSeconds }) => [name, durationSeconds])).toEqual([
      ['c1', 5],
      ['c8', 5],
      ['c32', 5],
    ]);
    expect(repetitions).toBe(1);
  });

  it('standard: three turns of each topology', () => {
    const { load } = makePlan({ ...choices, profile: 'standard' });
    expect(load.repetitions).toBe(3);
    expect(makePlan({ ...choices, profile: 'standard', repetitions: 5 }).load.repetitions).toBe(5);
  });

  it("paper: its rows on equal cores, with batching off in one, whatever the model's config says, and the hybrid", () => {
    const triton = { dynamicBatching: { preferredBatchSizes: [8], maxQueueDelayMicroseconds: 100 }, instances: 1 };
    const { topologies, load } = makePlan({ ...choices, triton, topologies: ['fastapi'], profile: 'paper' });
    expect(topologies.map((topology) => [topologyKey(topology), topology.triton?.dynamicBatching ?? null])).toEqual([
      ['fastapi', null],
      ['triton (no-batching)', null],
      ['triton', triton.dynamicBatching],
      ['hybrid', triton.dynamicBatching],
    ]);
    expect(new Set(topologies.map(({ cores }) => cores)).size).toBe(1);
    const measured = load.phases.filter(({ kind }) => kind === 'measured');
    expect(measured.map(({ name, durationSeconds }) => [name, durationSeconds])).toEqual([
      ['c1', 20],
      ['c16', 60],
    ]);
  });

  it('paper: long enough for a server of 7 RPS at 16 connections to be believed', () => {
    const c16 = profileOf('paper').phases.find(({ name }) => name === 'c16');
    if (c16 === undefined) throw new Error('the profile has a level of 16 connections');
    const { measurement } = samplePhase(samplePlan(), sampleTopologies.hybrid, c16, 1);
    const ok = 7 * c16.durationSeconds;
    const requests = { sent: ok + 16, ok, errors: 0, timeouts: 0, inFlight: 16 };
    const { caveats, reasons } = judgeMeasurement({ ...measurement, requests });
    expect(reasons.join()).not.toContain('unanswered at the end');
    expect(caveats.join()).toContain('unanswered at the end');
  });

  it('refuses an open loop with less room in flight than load generators, and reads the record of one', () => {
    const phases = [{ rate: 200, maxInFlight: 3, seconds: 5 }];
    const refused = thrown(() => makePlan({ ...choices, phases, generators: 4 }));
    expect(refused.message).toContain(
      'allows 3 unanswered at a time (maxInFlight), which 4 load generators cannot share',
    );
    expect(refused.nextStep).toContain('Raise maxInFlight to 4');
    const plan = makePlan({ ...choices, phases, generators: 3 });
    expect(planSchema.parse({ ...plan, load: { ...plan.load, generators: 4 } }).load.generators).toBe(4);
    const { search } = makePlan({ ...choices, profile: 'server' }).load;
    const searching = { ...plan, load: { ...plan.load, generators: 2, search: { ...search, maxInFlight: 1 } } };
    expect(thrown(() => checkPlan(searching)).message).toContain('the search for a rate allows 1 unanswered');
  });

  it.each(['local', 'this-machine'])('several load generators need a cluster to run in, not %s', (where) => {
    const wrong = where === 'local' ? { target: { kind: 'local' } as const } : { vantage: 'this-machine' as const };
    expect(thrown(() => makePlan({ ...choices, ...wrong, generators: 3 })).message).toContain('load.generators');
  });
});

describe('minimumSamples', () => {
  it("gives MLPerf's counts", () => {
    expect([0.5, 0.95, 0.99].map((quantile) => minimumSamples(quantile))).toEqual([7, 90, 459]);
  });
});

function thrown(action: () => unknown): BenchError {
  try {
    action();
  } catch (error) {
    if (error instanceof BenchError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

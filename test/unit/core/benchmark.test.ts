import { describe, expect, it } from 'vitest';
import { benchmark } from '../../../src/core/benchmark.ts';
import { BenchError } from '../../../src/core/errors.ts';
import { reduce, startState, type RunEvent, type RunState } from '../../../src/core/events.ts';
import { phaseSeed } from '../../../src/core/phaseSeed.ts';
import { makePlan } from '../../../src/core/planning.ts';
import { serverCountersFrom } from '../../../src/core/prometheus.ts';
import { runRecordSchema, type RunRecord } from '../../../src/core/record.ts';
import { withoutPrivate } from '../../../src/core/withoutPrivate.ts';
import { sha256 } from '../../../src/hashes/sha256.ts';
import { choices } from '../../support/choices.ts';
import { sampleNode, sampleOrigin } from '../../support/origin.ts';
import { ScriptedTarget } from '../../support/scriptedTarget.ts';
import { SettableClock } from '../../support/settableClock.ts';

const runId = '20261122-164310-3f9a';

describe('benchmark', () => {
  it('deploys, compares, loads and removes one topology after the other, then closes', async () => {
    const target = new ScriptedTarget();
    const { record, state } = await go(target);
    expect(target.calls).toEqual([
      'preflight',
      'deploy fastapi', 'infer fastapi', 'load fastapi', 'remove fastapi',
      'deploy triton', 'infer triton', 'load triton', 'remove triton',
      'deploy hybrid', 'infer hybrid', 'infer hybrid', 'load hybrid', 'remove hybrid',
      'close',
    ]); // prettier-ignore
    expect(record?.status).toBe('completed');
    expect(record?.sameAnswers.verdict).toBe('agreed');
    expect(runRecordSchema.parse(record)).toEqual(record);
    expect(state.stage).toBe('ended');
    expect(state.record).toEqual(record);
  });

  it('takes turns where topologies are measured repeatedly: A B C, A B C', async () => {
    const target = new ScriptedTarget();
    const { record, state } = await go(target, { repetitions: 2, topologies: ['fastapi', 'triton'] });
    expect(target.calls).toEqual([
      'preflight',
      'deploy fastapi', 'infer fastapi', 'load fastapi', 'remove fastapi',
      'deploy triton', 'infer triton', 'load triton', 'remove triton',
      'deploy fastapi', 'infer fastapi', 'load fastapi', 'remove fastapi',
      'deploy triton', 'infer triton', 'load triton', 'remove triton',
      'close',
    ]); // prettier-ignore
    expect(record?.topologies.map(({ topology }) => topology.name)).toEqual(['fastapi', 'triton']);
    for (const { phases, runtimes } of record?.topologies ?? []) {
      expect(phases.map(({ repetition }) => repetition)).toEqual([
        ...Array<number>(choicesPhases).fill(1),
        ...Array<number>(choicesPhases).fill(2),
      ]);
      expect(runtimes).toHaveLength(1);
    }
    expect(record?.sameAnswers).toMatchObject({
      verdict: 'agreed',
      detail: expect.stringMatching(/^2 topologies/u) as string,
    });
    expect(state.topologies.map(({ stage }) => stage)).toEqual(['ended', 'ended']);
  });

  it('draws other arrivals and another order of texts for each turn and phase, and the same for all topologies of a turn', async () => {
    const { record } = await go(new ScriptedTarget(), { repetitions: 2, topologies: ['fastapi', 'triton'] });
    const seeds = record?.topologies.map(({ phases }) => phases.map(({ seed }) => seed));
    expect(seeds?.[0]).toEqual(seeds?.[1]);
    expect(new Set(seeds?.[0]).size).toBe(2 * choicesPhases);
    expect(seeds?.[0]?.[0]).toBe(phaseSeed(record?.plan.load.seed ?? 0, 1, 0));
    // The same plan once more draws the same.
    const again = await go(new ScriptedTarget(), { repetitions: 2, topologies: ['fastapi', 'triton'] });
    expect(again.record?.topologies.map(({ phases }) => phases.map(({ seed }) => seed))).toEqual(seeds);
  });

  it('keeps what a topology measured before the turn in which it failed, and gives it no other', async () => {
    let loads = 0;
    class Failing extends ScriptedTarget {
      override async deploy(...parts: Parameters<ScriptedTarget['deploy']>): ReturnType<ScriptedTarget['deploy']> {
        const [, topology] = parts;
        if (topology.name === 'fastapi') loads += 1;
        if (topology.name === 'fastapi' && loads === 2)
          throw new BenchError({ reason: 'pod-failed', message: 'it was evicted' });
        return await super.deploy(...parts);
      }
    }
    const { record } = await go(new Failing(), { repetitions: 3, topologies: ['fastapi', 'triton'] });
    expect(loads).toBe(2);
    const [fastapi, triton] = record?.topologies ?? [];
    expect(fastapi).toMatchObject({ status: 'failed', failure: { reason: 'pod-failed' } });
    expect(fastapi?.phases.map(({ repetition }) => repetition)).toEqual(Array<number>(choicesPhases).fill(1));
    expect(triton?.status).toBe('completed');
    expect(new Set(triton?.phases.map(({ repetition }) => repetition))).toEqual(new Set([1, 2, 3]));
  });

  it('gives each phase the count of the servers themselves, between ok and sent', async () => {
    const { record } = await go(new ScriptedTarget());
    const phases = record?.topologies.flatMap((topology) => topology.phases) ?? [];
    expect(phases).toHaveLength(3 * choicesPhases);
    for (const phase of phases) {
      expect(phase.serverCount).toBeGreaterThanOrEqual(phase.measurement.requests.ok);
      expect(phase.serverCount).toBeLessThanOrEqual(phase.measurement.requests.sent);
    }
    const triton = record?.topologies.find((topology) => topology.topology.name === 'triton');
    expect(triton?.phases.map((phase) => phase.batching?.meanBatchSize)).toEqual(Array(choicesPhases).fill(2));
  });

  it('splits the latency of each phase into what the servers timed and the rest', async () => {
    const { record } = await go(new ScriptedTarget());
    const expected = {
      fastapi: { clientMs: 0.2, gatewayMs: null, queueMs: 0.2, computeMs: 0.6, otherMs: 0.2 },
      triton: { clientMs: 0.5, gatewayMs: null, queueMs: 0.1, computeMs: 0.5, otherMs: 0.1 },
      hybrid: { clientMs: 0.3, gatewayMs: 0.2, queueMs: 0.1, computeMs: 0.5, otherMs: 0.1 },
    };
    for (const { topology, phases } of record?.topologies ?? []) {
      for (const { split } of phases) {
        expect(split).toMatchObject({ totalMs: 1.2, requests: 1004 });
        for (const [part, ms] of Object.entries(expected[topology.name as keyof typeof expected])) {
          const found = split?.[part as keyof typeof expected.fastapi];
          if (ms === null) expect(found).toBeNull();
          else expect(found).toBeCloseTo(ms, 9);
        }
      }
    }
    expect(record?.topologies.flatMap(({ phases }) => phases)).toHaveLength(3 * choicesPhases);
  });

  it('says where the instances of a config do not come out even with the cores', async () => {
    const triton = { dynamicBatching: null, instances: 2 };
    const { record } = await go(new ScriptedTarget(), { cores: 2, triton });
    const uneven = (record?.topologies ?? []).map(({ topology, phases }) => [
      topology.name,
      phases.every(({ validity }) => validity.caveats.some((caveat) => caveat.includes('2 threads on 1 core'))),
    ]);
    expect(uneven).toEqual([
      ['fastapi', false],
      ['triton', false],
      ['hybrid', true],
    ]);
  });

  it('waits for the answers that a slow server still owes when a phase has ended, so that none counts in the next', async () => {
    const target = new ScriptedTarget();
    let readings = 0;
    // A batch that runs for two readings moves no counter meanwhile.
    target.answersPerReading = (owed) => (owed > 0 && (readings += 1) % 3 === 0 ? 400 : 0);
    const { record } = await go(target);
    const phases = record?.topologies.flatMap((topology) => topology.phases) ?? [];
    expect(phases.map((phase) => phase.serverCount)).toEqual(Array(3 * choicesPhases).fill(1004));
    expect(record?.warnings).toEqual([]);
  });

  it('does not take late answers to requests that timed out for those that are still owed', async () => {
    const target = new ScriptedTarget();
    target.timeouts = 8;
    let readings = 0;
    target.answersPerReading = (owed) => (owed > 4 ? owed - 4 : owed > 0 && (readings += 1) % 3 === 0 ? owed : 0);
    const { record } = await go(target);
    const phases = record?.topologies.flatMap((topology) => topology.phases) ?? [];
    expect(phases.map((phase) => phase.serverCount)).toEqual(Array(3 * choicesPhases).fill(1012));
  });

  it('waits no longer than the timeout of a request for answers that never come', async () => {
    const target = new ScriptedTarget();
    target.answersPerReading = (owed) => (owed > 3 ? owed - 3 : 0);
    const { record } = await go(target, { topologies: ['fastapi'] });
    expect(record?.topologies[0]?.phases[0]?.serverCount).toBe(1001);
    expect(record?.warnings).toEqual([]);
  });

  it('leaves out the count of a server that does not come to rest, and says so', async () => {
    const target = new ScriptedTarget();
    let endless = 0;
    target.answersPerReading = () => (endless += 1);
    target.restless = true;
    const { record } = await go(target, { topologies: ['fastapi'] });
    expect(record?.topologies[0]?.phases[0]?.serverCount).toBeNull();
    expect(record?.warnings[0]).toMatch(/fastapi was still answering \d+(\.\d+)? s after a phase ended/u);
    const [first, second] = record?.topologies[0]?.phases ?? [];
    expect(first?.validity.caveats.join('\n')).toContain('rests on the client alone');
    expect(first?.validity.reasons.join('\n')).not.toContain('come to rest');
    // It began while the server was at work on something else.
    expect(second?.validity).toMatchObject({
      valid: false,
      reasons: expect.arrayContaining([expect.stringContaining('not known to have come to rest')]) as string[],
    });
  });

  it('believes the next phase of a server whose counters could not be read once, and owes nothing when they can', async () => {
    const target = new ForgetfulTarget(1);
    const { record } = await go(target, { topologies: ['triton'] });
    const [first, second] = record?.topologies[0]?.phases ?? [];
    expect(first).toMatchObject({ serverCount: null, batching: null });
    expect(second).toMatchObject({ serverCount: 1004, validity: { valid: true } });
    expect(record?.warnings).toEqual([
      expect.stringMatching(/^The counters of triton could not be read: .*the port-forward broke/u),
    ]);
  });

  it('believes no phase of dynamic batching whose batches nobody counted, and says of others what is not known', async () => {
    const unread = async (triton: typeof choices.triton): Promise<RunRecord['topologies'][number]['phases']> => {
      const { record } = await go(new ForgetfulTarget(Infinity), { topologies: ['triton'], triton });
      return record?.topologies[0]?.phases ?? [];
    };
    const dynamicBatching = { preferredBatchSizes: [4], maxQueueDelayMicroseconds: 500 };
    const [batched] = await unread({ dynamicBatching, instances: 1 });
    expect(batched?.validity.reasons).toEqual([expect.stringContaining('whether Triton made batches')]);
    const [plain] = await unread({ dynamicBatching: null, instances: 1 });
    expect(plain?.validity).toMatchObject({
      valid: true,
      caveats: expect.arrayContaining([expect.stringContaining('rests on the client alone')]) as string[],
    });
  });

  it('believes no phase whose Triton counted another model than the one under load', async () => {
    const { record } = await go(new OtherModelsTarget(), { topologies: ['triton', 'hybrid'] });
    for (const { topology, phases } of record?.topologies ?? []) {
      expect(phases.map(({ batching }) => batching?.inferences)).toEqual(Array(choicesPhases).fill(0));
      expect(phases[0]?.validity, topology.name).toMatchObject({
        valid: false,
        reasons: [
          "Triton's counters are not those of this load: it counted 0 inferences, fewer than the 1000 successes",
        ],
      });
    }
  });

  it('waits for a server by a clock that nobody sets: neither without end nor too short', async () => {
    const clock = new SettableClock();
    const restless = new ScriptedTarget();
    let endless = 0;
    restless.answersPerReading = () => {
      clock.set(-10_000);
      return (endless += 1);
    };
    restless.restless = true;
    const back = await go(restless, { topologies: ['fastapi'] }, undefined, undefined, clock);
    expect(back.record?.warnings[0]).toMatch(/fastapi was still answering \d+\.\d s after a phase ended/u);
    const slow = new ScriptedTarget();
    let readings = 0;
    slow.answersPerReading = (owed) => {
      clock.set(3_600_000);
      return owed > 0 && (readings += 1) % 3 === 0 ? 400 : 0;
    };
    const ahead = await go(slow, { topologies: ['fastapi'] }, undefined, undefined, clock);
    expect(ahead.record?.topologies[0]?.phases.map(({ serverCount }) => serverCount)).toEqual(
      Array(choicesPhases).fill(1004),
    );
  });

  it('ends after it began though the clock was set back, and says so in its record', async () => {
    const clock = new SettableClock();
    const { record } = await go(
      new ScriptedTarget(),
      { topologies: ['fastapi'] },
      (event) => {
        if (event.type === 'phase-ended' && event.phase === 0) clock.set(-3_600_000);
      },
      undefined,
      clock,
    );
    if (record === undefined) throw new Error('there is no record');
    expect(Date.parse(record.endedAt)).toBeGreaterThan(Date.parse(record.startedAt));
    expect(record.warnings).toEqual([expect.stringContaining('clock was set back by 3600.0 s')]);
  });

  it('goes on with the others when one topology fails, and keeps the failure', async () => {
    const target = new ScriptedTarget({
      'deploy triton': new BenchError({ reason: 'image-unavailable', message: 'no image' }),
    });
    const { record, saved } = await go(target);
    expect(record?.status).toBe('failed');
    expect(record?.topologies.map((topology) => topology.status)).toEqual(['completed', 'failed', 'completed']);
    expect(record?.failure?.message).toBe('no image');
    expect(saved).toHaveLength(1);
    expect(target.calls.at(-1)).toBe('close');
  });

  it('keeps the phases that ended before a pod died', async () => {
    const target = new ScriptedTarget({
      'load triton': new BenchError({ reason: 'pod-failed', message: 'OOMKilled' }),
    });
    const { record } = await go(target);
    expect(record?.topologies[1]?.phases).toHaveLength(1);
    expect(record?.topologies[1]?.failure?.message).toBe('OOMKilled');
    expect(record?.topologies[1]?.phases[0]?.validity.caveats).toContain('made by a script');
    expect(target.calls).toContain('remove triton');
  });

  it('skips a topology whose tool this machine cannot have, and completes', async () => {
    const missing = new BenchError({ reason: 'tool-missing', message: 'no Triton for this machine' });
    const { record } = await go(new ScriptedTarget({ 'deploy triton': missing, 'deploy hybrid': missing }));
    expect(record?.topologies.map((topology) => topology.status)).toEqual(['completed', 'skipped', 'skipped']);
    expect(record?.status).toBe('completed');
  });

  it('refuses to compare topologies that give other answers, without loading them', async () => {
    const target = new ScriptedTarget();
    target.logitOffsets.set('triton', 0.5);
    const { record } = await go(target);
    expect(record?.sameAnswers.verdict).toBe('differed');
    expect(record?.topologies[1]?.failure?.reason).toBe('answers-differ');
    expect(target.calls).not.toContain('load triton');
  });

  it('refuses a hybrid whose gateway hands identifiers on, without loading it', async () => {
    const target = new ScriptedTarget();
    target.handedOn.add('Note 3.');
    const { record } = await go(target);
    expect(record?.sameAnswers).toEqual({
      verdict: 'differed',
      detail: 'hybrid on texts with identifiers: input 1: logits differ by 0.50',
    });
    expect(record?.topologies.map((topology) => topology.failure?.reason)).toEqual([
      undefined,
      undefined,
      'answers-differ',
    ]);
    expect(target.calls).not.toContain('load hybrid');
  });

  it('refuses a CPU where a GPU was asked for, unless the plan allows it', async () => {
    const gpu = { resource: 'nvidia.com/gpu', count: 1, nodeSelector: {}, tolerations: [], runtimeClassName: null };
    const refused = await go(new ScriptedTarget(), { gpu, topologies: ['fastapi'] });
    expect(refused.failure?.reason).toBe('gpu-unavailable');
    const allowed = await go(new ScriptedTarget(), { gpu, topologies: ['fastapi'], allowCpuProvider: true });
    expect(allowed.record?.status).toBe('completed');
  });

  it('refuses a GPU run whose server does not say what it runs on', async () => {
    const gpu = { resource: 'nvidia.com/gpu', count: 1, nodeSelector: {}, tolerations: [], runtimeClassName: null };
    const target = new ScriptedTarget();
    target.provider = 'unknown';
    expect((await go(target, { gpu, topologies: ['fastapi'] })).failure?.reason).toBe('gpu-unavailable');
    target.provider = 'CUDAExecutionProvider';
    expect((await go(target, { gpu, topologies: ['fastapi'] })).record?.status).toBe('completed');
  });

  it('warns where Triton holds GPUs that none of its instances computes on', async () => {
    const gpu = { resource: 'nvidia.com/gpu', count: 2, nodeSelector: {}, tolerations: [], runtimeClassName: null };
    const target = new ScriptedTarget();
    target.provider = 'CUDAExecutionProvider';
    target.devices = ['cuda:0'];
    const { record } = await go(target, { gpu, topologies: ['triton'], allowCpuProvider: true });
    expect(record?.warnings.join()).toMatch(/triton holds 2 nvidia\.com\/gpu and computes on cuda:0 alone/u);
    target.devices = ['cuda:0', 'cuda:1'];
    expect((await go(target, { gpu, topologies: ['triton'] })).record?.warnings).toEqual([]);
  });

  it('says what to do about a topology that could not be removed', async () => {
    const nextStep = 'Remove it with "topology-bench clean".';
    const stuck = new BenchError({ reason: 'clean-up-incomplete', message: 'The Job x is still there.', nextStep });
    const { record } = await go(new ScriptedTarget({ 'remove triton': stuck }), { topologies: ['triton'] });
    expect(record?.warnings).toEqual([`triton was not removed yet: The Job x is still there. ${nextStep}`]);
  });

  it('compares nothing that ran on different GPUs, and mentions different nodes', async () => {
    const target = new ScriptedTarget();
    target.placements.set('fastapi', { node: 'a', gpuProduct: 'Tesla-T4' });
    target.placements.set('triton', { node: 'b', gpuProduct: 'Tesla-T4' });
    const nodes = await go(target, { topologies: ['fastapi', 'triton'] });
    const caveats = nodes.record?.topologies.flatMap((topology) =>
      topology.phases.map((phase) => phase.validity.caveats),
    );
    expect(caveats?.every((list) => list.includes('the topologies ran on different nodes (a, b)'))).toBe(true);
    target.placements.set('triton', { node: 'b', gpuProduct: 'A100' });
    const gpus = await go(target, { topologies: ['fastapi', 'triton'] });
    expect(
      gpus.record?.topologies.flatMap((topology) => topology.phases.map((phase) => phase.validity.valid)),
    ).not.toContain(true);
  });

  it('keeps addresses and home folders out of the record', async () => {
    const message =
      "pip: cannot reach https://user:pw@index.example.org/simple, see '/home/alice/.cache/x' and /root/log";
    const target = new ScriptedTarget({ 'deploy triton': new BenchError({ reason: 'pod-failed', message }) });
    const { record } = await go(target);
    expect(JSON.stringify(record)).not.toMatch(/index\.example|alice|\/root\//u);
    expect(record?.failure?.message).toBe("pip: cannot reach (address), see '~/.cache/x' and ~/log");
  });

  it.each([
    [
      'dial tcp: lookup registry.corp.example on 10.96.0.10:53: no such host',
      'dial tcp: lookup (address) on (address): no such host',
    ],
    ['dial tcp 10.20.30.40:443: connect: connection refused', 'dial tcp (address): connect: connection refused'],
    ['dial tcp [fd00::1]:443: i/o timeout', 'dial tcp (address): i/o timeout'],
    [
      "HTTPSConnectionPool(host='pypi.corp.example', port=443): Max retries exceeded",
      'HTTPSConnectionPool(host=(address)): Max retries exceeded',
    ],
    ["Failed to resolve 'pypi.corp.example'", 'Failed to resolve (address)'],
    ["'Connection to pypi.corp.example timed out.'", "'Connection to (address) timed out.'"],
    ['getaddrinfo ENOTFOUND api.corp.example', 'getaddrinfo ENOTFOUND (address)'],
    ['no answer from [fd00::1]:443', 'no answer from (address)'],
    ['getaddrinfo EAI_AGAIN kube', 'getaddrinfo EAI_AGAIN (address)'],
    ['connect ECONNREFUSED 10.1.2.3:6443', 'connect ECONNREFUSED (address)'],
    ['connect ECONNREFUSED ::1:6443', 'connect ECONNREFUSED (address)'],
    // What tells the cause stays.
    ['[10:20:30] loading', '[10:20:30] loading'],
    ['ECONNRESET while reading', 'ECONNRESET while reading'],
    [
      '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.',
      '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.',
    ],
    ['onnxruntime 1.31.0 failed to connect to the driver.', 'onnxruntime 1.31.0 failed to connect to the driver.'],
    ['model.onnx: expected 12:30, got 1.2.3', 'model.onnx: expected 12:30, got 1.2.3'],
  ])('blots the servers out of "%s"', (text, expected) => {
    expect(withoutPrivate(text)).toBe(expected);
  });

  it('ends with the reason when preflight fails, makes nothing and saves nothing', async () => {
    const target = new ScriptedTarget({
      preflight: new BenchError({ reason: 'forbidden', message: 'may not create jobs' }),
    });
    const { failure, saved, state } = await go(target);
    expect(failure?.reason).toBe('forbidden');
    expect(target.calls).toEqual(['preflight', 'close']);
    expect(saved).toEqual([]);
    expect(state.failure?.message).toBe('may not create jobs');
  });

  it('says where its plan comes from, and of a cluster only the machines that something ran on', async () => {
    const target = new ScriptedTarget();
    target.placements.set('triton', { node: 'b', gpuProduct: 'Tesla-T4' });
    target.machines = ['a', 'b', 'c'].map((node) => ({ ...sampleNode, node }));
    const { record } = await go(target, { topologies: ['triton'] });
    expect(record?.environment.machines.map(({ node }) => node)).toEqual(['b']);
    const { origin, thisMachine } = sampleOrigin;
    expect(record).toMatchObject({ modelConfig: origin.modelConfig, repeats: null });
    expect(record?.software.servingSha256).toBe(origin.servingSha256);
    const fromHere = await go(target, { topologies: ['triton'], vantage: 'this-machine' });
    expect(fromHere.record?.environment.machines.slice(1)).toEqual([thisMachine]);
  });

  it('keeps what was measured when it is cancelled, cleans up with a signal of its own, and starts nothing more', async () => {
    const target = new ScriptedTarget();
    const { record, saved } = await go(target, {}, (event, cancel) => {
      if (event.type === 'phase-ended' && event.topology === 'triton') cancel();
    });
    expect(record?.status).toBe('cancelled');
    expect(record?.topologies.map((topology) => topology.status)).toEqual(['completed', 'cancelled', 'cancelled']);
    expect(target.calls).not.toContain('deploy hybrid');
    expect(target.calls.slice(-2)).toEqual(['remove triton', 'close']);
    expect(target.cleanUpSignals.every((signal) => !signal.aborted)).toBe(true);
    expect(saved).toHaveLength(1);
  });

  it('has no record of a run that was cancelled before anything was measured', async () => {
    const { record, failure, saved } = await go(new ScriptedTarget(), {}, (event, cancel) => {
      if (event.type === 'stage' && event.stage === 'answers') cancel();
    });
    expect(record).toBeUndefined();
    expect(failure?.reason).toBe('cancelled');
    expect(saved).toEqual([]);
  });

  it('cleans up whatever its listener does, and only then says what went wrong with it', async () => {
    const target = new ScriptedTarget();
    const { failure, saved } = await go(target, { topologies: ['fastapi'] }, (event) => {
      if (event.type === 'stage' && event.stage === 'delete') throw new Error('Channel has been closed');
    });
    expect(target.calls.slice(-2)).toEqual(['remove fastapi', 'close']);
    expect(saved).toHaveLength(1);
    expect(failure).toMatchObject({
      reason: 'internal',
      message: 'Failed while telling how the run goes: Channel has been closed',
    });
  });

  it('loses no measurement to a full disk, and hides no record behind a failed clean-up', async () => {
    const target = new ScriptedTarget({
      close: new BenchError({ reason: 'clean-up-incomplete', message: 'pod x is left' }),
    });
    const { record, events } = await go(
      target,
      {},
      undefined,
      new BenchError({ reason: 'save-failed', message: 'disk full' }),
    );
    expect(record?.status).toBe('completed');
    const order = events.map((event) => event.type).filter((type) => type === 'run-ended' || type === 'run-closed');
    expect(order).toEqual(['run-ended', 'run-closed']);
    const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(warnings).toEqual([expect.stringContaining('disk full'), expect.stringContaining('pod x is left')]);
  });

  it('says what stays on purpose, which is no failure', async () => {
    const target = new ScriptedTarget();
    target.kept = 'The namespace stays.';
    const { events } = await go(target);
    expect(events).toContainEqual({ type: 'warning', message: 'The namespace stays.' });
    expect(events.at(-1)).toEqual({ type: 'run-closed', failure: null });
  });
});

const choicesPhases = 7;

/** Its counters cannot be read for a while once the first phase has ended. */
class ForgetfulTarget extends ScriptedTarget {
  readonly #failures: number;

  constructor(failures: number) {
    super();
    this.#failures = failures;
  }

  override async deploy(...parts: Parameters<ScriptedTarget['deploy']>): ReturnType<ScriptedTarget['deploy']> {
    const deployment = await super.deploy(...parts);
    let readings = 0;
    return {
      ...deployment,
      counters: async (signal) => {
        readings += 1;
        // Two readings that are alike begin the first phase.
        if (readings > 2 && readings <= 2 + this.#failures) throw new Error('the port-forward broke');
        return await deployment.counters(signal);
      },
    };
  }
}

/** Its Triton's metrics are read by a name that its model does not have; requests are counted all the same. */
class OtherModelsTarget extends ScriptedTarget {
  override async deploy(...parts: Parameters<ScriptedTarget['deploy']>): ReturnType<ScriptedTarget['deploy']> {
    const deployment = await super.deploy(...parts);
    return {
      ...deployment,
      async counters(signal) {
        const { answered, front } = await deployment.counters(signal);
        const page = `nv_inference_count{model="loaded",version="1"} ${String(answered)}\n`;
        return { answered, front, triton: serverCountersFrom({ front: null, triton: page }, 'asked').triton };
      },
    };
  }
}

async function go(
  target: ScriptedTarget,
  change: Partial<typeof choices> = {},
  watch?: (event: RunEvent, cancel: () => void) => void,
  saveFails?: BenchError,
  clock = new SettableClock(),
): Promise<{ record?: RunRecord; failure?: BenchError; state: RunState; events: RunEvent[]; saved: RunRecord[] }> {
  const controller = new AbortController();
  const events: RunEvent[] = [];
  const saved: RunRecord[] = [];
  let state: RunState | undefined;
  const ports = {
    target,
    payload: choices.payload,
    runs: {
      async save(record: RunRecord) {
        if (saveFails !== undefined) throw saveFails;
        saved.push(record);
      },
    },
    clock,
    sha256,
    version: '0.0.0-test',
    ...sampleOrigin,
  };
  const emit = (event: RunEvent): void => {
    events.push(event);
    if (state !== undefined) state = reduce(state, event);
    else if (event.type === 'run-started') state = startState(event);
    watch?.(event, () => {
      controller.abort();
    });
  };
  const outcome = await benchmark(makePlan({ ...choices, ...change }), runId, ports, emit, controller.signal).then(
    (record) => ({ record }),
    (error: unknown) => {
      if (error instanceof BenchError) return { failure: error };
      throw error;
    },
  );
  if (state === undefined) throw new Error('the run never started');
  return { ...outcome, state, events, saved };
}

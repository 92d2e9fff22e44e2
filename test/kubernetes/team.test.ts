import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLatencyHistogram, decodeHistogram, encodeHistogram, mergeLatencies } from '../../src/core/histogram.ts';
import type { PhaseMeasurement } from '../../src/core/load.ts';
import { nextPhase, searchOutcome } from '../../src/core/loadProgram.ts';
import type { Phase } from '../../src/core/plan.ts';
import { runRecordSchema } from '../../src/core/record.ts';
import { createWorkerMessageReader } from '../../src/core/workerMessages.ts';
import { expectSameInventory, inventory } from './support/inventory.ts';
import { deleteNamespace, makeNamespace } from './support/namespaces.ts';
import { testPlan } from './support/plans.ts';
import { runBenchmark } from './support/runs.ts';
import { kubectl, testCluster } from './support/testCluster.ts';

const never = new AbortController().signal;
const loadPods = '--selector=app.kubernetes.io/component=load';

const closed = (connections: number, durationSeconds: number): Phase => ({
  name: `c${String(connections)}`,
  kind: 'measured',
  loop: 'closed',
  connections,
  durationSeconds,
});

describe('several load generators', () => {
  let namespace: string;
  let before: string[];

  beforeAll(async () => {
    namespace = await makeNamespace('team');
    before = await inventory();
  });
  afterAll(async () => {
    await deleteNamespace(namespace);
  });

  it('three pods of one Indexed Job load together, and their histograms add up to the one of the record', async () => {
    const open: Phase = {
      name: '60/s',
      kind: 'measured',
      loop: 'open',
      ratePerSecond: 60,
      arrivals: 'poisson',
      maxInFlight: 30,
      durationSeconds: 3,
    };
    const plan = await testPlan(['fastapi'], namespace, {
      generators: 3,
      phases: [{ ...closed(3, 1), name: 'warm-up', kind: 'warm-up' }, closed(1, 2), closed(6, 3), open],
    });
    const logs: Promise<PhaseMeasurement[]>[] = [];
    let watched: Promise<void> | undefined;
    const record = await runBenchmark(
      plan,
      (event) => {
        if (event.type === 'phase-started' && event.phase === 0)
          watched = podNames(namespace).then((names) => {
            for (const name of names) logs.push(measurementsOf(namespace, name));
          });
      },
      never,
    );
    await watched;
    expect(record.failure).toBeNull();
    expect(runRecordSchema.parse(record)).toEqual(record);
    const phases = record.topologies[0]?.phases ?? [];
    expect(phases.map(({ name }) => name)).toEqual(['warm-up', 'c1', 'c6', '60/s']);
    const parts = await Promise.all(logs);
    expect(parts).toHaveLength(3);
    // On a busy machine one may start late, which the record says; each belongs to the phase that began nearest to it.
    const nearest = ({ window }: PhaseMeasurement): string | undefined =>
      phases
        .map(({ name, measurement }) => ({ name, awayMs: Math.abs(window.startMs - measurement.window.startMs) }))
        .sort((a, b) => a.awayMs - b.awayMs)[0]?.name;
    for (const { name, measurement, serverCount } of phases) {
      // The level of one connection is one generator's; the others rest.
      const own = parts.flat().filter((part) => nearest(part) === name);
      expect(own, `${name}: a log that is followed may lose its last lines when its pod is removed`).toHaveLength(
        name === 'c1' ? 1 : 3,
      );
      const sum = createLatencyHistogram();
      for (const part of own) mergeLatencies(sum, decodeHistogram(part.histogram));
      expect(measurement.histogram).toBe(encodeHistogram(sum));
      expect(measurement.requests.ok).toBe(own.reduce((total, part) => total + part.requests.ok, 0));
      expectServerCounted(serverCount, measurement, record.warnings);
      if (name === 'c1') expect(measurement.generator.team).toBeNull();
      else expect(measurement.generator.team).toMatchObject({ generators: 3, lost: 0 });
    }
    const placements = record.topologies[0]?.placements.filter(({ component }) => component === 'load') ?? [];
    expect(placements).toHaveLength(3);
    await expectSameInventory(before);
  });

  it('that lose one of them end with a phase that is not valid, and say so', async () => {
    const plan = await testPlan(['fastapi'], namespace, { generators: 2, phases: [closed(4, 2), closed(4, 8)] });
    let killed: Promise<unknown> | undefined;
    const record = await runBenchmark(
      plan,
      (event) => {
        if (event.type !== 'phase-snapshot' || event.phase !== 1) return;
        killed ??= podNames(namespace).then((names) =>
          kubectl('delete', 'pod', names[1] ?? '', '--namespace', namespace, '--grace-period=0', '--force'),
        );
      },
      never,
    );
    await killed;
    expect(record.failure).toMatchObject({ reason: 'load-failed' });
    const phases = record.topologies[0]?.phases ?? [];
    expect(phases).toHaveLength(2);
    expect(phases[0]?.measurement.generator.team).toMatchObject({ lost: 0 });
    expect(phases[1]?.measurement.generator.team).toMatchObject({ generators: 2, lost: 1 });
    expect(phases[1]?.validity).toMatchObject({ valid: false });
    expect(phases[1]?.validity.reasons.join()).toContain('1 of the 2 load generators did not bring its part');
    await expectSameInventory(before);
  });
});

describe('a load that is decided on the way', () => {
  let namespace: string;
  let before: string[];

  beforeAll(async () => {
    namespace = await makeNamespace('search');
    before = await inventory();
  });
  afterAll(async () => {
    await deleteNamespace(namespace);
  });

  it('searches a rate that keeps p95 under its bound, in the cluster', async () => {
    const plan = await testPlan(['fastapi'], namespace, { phases: [{ ...closed(2, 1), kind: 'warm-up' }] });
    const search = {
      kind: 'slo',
      p95Ms: 2_000,
      arrivals: 'poisson',
      maxInFlight: 64,
      highestRate: 40,
      precision: 0.5,
      mostTrials: 3,
      capacityConnections: 4,
      trialSeconds: 2,
      confirmationSeconds: 3,
      warmUpSeconds: 0.5,
    } as const;
    const searching = { ...plan, load: { ...plan.load, search } };
    const record = await runBenchmark(searching, () => undefined, never);
    expect(record.failure).toBeNull();
    const phases = record.topologies[0]?.phases ?? [];
    expect(nextPhase(searching.load, phases)).toBeNull();
    const [capacity, ...trials] = phases.filter(({ kind }) => kind === 'measured');
    expect(capacity?.name).toBe('capacity');
    expect(trials.length).toBeGreaterThan(0);
    for (const trial of trials) {
      expect(trial).toMatchObject({ loop: 'open', arrivals: 'poisson' });
      expect(trial.measurement.schedule?.scheduled).toBeGreaterThan(0);
    }
    const outcome = searchOutcome(searching.load, phases);
    // On a machine so busy that the generator was late, the search says that it does not know, and no rate.
    if (trials.every(({ validity }) => validity.valid)) expect(outcome?.rate).toBeGreaterThan(0);
    expect(outcome?.rate ?? 0).toBeLessThanOrEqual(40);
    // A confirmation that said nothing is carried out once more, under the name it then has.
    const confirmed = `sustained ${String(outcome?.rate)}/s`;
    if (typeof outcome?.rate === 'number') expect(trials.at(-1)?.name).toBeOneOf([confirmed, `${confirmed} again`]);
    await expectSameInventory(before);
  });

  it('measures topologies in turns, each deployed anew under the same names', async () => {
    const plan = await testPlan(['fastapi', 'triton'], namespace, { repetitions: 2, phases: [closed(4, 3)] });
    const deployed: string[] = [];
    const record = await runBenchmark(
      plan,
      (event) => {
        if (event.type === 'stage' && event.stage === 'apply' && event.topology !== null) deployed.push(event.topology);
      },
      never,
    );
    expect(record.failure).toBeNull();
    expect(deployed).toEqual(['fastapi', 'triton', 'fastapi', 'triton']);
    for (const { phases, combined } of record.topologies) {
      expect(phases.map(({ repetition }) => repetition)).toEqual([1, 2]);
      const ok = phases.reduce((sum, { measurement }) => sum + measurement.requests.ok, 0);
      if (phases.every(({ validity }) => validity.valid)) expect(combined?.[0]?.measurement.requests.ok).toBe(ok);
      for (const { serverCount, measurement } of phases) expectServerCounted(serverCount, measurement, record.warnings);
    }
    await expectSameInventory(before);
  });
});

/** Counters that did not come to rest are no count, and the record's warnings say why. */
function expectServerCounted(
  serverCount: number | null,
  { requests }: PhaseMeasurement,
  warnings: readonly string[],
): void {
  expect(serverCount, warnings.join('\n')).not.toBeNull();
  expect(serverCount).toBeGreaterThanOrEqual(requests.ok);
  expect(serverCount).toBeLessThanOrEqual(requests.sent);
}

async function podNames(namespace: string): Promise<string[]> {
  const names = await kubectl(
    'get',
    'pods',
    '--namespace',
    namespace,
    loadPods,
    '--output=jsonpath={.items[*].metadata.name}',
  );
  return names.split(' ').filter((name) => name !== '');
}

/** What a generator says of its phases, read from its own log until it ends. */
async function measurementsOf(namespace: string, pod: string): Promise<PhaseMeasurement[]> {
  const { kubectl: program, kubeconfig } = testCluster();
  const follow = ['logs', '--follow', pod, '--namespace', namespace, '--kubeconfig', kubeconfig];
  const child = spawn(program, follow, { stdio: ['ignore', 'pipe', 'inherit'] });
  const reader = createWorkerMessageReader();
  const measured: PhaseMeasurement[] = [];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    for (const output of reader.push(chunk))
      if (output.kind === 'message' && output.message.type === 'phase-ended') measured.push(output.message.measurement);
  });
  await once(child, 'close');
  return measured;
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import type { RunRecord, TopologyResult } from '../../src/core/record.ts';
import { runRecordSchema } from '../../src/core/record.ts';
import { splitLimits } from '../../src/core/split.ts';
import { expectSameInventory, inventory } from './support/inventory.ts';
import { deleteNamespace, makeNamespace } from './support/namespaces.ts';
import { testPlan } from './support/plans.ts';
import { expectNothingPrivate } from './support/privacy.ts';
import { runBenchmark } from './support/runs.ts';
import { accountWithRole } from './support/serviceAccount.ts';
import { kubectl, testCluster } from './support/testCluster.ts';

/**
 * One run of all three topologies, in a namespace that enforces Pod Security "restricted", by an account that has the
 * rights of docs/role.yaml and no others, looked at from all sides.
 */
describe('a run of all three topologies', () => {
  let namespace: string;
  let before: string[];
  let record: RunRecord;
  const events: RunEvent[] = [];
  let apiKey = Promise.resolve('');

  beforeAll(async () => {
    namespace = await makeNamespace('run');
    const kubeconfigPath = await accountWithRole(namespace);
    before = await inventory();
    const plan = await testPlan(['fastapi', 'triton', 'hybrid'], namespace, {
      cores: 2,
      // So long a wait gathers what arrives together, whatever else this machine has to do.
      triton: { dynamicBatching: { preferredBatchSizes: [], maxQueueDelayMicroseconds: 10_000 }, instances: 1 },
      phases: [
        { name: 'warm-up', kind: 'warm-up', loop: 'closed', connections: 4, durationSeconds: 1 },
        { name: 'c1', kind: 'measured', loop: 'closed', connections: 1, durationSeconds: 2 },
        { name: 'c8', kind: 'measured', loop: 'closed', connections: 8, durationSeconds: 2 },
      ],
    });
    const { signal } = new AbortController();
    record = await runBenchmark(
      plan,
      (event) => {
        events.push(event);
        // The gateway's key lives as long as its topology does.
        if (event.type === 'stage' && event.topology === 'hybrid' && event.stage === 'answers')
          apiKey = readApiKey(namespace);
      },
      signal,
      { kubeconfigPath },
    );
  });

  afterAll(async () => {
    await deleteNamespace(namespace);
  });

  it('is completed, with a record that keeps its schema', () => {
    expect(record.failure).toBeNull();
    expect(record.status).toBe('completed');
    expect(runRecordSchema.safeParse(record).error).toBeUndefined();
  });

  it('gets the same answers from all three', () => {
    expect(record.sameAnswers.verdict).toBe('agreed');
  });

  it('counts on the server what it counts on the client, in every phase', () => {
    const phases = record.topologies.flatMap((topology) => topology.phases);
    expect(phases).toHaveLength(9);
    for (const { measurement, serverCount } of phases) {
      const { sent, ok, errors, inFlight } = measurement.requests;
      expect(sent).toBe(ok + errors + inFlight);
      expect(errors).toBe(0);
      expect(ok).toBeGreaterThan(0);
      expect(serverCount).toBeGreaterThanOrEqual(ok);
      expect(serverCount).toBeLessThanOrEqual(sent);
    }
  });

  it('shows batching by Triton, and none by FastAPI', () => {
    const batching = (name: string): unknown[] => topology(name).phases.map((phase) => phase.batching);
    expect(batching('fastapi')).toEqual([null, null, null]);
    for (const name of ['triton', 'hybrid']) {
      for (const each of topology(name).phases) {
        expect(each.batching?.inferences).toBe(each.serverCount);
        expect(each.batching?.executions).toBeGreaterThan(0);
      }
      const meanOf = (phase: string): number => {
        const { batching: found } = topology(name).phases.find((each) => each.name === phase) ?? {};
        return found?.meanBatchSize ?? Number.NaN;
      };
      expect(meanOf('c1')).toBe(1);
      expect(meanOf('c8')).toBeGreaterThan(1.5);
    }
  });

  it('tells where the time of each phase went, by the clocks of its own servers', () => {
    for (const name of ['fastapi', 'triton', 'hybrid']) {
      for (const { split, measurement, validity } of topology(name).phases) {
        if (split === null) throw new Error(`no split of ${name}`);
        const { totalMs, clientMs, gatewayMs, queueMs, computeMs, otherMs, gateway } = split;
        expect(totalMs).toBe(measurement.latency.meanMs);
        expect(clientMs + (gatewayMs ?? 0) + queueMs + computeMs + otherMs).toBeCloseTo(totalMs, 6);
        expect(computeMs).toBeGreaterThan(0);
        expect(gateway === null).toBe(name !== 'hybrid');
        // Triton's clock runs on after its answer, and phases this short count what was in flight at their end: a part that
        // comes out below zero is said, and none that does not.
        const rounding = splitLimits.roundingMs + splitLimits.roundingShare * totalMs;
        const parts = [clientMs, gatewayMs ?? 0, queueMs, computeMs, otherMs, gateway?.toTritonMs ?? 0];
        const said = validity.caveats.filter((caveat) => caveat.includes('does not add up'));
        expect(said).toHaveLength(parts.some((part) => part < -rounding) ? 1 : 0);
      }
    }
  });

  it('reports what really runs, where, and from which image', () => {
    const { images, nodeName } = testCluster();
    for (const { placements } of record.topologies) {
      for (const placement of placements) {
        expect(placement.node).toBe(nodeName);
        expect(placement.image).toBe(placement.component === 'load' ? images.node : images.servingPrebuilt);
        expect(placement.imageDigest).toMatch(/^sha256:/u);
      }
    }
    const components = record.topologies.map(({ runtimes, placements }) => ({
      runtimes: runtimes.map(({ component, provider }) => `${component} ${provider}`),
      placements: placements.map(({ component }) => component),
    }));
    expect(components).toEqual([
      { runtimes: ['fastapi CPUExecutionProvider'], placements: ['fastapi', 'load'] },
      { runtimes: ['triton CPUExecutionProvider'], placements: ['triton', 'load'] },
      { runtimes: ['gateway none', 'triton CPUExecutionProvider'], placements: ['gateway', 'triton', 'load'] },
    ]);
    expect(topology('triton').runtimes[0]?.serverVersion).toMatch(/^2\.\d+/u);
  });

  it('finds that only the gateway reaches the Triton of the hybrid', () => {
    expect(record.topologies.map(({ networkPolicy }) => networkPolicy)).toEqual([
      'not applicable',
      'not applicable',
      'enforced',
    ]);
  });

  it('says that the load generator shared the node', () => {
    const caveats = record.topologies.flatMap(({ phases }) => phases.flatMap(({ validity }) => validity.caveats));
    expect(caveats).toContain("the load generator shared the server's node");
  });

  it('goes through its stages, says what it waits for and how far the upload is', () => {
    const stages = events.flatMap((event) =>
      event.type === 'stage' && event.topology === 'fastapi' ? [event.stage] : [],
    );
    expect([...new Set(stages)]).toEqual([
      'apply',
      'upload',
      'wait',
      'answers',
      'warm-up',
      'load',
      'collect',
      'delete',
    ]);
    const uploads = events.flatMap((event) => (event.type === 'upload' && event.topology === 'triton' ? [event] : []));
    expect(uploads.at(-1)?.sentBytes).toBe(uploads.at(-1)?.totalBytes);
    expect(uploads.length).toBeGreaterThan(1);
    expect(events.some((event) => event.type === 'status' && event.message !== '')).toBe(true);
    expect(events.filter((event) => event.type === 'phase-snapshot').length).toBeGreaterThanOrEqual(3);
  });

  it('leaves the cluster as it was', async () => {
    await expectSameInventory(before);
  });

  it('keeps addresses, context, user and the key that the gateway had out of the record', async () => {
    const key = await apiKey;
    expect(key).toMatch(/^[0-9a-f]{48}$/u);
    await expectNothingPrivate(record, [key, Buffer.from(key).toString('base64')]);
    expect(JSON.stringify(events)).not.toContain(key);
  });

  function topology(name: string): TopologyResult {
    const found = record.topologies.find((result) => result.topology.name === name);
    if (found === undefined) throw new Error(`no result of ${name}`);
    return found;
  }
});

describe('other ways to run', () => {
  let namespace: string;
  beforeAll(async () => {
    namespace = await makeNamespace('ways');
  });
  afterAll(async () => {
    await deleteNamespace(namespace);
  });

  it('installs hashed packages by an init container of the server image', async () => {
    const { images } = testCluster();
    const plan = await testPlan(['fastapi'], namespace, {
      images: {
        server: images.servingBare,
        triton: images.servingBare,
        loadGenerator: images.node,
        packages: 'install',
        requirements: 'cpu-numpy1',
      },
      readyTimeoutSeconds: 240,
    });
    const statuses: string[] = [];
    const record = await runBenchmark(
      plan,
      (event) => {
        if (event.type === 'status') statuses.push(event.message);
      },
      new AbortController().signal,
    );
    expect(record.failure).toBeNull();
    expect(record.status).toBe('completed');
    expect(statuses.some((message) => message.includes('installing packages'))).toBe(true);
  });

  it('shows that nothing is batched where dynamic batching is off', async () => {
    const plan = await testPlan(['triton'], namespace, {
      triton: { dynamicBatching: null, instances: 1 },
      phases: [{ name: 'c8', kind: 'measured', loop: 'closed', connections: 8, durationSeconds: 2 }],
    });
    const record = await runBenchmark(plan, () => undefined, new AbortController().signal);
    expect(record.failure).toBeNull();
    const [phase] = record.topologies[0]?.phases ?? [];
    expect(phase?.batching?.inferences).toBeGreaterThan(0);
    expect(phase?.batching?.meanBatchSize).toBe(1);
  });

  it('loads from this machine through a port-forward, and says that this is smoke only', async () => {
    const plan = await testPlan(['triton'], namespace, { vantage: 'this-machine' });
    const record = await runBenchmark(plan, () => undefined, new AbortController().signal);
    expect(record.failure).toBeNull();
    const [phase] = record.topologies[0]?.phases.slice(-1) ?? [];
    expect(phase?.measurement.requests.ok).toBeGreaterThan(0);
    expect(phase?.validity.caveats.join()).toMatch(/smoke only/u);
  });

  it('makes a namespace that the plan allows to be made, and takes it away again', async () => {
    const before = await inventory();
    const name = `${namespace}-made`;
    const plan = await testPlan(['fastapi'], name, {
      target: { kind: 'kubernetes', namespace: name, createNamespace: true },
    });
    const record = await runBenchmark(plan, () => undefined, new AbortController().signal);
    expect(record.failure).toBeNull();
    await expectSameInventory(before);
  });
});

async function readApiKey(namespace: string): Promise<string> {
  const component = '--selector=app.kubernetes.io/component=gateway';
  const path = '--output=jsonpath={.items[0].data.api-key}';
  return Buffer.from(await kubectl('get', 'secrets', '--namespace', namespace, component, path), 'base64').toString();
}

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readFile, writeFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import { BenchError } from '../../src/core/errors.ts';
import type { GpuPlan, Plan } from '../../src/core/plan.ts';
import type { Target } from '../../src/core/ports.ts';
import { newRunId } from '../../src/engine/host.ts';
import { findLeftovers, readInventory, type KubernetesTargetOptions } from '../../src/kubernetes/index.ts';
import { leaseAnnotations } from '../../src/topologies/anchor.ts';
import { expectSameInventory, inventory } from './support/inventory.ts';
import { makeLargeModel } from './support/largeModel.ts';
import { deleteNamespace, makeNamespace } from './support/namespaces.ts';
import { ProgressLog, testPlan } from './support/plans.ts';
import { runBenchmark, testTarget } from './support/runs.ts';
import { kubectl, kubectlApply, testCluster } from './support/testCluster.ts';

const gpu: GpuPlan = {
  resource: 'nvidia.com/gpu',
  count: 1,
  nodeSelector: {},
  tolerations: [],
  runtimeClassName: 'nvidia',
};
const never = new AbortController().signal;

describe('what the cluster refuses is said in its own words', () => {
  let namespace: string;
  let before: string[];
  let target: Target | undefined;
  let progress: ProgressLog;

  beforeAll(async () => {
    namespace = await makeNamespace('refusals');
    before = await inventory();
  });
  beforeEach(() => {
    target = undefined;
    progress = new ProgressLog();
  });
  afterEach(async () => {
    await target?.close(AbortSignal.timeout(240_000));
    await kubectl('delete', 'pods,resourcequotas,rolebindings', '--all', '--namespace', namespace, '--wait=true');
    await expectSameInventory(before);
  });
  afterAll(async () => {
    await deleteNamespace(namespace);
  });

  describe('rights', () => {
    it('names every right that a user who may only look is missing, and not the user', async () => {
      await kubectl('create', 'rolebinding', 'viewer', '--clusterrole=view', '--user=viewer', '--namespace', namespace);
      const plan = await testPlan(['hybrid'], namespace, { cores: 2 });
      const error = await refusedBy(plan, { kubeconfigPath: testCluster().users['viewer']?.kubeconfig ?? '' });
      expect(error.reason).toBe('forbidden');
      for (const missing of [
        'get, create pods/exec',
        'get, create pods/portforward',
        'create, patch, delete configmaps',
        'create, patch, delete services',
        'create, patch, delete jobs in the API group batch',
        'create, patch, delete secrets',
        'create, patch, delete networkpolicies in the API group networking.k8s.io',
      ]) {
        expect(error.message).toContain(missing);
      }
      expect(error.message).not.toMatch(/pods: |list pods|viewer/u);
    });

    it('names the rights to make and to delete a namespace that the plan lets it make', async () => {
      const name = `${namespace}-made`;
      const plan = await testPlan(['fastapi'], name, {
        target: { kind: 'kubernetes', namespace: name, createNamespace: true },
      });
      // Nothing but to see that the namespace is not there yet.
      await kubectl('create', 'clusterrole', name, '--verb=get', '--resource=namespaces');
      await kubectl('create', 'clusterrolebinding', name, `--clusterrole=${name}`, '--user=viewer');
      try {
        const error = await refusedBy(plan, { kubeconfigPath: testCluster().users['viewer']?.kubeconfig ?? '' });
        expect(error.reason).toBe('forbidden');
        expect(error.message).toMatch(/: create, patch, delete namespaces; get, list, watch pods;/u);
      } finally {
        await kubectl('delete', `clusterrole/${name}`, `clusterrolebinding/${name}`);
      }
    });

    it('lets a user with rights in one namespace alone run there, and says what could not be seen', async () => {
      await kubectl('create', 'rolebinding', 'editor', '--clusterrole=edit', '--user=editor', '--namespace', namespace);
      const kubeconfigPath = testCluster().users['editor']?.kubeconfig ?? '';
      const plan = await testPlan(['fastapi'], namespace, { gpu });
      const record = await runBenchmark(plan, () => undefined, never, { kubeconfigPath });
      expect(record.failure).toBeNull();
      expect(record.status).toBe('completed');
      expect(record.environment.cluster).toBeNull();
      expect(record.warnings.join()).toMatch(/may not list nodes/u);
      const seen = await readInventory({ kubeconfigPath, namespace }, never);
      expect(seen.notes.join()).toMatch(/may not list nodes/u);
    });

    it('tells credentials that are not accepted from rights that are missing', async () => {
      const error = await refusedBy(await testPlan(['fastapi'], namespace), {
        kubeconfigPath: await withToken('wrong'),
      });
      expect(error.reason).toBe('unauthenticated');
      expect(error.message).not.toContain('wrong');
    });
  });

  it('a namespace that does not exist', async () => {
    const error = await refusedBy(await testPlan(['fastapi'], `${namespace}-none`));
    expect(error).toMatchObject({ reason: 'namespace-missing' });
  });

  describe('a namespace that the plan lets it make', () => {
    let name: string;
    let made: Plan;
    beforeEach(async () => {
      name = `${namespace}-made`;
      made = await testPlan(['fastapi'], name, {
        target: { kind: 'kubernetes', namespace: name, createNamespace: true },
      });
    });

    it('is seen to be in use before anything else of its run is there, and not when that has died', async () => {
      target = await testTarget();
      const runId = newRunId();
      await target.preflight(made, runId, progress, never);
      const choice = { kubeconfigPath: testCluster().kubeconfig, namespace: name };
      const found = await findLeftovers(choice, never);
      expect(found).toMatchObject([{ id: runId, namespace: name, objects: [{ kind: 'Namespace' }], inUse: true }]);
      // As it is when its process is gone and nobody renews it.
      await kubectl('annotate', 'namespace', name, '--overwrite', `${leaseAnnotations.renewedAt}=2020-01-01T00:00:00Z`);
      expect((await findLeftovers(choice, never))[0]?.inUse).toBe(false);
    });

    it('that an API out of order keeps from going is said to be left, with how to remove it', async () => {
      const group = 'out-of-order.example.org';
      await kubectlApply(
        JSON.stringify({
          apiVersion: 'apiregistration.k8s.io/v1',
          kind: 'APIService',
          metadata: { name: `v1.${group}` },
          spec: {
            group,
            version: 'v1',
            groupPriorityMinimum: 100,
            versionPriority: 100,
            insecureSkipTLSVerify: true,
            service: { namespace, name: 'nothing' },
          },
        }),
      );
      try {
        target = await testTarget();
        await target.preflight(made, newRunId(), progress, never);
        const error = await errorOf(target.close(AbortSignal.timeout(90_000)));
        expect(error.reason).toBe('clean-up-incomplete');
        expect(error.message).toContain(name);
        expect(error.message).toContain(group);
        expect(error.nextStep).toContain(`kubectl delete namespace ${name}`);
      } finally {
        await kubectl('delete', 'apiservice', `v1.${group}`);
      }
      await kubectl('wait', '--for=delete', `namespace/${name}`, '--timeout=240s');
    });
  });

  it('a quota', async () => {
    await kubectl('create', 'quota', 'small', '--hard=requests.cpu=500m', '--namespace', namespace);
    await kubectl('wait', '--for=jsonpath={.status.hard}', 'quota/small', '--namespace', namespace, '--timeout=240s');
    const error = await refusedBy(await testPlan(['fastapi'], namespace));
    expect(error.reason).toBe('rejected-by-cluster');
    expect(error.message).toMatch(/exceeded quota: small, requested: requests.cpu=1, .*limited: requests.cpu=500m/u);
  });

  it('more cores than any node has', async () => {
    const error = await refusedBy(await testPlan(['fastapi'], namespace, { cores: 200 }));
    expect(error.reason).toBe('rejected-by-cluster');
    expect(error.message).toMatch(/asks for 200 cpu/u);
  });

  it('nodes that none of its pods may go to', async () => {
    const { nodeName } = testCluster();
    await kubectl('taint', 'node', nodeName, 'sku=gpu:NoSchedule');
    try {
      const error = await deployFails(await testPlan(['fastapi'], namespace));
      expect(error.reason).toBe('not-ready');
      expect(error.message).toMatch(
        /takes this pod \(1 node: 1 with the taint sku=gpu:NoSchedule\).*untolerated taint/u,
      );
      expect(error.nextStep).toContain('gpu.tolerations');
      expect(progress.warnings.filter((warning) => warning.includes('sku=gpu:NoSchedule'))).toHaveLength(2);
    } finally {
      await kubectl('taint', 'node', nodeName, 'sku=gpu:NoSchedule-');
    }
  });

  it('an image that cannot be pulled', async () => {
    const { images } = testCluster();
    const missing = 'registry.invalid/topology-bench/nothing:1';
    const plan = await testPlan(['fastapi'], namespace, {
      images: {
        server: missing,
        triton: missing,
        loadGenerator: images.node,
        packages: 'prebuilt',
        requirements: 'cpu-numpy1',
      },
    });
    const began = performance.now();
    const error = await deployFails(plan);
    expect(error.reason).toBe('image-unavailable');
    expect(error.message).toContain(missing);
    // The cluster changes its words with every try; the user reads them once.
    const told = progress.statuses.filter((text) => /ErrImagePull|ImagePullBackOff/u.test(text));
    expect(told.length).toBeLessThanOrEqual(1);
    // Not only when its time is over.
    expect(performance.now() - began).toBeLessThan(plan.readyTimeoutSeconds * 1_000);
  });

  it('a pod that has too little memory for its model', async () => {
    const memoryMiB = 256;
    await using large = await makeLargeModel(memoryMiB << 20);
    const { model, modelPaths } = large.resolved;
    const error = await deployFails(await testPlan(['fastapi'], namespace, { model, memoryMiB }), { modelPaths });
    expect(error.reason).toBe('pod-failed');
    expect(error.message).toMatch(/OOMKilled|exit code 137/u);
    expect(error.nextStep).toMatch(/memory/u);
  });

  describe('GPUs', () => {
    it('a resource that no node offers, and more than one node has', async () => {
      const other = await refusedBy(
        await testPlan(['fastapi'], namespace, { gpu: { ...gpu, resource: 'amd.com/gpu' } }),
      );
      expect(other.reason).toBe('gpu-unavailable');
      expect(other.message).toContain('No node of the cluster offers amd.com/gpu. It offers nvidia.com/gpu.');
      const many = await refusedBy(await testPlan(['fastapi'], namespace, { gpu: { ...gpu, count: 3 } }));
      expect(many.message).toMatch(/asks for 3 nvidia.com\/gpu in one pod, and no node has more than 2/u);
    });

    it('names who holds them when none is free', async () => {
      await holdGpus(['first', 'second']);
      const error = await refusedBy(await testPlan(['fastapi'], namespace, { gpu }));
      expect(error.reason).toBe('gpu-unavailable');
      expect(error.message).toContain(`${namespace}/first, ${namespace}/second`);
      const { gpuNodes } = await readInventory({ kubeconfigPath: testCluster().kubeconfig, namespace }, never);
      expect(gpuNodes).toMatchObject([
        { resource: 'nvidia.com/gpu', product: 'Tesla-T4', memoryMiB: 15_360, total: 2, free: 0 },
      ]);
      expect(gpuNodes[0]?.takenBy.map(({ pod }) => pod)).toEqual([`${namespace}/first`, `${namespace}/second`]);
    });

    it('waits in the words of the scheduler when they were taken meanwhile, and gives up in time', async () => {
      const plan = await testPlan(['fastapi'], namespace, { gpu, readyTimeoutSeconds: 15 });
      const error = await deployFails(plan, {}, () => holdGpus(['first', 'second']));
      expect(progress.statuses.join('\n')).toMatch(/0\/1 nodes are available: 1 Insufficient nvidia.com\/gpu/u);
      expect(error.reason).toBe('gpu-unavailable');
      expect(error.message).toMatch(/Not ready after 15 s.*Insufficient nvidia.com\/gpu/u);
    });
  });

  /** Runs the preflight, which must reject. */
  async function refusedBy(plan: Plan, changes: Partial<KubernetesTargetOptions> = {}): Promise<BenchError> {
    target = await testTarget(changes);
    return await errorOf(target.preflight(plan, newRunId(), progress, never));
  }

  /** Runs the preflight, which must pass, and deploys, which must reject. */
  async function deployFails(
    plan: Plan,
    changes: Partial<KubernetesTargetOptions> = {},
    between: () => Promise<void> = async () => undefined,
  ): Promise<BenchError> {
    target = await testTarget(changes);
    await target.preflight(plan, newRunId(), progress, never);
    await between();
    const [topology] = plan.topologies;
    if (topology === undefined) throw new Error('the plan has no topology');
    return await errorOf(target.deploy(plan, topology, progress, never));
  }

  /** Pods of somebody else that take one GPU each. */
  async function holdGpus(names: readonly string[]): Promise<void> {
    for (const name of names) await kubectlApply(JSON.stringify(sleepingGpuPod(name, namespace)));
    await kubectl(
      'wait',
      '--for=condition=PodScheduled',
      '--namespace',
      namespace,
      ...names.map((name) => `pod/${name}`),
      '--timeout=240s',
    );
  }
});

describe('two GPU pods are placed and a third is explained', () => {
  let namespace: string;
  beforeAll(async () => {
    namespace = await makeNamespace('gpus');
  });
  afterAll(async () => {
    await deleteNamespace(namespace);
  });

  it('one GPU each, and the third says who has them', async () => {
    const before = await inventory();
    const targets: Target[] = [];
    const runIds: string[] = [];
    try {
      for (const name of ['fastapi', 'triton'] as const) {
        const plan = await testPlan([name], namespace, { gpu });
        const target = await testTarget();
        targets.push(target);
        const progress = new ProgressLog();
        const runId = newRunId();
        await target.preflight(plan, runId, progress, never);
        // Each is told of those before it, whose numbers it may spoil.
        expect(progress.warnings.filter((warning) => warning.startsWith('Another run'))).toEqual(
          runIds.map((other) => expect.stringContaining(`tb-${other}`) as string),
        );
        runIds.push(runId);
        const [topology] = plan.topologies;
        if (topology === undefined) throw new Error('the plan has no topology');
        const deployment = await target.deploy(plan, topology, progress, never);
        expect(deployment.placements[0]).toMatchObject({ component: name, gpuProduct: 'Tesla-T4' });
        // The device is simulated, and what really runs is reported, not what was asked for.
        expect(deployment.runtimes[0]?.provider).toBe('CPUExecutionProvider');
      }
      const third = await testTarget();
      targets.push(third);
      const plan = await testPlan(['fastapi'], namespace, { gpu });
      const error = await errorOf(third.preflight(plan, newRunId(), new ProgressLog(), never));
      expect(error.reason).toBe('gpu-unavailable');
      expect(error.message).toMatch(/of 2 on [\w-]+ 0 are free. The others are held by .*-fastapi-.*-triton-/u);
      expect(error.nextStep).toMatch(/clean/u);
    } finally {
      for (const target of targets) await target.close(AbortSignal.timeout(240_000));
    }
    await expectSameInventory(before);
  });
});

async function errorOf(promise: Promise<unknown>): Promise<BenchError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof BenchError) return error;
  throw new Error('it should have been rejected with a BenchError', { cause: error });
}

function sleepingGpuPod(name: string, namespace: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'sleep',
          image: testCluster().images.servingBare,
          command: ['sleep', '600'],
          resources: { limits: { 'nvidia.com/gpu': 1 } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

/** A copy of the administrator's kubeconfig with a token in place of the certificate. */
async function withToken(token: string): Promise<string> {
  const { kubeconfig, stateDir } = testCluster();
  const path = `${stateDir}/wrong-token.kubeconfig`;
  const parsed = parse(await readFile(kubeconfig, 'utf8')) as { users: { name: string; user: unknown }[] };
  await writeFile(path, stringify({ ...parsed, users: parsed.users.map(({ name }) => ({ name, user: { token } })) }));
  return path;
}

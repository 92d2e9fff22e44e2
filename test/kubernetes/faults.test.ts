import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import type { Phase } from '../../src/core/plan.ts';
import type { Target } from '../../src/core/ports.ts';
import { newRunId } from '../../src/engine/host.ts';
import type { KubernetesTargetOptions } from '../../src/kubernetes/index.ts';
import { expectSameInventory, inventory } from './support/inventory.ts';
import { openLink, type Link } from './support/link.ts';
import { deleteNamespace, makeNamespace } from './support/namespaces.ts';
import { ProgressLog, resolveTinyModel, testPlan } from './support/plans.ts';
import { expectNothingPrivate } from './support/privacy.ts';
import { runBenchmark, testTarget } from './support/runs.ts';
import { harness, kubectl, kubectlApply } from './support/testCluster.ts';

const never = new AbortController().signal;
const shortPhase: Phase = { name: 'short', kind: 'measured', loop: 'closed', connections: 1, durationSeconds: 1 };
const longPhases: readonly Phase[] = [
  { name: 'warm-up', kind: 'warm-up', loop: 'closed', connections: 1, durationSeconds: 1 },
  { name: 'c1', kind: 'measured', loop: 'closed', connections: 1, durationSeconds: 8 },
  { name: 'c2', kind: 'measured', loop: 'closed', connections: 2, durationSeconds: 1 },
];

describe('when something breaks in the middle', () => {
  let namespace: string;
  let before: string[];

  beforeAll(async () => {
    namespace = await makeNamespace('faults');
    before = await inventory();
  });
  afterEach(async () => {
    await expectSameInventory(before);
  });
  afterAll(async () => {
    await deleteNamespace(namespace);
  });

  it('a pod that dies under load ends the run at once, says how, and keeps the phases before it', async () => {
    let killed: Promise<void> | undefined;
    let killedAt = 0;
    let endedAfterMs = Number.NaN;
    const phases = [
      shortPhase,
      ...longPhases.map((phase) => (phase.name === 'c1' ? { ...phase, durationSeconds: 300 } : phase)),
    ];
    const record = await runBenchmark(
      await testPlan(['fastapi'], namespace, { phases }),
      (event) => {
        if (event.type === 'stage' && event.stage === 'delete' && killedAt > 0 && Number.isNaN(endedAfterMs))
          endedAfterMs = performance.now() - killedAt;
        if (event.type !== 'phase-snapshot' || event.phase !== 2) return;
        if (killedAt === 0) killedAt = performance.now();
        killed ??= killServer(namespace);
      },
      never,
    );
    await killed;
    expect(record.status).toBe('failed');
    const [topology] = record.topologies;
    expect(topology?.failure).toMatchObject({ reason: 'pod-failed' });
    expect(topology?.failure?.message).toMatch(/fastapi: its pod ended: .*exit code 137/u);
    expect(topology?.phases.map(({ name }) => name)).toEqual(['short', 'warm-up']);
    // Of the five minutes that the phase would have lasted.
    expect(endedAfterMs).toBeLessThan(60_000);
    await expectNothingPrivate(record);
  });

  it('a load goes on while the API server is away, and its log is read again without loss', async () => {
    let broken = false;
    const snapshots: number[] = [];
    const record = await runBenchmark(
      await testPlan(['fastapi'], namespace, { phases: longPhases }),
      (event: RunEvent) => {
        if (event.type !== 'phase-snapshot' || event.phase !== 1) return;
        snapshots.push(event.snapshot.elapsedMs);
        if (broken) return;
        broken = true;
        void harness('signal', 'kube-apiserver', 'KILL');
      },
      never,
    );
    expect(record.failure).toBeNull();
    expect(record.warnings.join()).toMatch(/log stream .* was lost/u);
    expect(snapshots).toEqual([...new Set(snapshots)].sort((a, b) => a - b));
    const [, phase] = record.topologies[0]?.phases ?? [];
    if (phase === undefined) throw new Error('there was no second phase');
    const { requests, timeSeries, generator } = phase.measurement;
    expect(timeSeries.length).toBeGreaterThanOrEqual(7 - Math.round((generator.stalledMs ?? 0) / 1_000));
    expect(phase.serverCount).toBeGreaterThanOrEqual(requests.ok);
    expect(phase.serverCount).toBeLessThanOrEqual(requests.sent);
  });

  it('a load goes on while this machine does not reach the API server, also at the borders of its phases', async () => {
    await using link = await openLink();
    const awayMs = 12_000;
    const away: string[] = [];
    const leave = (where: string): void => {
      if (away.includes(where)) return;
      away.push(where);
      link.cut();
      setTimeout(() => {
        link.mend();
      }, awayMs);
    };
    const phases: readonly Phase[] = [
      { name: 'warm-up', kind: 'warm-up', loop: 'closed', connections: 1, durationSeconds: 1 },
      { name: 'c1', kind: 'measured', loop: 'closed', connections: 1, durationSeconds: 3 },
      { name: 'c2', kind: 'measured', loop: 'closed', connections: 2, durationSeconds: 2 },
    ];
    const record = await runBenchmark(
      await testPlan(['fastapi'], namespace, { phases }),
      (event) => {
        // The gate of the second phase is about to be opened.
        if (event.type === 'phase-started' && event.phase === 1) leave('gate');
        // It ends, and the worker waits for the next one, while nothing is heard of it.
        if (event.type === 'phase-snapshot' && event.phase === 1) leave('end');
      },
      never,
      { kubeconfigPath: link.kubeconfigPath },
    );
    expect(away).toEqual(['gate', 'end']);
    expect(record.failure).toBeNull();
    expect(record.warnings.join()).toMatch(/log stream .* was lost/u);
    const [topology] = record.topologies;
    expect(topology?.phases.map(({ name }) => name)).toEqual(['warm-up', 'c1', 'c2']);
    for (const { serverCount, measurement } of topology?.phases ?? []) {
      expect(measurement.requests.ok).toBeGreaterThan(0);
      expect(serverCount).toBeGreaterThanOrEqual(measurement.requests.ok);
      expect(serverCount).toBeLessThanOrEqual(measurement.requests.sent);
    }
  });

  it('a cluster that does not enforce network policies is found out', async () => {
    const progress = new ProgressLog();
    const target = await testTarget();
    await harness('signal', 'policies', 'STOP');
    try {
      expect(await networkPolicyOfHybrid(target, progress)).toBe('not enforced');
      expect(progress.warnings.join()).toMatch(/pods other than the gateway can reach Triton/u);
    } finally {
      await harness('signal', 'policies', 'CONT');
      await target.close(AbortSignal.timeout(240_000));
    }
  });

  it('a probe that reaches nothing at all is not taken for a policy that is enforced', async () => {
    const progress = new ProgressLog();
    const target = await testTarget();
    const name = 'nothing-leaves-the-probe';
    const podSelector = { matchLabels: { 'app.kubernetes.io/component': 'probe' } };
    await kubectlApply(
      JSON.stringify({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name, namespace },
        spec: { podSelector, policyTypes: ['Egress'], egress: [] },
      }),
    );
    try {
      expect(await networkPolicyOfHybrid(target, progress)).toBe('not probed');
      expect(progress.warnings.join()).toMatch(/could not be probed: .*does not reach the gateway either/u);
    } finally {
      await kubectl('delete', 'networkpolicy', name, '--namespace', namespace);
      await target.close(AbortSignal.timeout(240_000));
    }
  });

  async function networkPolicyOfHybrid(target: Target, progress: ProgressLog): Promise<string> {
    const plan = await testPlan(['hybrid'], namespace, { cores: 2 });
    const [topology] = plan.topologies;
    if (topology === undefined) throw new Error('the plan has no topology');
    await target.preflight(plan, newRunId(), progress, never);
    return (await target.deploy(plan, topology, progress, never)).networkPolicy;
  }

  describe('an upload', () => {
    let folder: string;
    let target: Target;
    let link: Link | undefined;
    let extraSha256: string;
    const extraBytes = 96 << 20;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'topology-bench-upload-'));
      const content = randomBytes(extraBytes);
      extraSha256 = createHash('sha256').update(content).digest('hex');
      await writeFile(join(folder, 'extra.bin'), content);
    });
    afterEach(async () => {
      await target.close(AbortSignal.timeout(240_000));
      // What the target removes, it removes through its link.
      await link?.[Symbol.asyncDispose]();
      link = undefined;
    });
    afterAll(async () => {
      await rm(folder, { recursive: true });
    });

    it('goes on where it was after the connection was lost, and arrives whole', async () => {
      const progress = new ProgressLog();
      let broken = 0;
      const deployment = await deployWithExtra(progress, (sentBytes) => {
        if (broken > 0 || sentBytes < extraBytes / 3) return;
        broken = sentBytes;
        void harness('signal', 'kube-apiserver', 'KILL');
      });
      expect(broken).toBeGreaterThan(0);
      // It tells what is there, so beginning anew would show as a step back.
      const sent = progress.uploads.map(({ sentBytes }) => sentBytes);
      expect(sent).toEqual(sent.toSorted((a, b) => a - b));
      expect(progress.uploads.at(-1)?.sentBytes).toBe(progress.uploads.at(-1)?.totalBytes);
      const [answer] = await deployment.infer(['The patient is well.'], never);
      expect(answer?.label).toBe('POSITIVE');
      await deployment.remove(never);
    });

    it('sends no more than one frame that is not acknowledged, so that a slow network fills no memory', async () => {
      const slow = (link = await openLink());
      const progress = new ProgressLog();
      let heldBytes = 0;
      const deployment = await deployWithExtra(
        progress,
        (sentBytes) => {
          if (heldBytes > 0 || sentBytes < extraBytes / 3) return;
          heldBytes = 1;
          slow.hold();
          setTimeout(() => {
            heldBytes = slow.heldBytes;
            slow.mend();
          }, 3_000);
        },
        { kubeconfigPath: slow.kubeconfigPath },
      );
      expect(heldBytes).toBeGreaterThan(1 << 19);
      expect(heldBytes).toBeLessThan(1.5 * (1 << 20));
      await deployment.remove(never);
    });

    it('that the pod finishes while the connection is lost is finished', async () => {
      const broken = (link = await openLink());
      const progress = new ProgressLog();
      let hasCut = false;
      const deployment = await deployWithExtra(
        progress,
        (sentBytes) => {
          if (hasCut || sentBytes < (progress.uploads[0]?.totalBytes ?? 0)) return;
          hasCut = true;
          // The word to check and to put in place is on its way by then, and the loader is gone when the link is back.
          setTimeout(() => {
            broken.cut();
          }, 20);
          setTimeout(() => {
            broken.mend();
          }, 10_000);
        },
        { kubeconfigPath: broken.kubeconfigPath },
      );
      expect(hasCut).toBe(true);
      expect(progress.uploads.at(-1)?.sentBytes).toBe(progress.uploads.at(-1)?.totalBytes);
      await deployment.remove(never);
    });

    it('refuses files that have changed since the plan was made', async () => {
      const progress = new ProgressLog();
      const failed = deployWithExtra(progress, () => undefined, {}, '0'.repeat(64));
      await expect(failed).rejects.toMatchObject({
        reason: 'upload-failed',
        message: expect.stringContaining('hash mismatch: extra.bin') as string,
      });
    });

    /** The tiny model with a large file beside it, which nothing reads. */
    async function deployWithExtra(
      progress: ProgressLog,
      onUpload: (sentBytes: number) => void,
      changes: Partial<KubernetesTargetOptions> = {},
      sha256?: string,
    ) {
      const path = join(folder, 'extra.bin');
      const extra = { name: 'extra.bin', sizeBytes: extraBytes, sha256: sha256 ?? extraSha256 };
      const plan = await testPlan(['fastapi'], namespace, { readyTimeoutSeconds: 120 });
      const larger = { ...plan, model: { ...plan.model, files: [...plan.model.files, extra] } };
      const { modelPaths } = await resolveTinyModel();
      target = await testTarget({ ...changes, modelPaths: { ...modelPaths, 'extra.bin': path } });
      progress.upload = (sentBytes, totalBytes) => {
        progress.uploads.push({ sentBytes, totalBytes });
        onUpload(sentBytes);
      };
      await target.preflight(larger, newRunId(), progress, never);
      const [topology] = larger.topologies;
      if (topology === undefined) throw new Error('the plan has no topology');
      return await target.deploy(larger, topology, progress, never);
    }
  });
});

/** Kills the server's process from outside its pod, as the kernel does when memory runs out. */
async function killServer(namespace: string): Promise<void> {
  const uid = await kubectl(
    'get',
    'pods',
    '--namespace',
    namespace,
    '--selector=app.kubernetes.io/component=fastapi',
    '--output=jsonpath={.items[0].metadata.uid}',
  );
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/u.test(name));
  for (const id of ids) {
    const [cgroup, commandLine] = await Promise.all(
      ['cgroup', 'cmdline'].map((file) => readFile(`/proc/${id}/${file}`, 'utf8').catch(() => '')),
    );
    if (cgroup?.includes(uid) === true && commandLine?.includes('topology_bench_serving.serve') === true)
      process.kill(Number(id), 'SIGKILL');
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeployedTopology } from '../../src/core/cluster.ts';
import { BenchError, isCancelled } from '../../src/core/errors.ts';
import { openInferencePaths } from '../../src/core/openInference.ts';
import {
  deleteDeployment,
  deployTopology,
  deploymentLogs,
  findLeftovers,
  inferOnce,
  listDeployments,
  openEndpoint,
  uploadModelAgain,
} from '../../src/kubernetes/index.ts';
import { expectSameInventory, inventory } from './support/inventory.ts';
import { deleteNamespace, makeNamespace } from './support/namespaces.ts';
import { assets, ProgressLog, resolveTinyModel, testPlan } from './support/plans.ts';
import { accountWithRole } from './support/serviceAccount.ts';
import { harness, kubectl } from './support/testCluster.ts';

const signal = new AbortController().signal;

/**
 * The hybrid from Deploy to Delete, by an account that has the rights of docs/role.yaml and no others: the tests follow one
 * another.
 */
describe('a deployment', () => {
  let namespace: string;
  let kubeconfigPath: string;
  let before: string[];
  let deployed: DeployedTopology;
  const progress = new ProgressLog();

  beforeAll(async () => {
    namespace = await makeNamespace('deploy');
    kubeconfigPath = await accountWithRole(namespace);
    before = await inventory();
    deployed = await deploy(progress);
  });
  afterAll(async () => {
    await deleteNamespace(namespace);
  });

  it('is ready and known by its anchor', async () => {
    expect(deployed).toMatchObject({
      namespace,
      topology: 'hybrid',
      model: 'tiny-sentiment',
      ready: true,
      gpus: 0,
      modelMissing: false,
      networkPolicy: 'enforced',
    });
    expect(progress.stages).toEqual(['apply', 'upload', 'wait']);
    expect(await listDeployments(choice(), signal)).toEqual([deployed]);
    const objects = await kubectl('get', 'configmap', deployed.id, '--namespace', namespace, '--output=name');
    expect(objects.trim()).toBe(`configmap/${deployed.id}`);
  });

  it('is a Deployment, so that it stays', async () => {
    const kinds = await kubectl('get', 'jobs,deployments', '--namespace', namespace, '--output=name');
    expect(kinds.trim().split('\n').sort()).toEqual([
      `deployment.apps/${deployed.id}-hybrid-gateway`,
      `deployment.apps/${deployed.id}-hybrid-triton`,
    ]);
  });

  it('answers sample requests, with the key from its Secret', async () => {
    const answers = await inferOnce(choice(), deployed, ['The patient is well.', 'The pain is terrible.'], signal);
    expect(answers.map(({ label }) => label)).toEqual(['POSITIVE', 'NEGATIVE']);
  });

  it('has an endpoint that takes no request without the key', async () => {
    await using endpoint = await openEndpoint(choice(), deployed, signal);
    const url = `${endpoint.url}${openInferencePaths.model(deployed.model)}`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: endpoint.headers })).status).toBe(200);
  });

  it('shows the last lines of each of its containers, without texts', async () => {
    const logs = await deploymentLogs(choice(), deployed, signal);
    for (const container of ['gateway', 'model-loader', 'triton'])
      expect(logs).toMatch(new RegExp(`^== tb-\\S+ ${container}$`, 'mu'));
    expect(logs).toContain('the model is in place');
    expect(logs).not.toContain('The patient is well');
  });

  it('is listed among what is ours, and is not taken for a run', async () => {
    const leftovers = await findLeftovers({ ...choice(), namespace }, signal);
    expect(leftovers).toHaveLength(1);
    expect(leftovers[0]).toMatchObject({ kind: 'deployment', namespace, inUse: false, leftBehind: false });
    expect(leftovers[0]?.objects.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['ConfigMap', 'Deployment', 'NetworkPolicy', 'Service']),
    );
  });

  it('says "model missing, upload again" when a pod was replaced, and is ready after that', async () => {
    const component = 'app.kubernetes.io/component=triton';
    await kubectl('delete', 'pod', '--namespace', namespace, '--selector', component, '--wait=true');
    const missing = await until((now) => now.modelMissing);
    expect(missing).toMatchObject({ ready: false });
    expect(missing.message).toContain('model missing, upload again');

    const model = await resolveTinyModel();
    await uploadModelAgain(choice(), deployed, model, new ProgressLog(), signal);
    expect(await until((now) => now.ready)).toMatchObject({ ready: true, message: 'ready' });
    const [answer] = await inferOnce(choice(), deployed, ['The patient is well.'], signal);
    expect(answer?.label).toBe('POSITIVE');
  });

  it('refuses another model than the one it was deployed with', async () => {
    const { model, modelPaths } = await resolveTinyModel();
    const other = { ...model, files: model.files.map((file) => ({ ...file, sha256: '0'.repeat(64) })) };
    const refused = uploadModelAgain(choice(), deployed, { model: other, modelPaths }, new ProgressLog(), signal);
    await expect(refused).rejects.toMatchObject({ reason: 'model-incomplete' });
  });

  it('is gone after Delete, with everything that belonged to it', async () => {
    await deleteDeployment(choice(), deployed, signal);
    expect(await listDeployments(choice(), signal)).toEqual([]);
    await expectSameInventory(before);
    await expect(inferOnce(choice(), deployed, ['a'], signal)).rejects.toBeInstanceOf(BenchError);
  });

  it('on a cluster that does not enforce network policies says so from then on', async () => {
    const log = new ProgressLog();
    await harness('signal', 'policies', 'STOP');
    try {
      const open = await deploy(log);
      expect(open).toMatchObject({ ready: true, networkPolicy: 'not enforced' });
      expect(log.warnings.join()).toMatch(/pods other than the gateway can reach Triton/u);
      expect(await listDeployments(choice(), signal)).toEqual([open]);
      await deleteDeployment(choice(), open, signal);
    } finally {
      await harness('signal', 'policies', 'CONT');
    }
    await expectSameInventory(before);
  });

  it('that is cancelled before it is ready leaves nothing', async () => {
    const controller = new AbortController();
    const log = new ProgressLog();
    log.onStage = (stage) => {
      if (stage === 'wait') controller.abort();
    };
    const error: unknown = await deploy(log, controller.signal).catch((reason: unknown) => reason);
    expect(isCancelled(error), String(error)).toBe(true);
    expect(log.warnings).toEqual([]);
    expect(log.left).toEqual([]);
    await expectSameInventory(before);
  });

  function choice(): { kubeconfigPath: string; namespace: string } {
    return { kubeconfigPath, namespace };
  }

  async function deploy(log: ProgressLog, deploySignal = signal): Promise<DeployedTopology> {
    const plan = await testPlan(['hybrid'], namespace, { cores: 2 });
    const { modelPaths } = await resolveTinyModel();
    const [topology] = plan.topologies;
    if (topology === undefined) throw new Error('the plan has no topology');
    return await deployTopology({ kubeconfigPath, assets, modelPaths }, plan, topology, log, deploySignal);
  }

  async function until(reached: (now: DeployedTopology) => boolean): Promise<DeployedTopology> {
    const deadline = Date.now() + 240_000;
    for (;;) {
      const [now] = await listDeployments(choice(), signal);
      if (now !== undefined && (reached(now) || Date.now() > deadline)) return now;
      await sleep(300);
    }
  }
});

import { randomBytes } from 'node:crypto';
import type { Assets } from '../assets/assets.ts';
import type { DeployedTopology } from '../core/cluster.ts';
import { toBenchError, type BenchError } from '../core/errors.ts';
import type { Plan, TopologyPlan } from '../core/plan.ts';
import type { DeployProgress } from '../core/ports.ts';
import { networkPolicyAnnotation, renderAnchor } from '../topologies/anchor.ts';
import {
  anchorName,
  anchorSelector,
  fieldManager,
  topologySelector,
  topologySlug,
  type Anchor,
} from '../topologies/labels.ts';
import { renderTopology } from '../topologies/render.ts';
import { apply } from './apply.ts';
import { bringUp } from './bringUp.ts';
import { openCluster, query, type Cluster } from './cluster.ts';
import { describeDeployment } from './deployed.ts';
import { dryRun } from './dryRun.ts';
import { checkFits } from './fits.ts';
import type { KubeconfigChoice } from './kubeconfig.ts';
import { endLease, keepLease, leaseOf, type Leased } from './lease.ts';
import { removeOwnNamespace } from './namespace.ts';
import { checkedPackageIndex } from './packageIndex.ts';
import { probeNetworkPolicy } from './policyProbe.ts';
import { namespaceOf, preflight } from './preflight.ts';
import { removeAll } from './remove.ts';
import { objectPath } from './resources.ts';
import { refusal } from './statusError.ts';
import { modelManifestSha256 } from './upload.ts';

export interface DeployOptions extends KubeconfigChoice {
  readonly assets: Assets;
  /** Each model file of the plan and where it is on this machine. */
  readonly modelPaths: Readonly<Record<string, string>>;
  readonly packageIndexUrl?: string;
}

/** What is told while a topology is deployed. */
export interface DeployListener extends DeployProgress {
  /** What was made and could not be removed again; told before the failure itself. */
  leftBehind(problem: BenchError): void;
}

/**
 * Longest time that clean-up may take after a Deploy was stopped, as after a benchmark: a change under way, the pods' grace and
 * the cluster's own collection come one after the other, and what is stuck is told sooner.
 */
const cleanUpMs = 180_000;

/**
 * Deploys a topology of a plan to stay until it is deleted: the same pods as a benchmark's, in Deployments. On failure or
 * cancel everything that was made is removed, or `progress` is told of what is left.
 * @throws BenchError as a run's preflight and deploy do
 */
export async function deployTopology(
  options: DeployOptions,
  plan: Plan,
  topology: TopologyPlan,
  progress: DeployListener,
  signal: AbortSignal,
): Promise<DeployedTopology> {
  using cluster = openCluster(options);
  const own: Plan = { ...plan, topologies: [topology] };
  const namespace = namespaceOf(plan);
  const id = `${topologySlug(topology)}-${randomBytes(3).toString('hex')}`;
  const anchor: Anchor = { kind: 'deployment', id, namespace, uid: null };
  const warn = (message: string): void => {
    progress.warning(message);
  };
  let hasMadeNamespace = false;
  const makingNamespace = (): void => {
    hasMadeNamespace = true;
  };
  const leases: { readonly leased: Leased; readonly kept: AsyncDisposable }[] = [];
  const lease = (leased: Leased): void => {
    leases.push({ leased, kept: keepLease(cluster, leased, warn) });
  };
  let hasBegun = false;
  try {
    progress.stage('apply');
    const told = { warn, makingNamespace, madeNamespace: lease };
    const { runtimeClassExists, nodes } = await preflight(cluster, own, anchor, told, signal);
    const request = {
      plan: own,
      topology,
      anchor,
      servingFiles: await options.assets.servingFiles(),
      requirements: await options.assets.requirements(plan.images.requirements),
      packageIndexUrl: checkedPackageIndex(options.packageIndexUrl),
      modelManifestSha256: modelManifestSha256(plan.model.files),
      apiKey: randomBytes(24).toString('hex'),
      runtimeClassExists,
    };
    const owner = renderAnchor(anchor, own, topology, leaseOf(cluster));
    const { objects } = renderTopology(request);
    checkFits(objects, nodes ?? [], warn);
    await dryRun(cluster, [owner, ...objects], signal);
    hasBegun = true;
    const [change] = await apply(cluster, [owner], signal);
    const uid = change?.uid ?? '';
    // While it is renewed, a pod that waits for its model is one whose upload is still to come.
    lease({ path: objectPath('ConfigMap', namespace, anchorName(id)), uid });
    const rendered = renderTopology({ ...request, anchor: { ...anchor, uid } });
    await apply(cluster, rendered.objects, signal);
    const up = await bringUp(
      cluster,
      {
        namespace,
        servers: rendered.servers,
        selector: topologySelector(id, topology),
        model: { files: plan.model.files, paths: options.modelPaths },
        timeoutSeconds: plan.readyTimeoutSeconds,
      },
      progress,
      signal,
    );
    if (topology.name === 'hybrid') {
      const owned = { ...request, anchor: { ...anchor, uid } };
      const networkPolicy = await probeNetworkPolicy(cluster, owned, up, progress, signal);
      await annotateAnchor(cluster, owned.anchor, { [networkPolicyAnnotation]: networkPolicy }, signal);
    }
    for (const { leased, kept } of leases.splice(0)) {
      await kept[Symbol.asyncDispose]();
      // One that is not ended runs out by itself.
      await endLease(cluster, leased, signal).catch(() => undefined);
    }
    return await describeDeployment(cluster, namespace, anchorName(id), signal);
  } catch (error) {
    await cleanUp();
    throw error;
  } finally {
    await Promise.all(leases.map(({ kept }) => kept[Symbol.asyncDispose]()));
  }

  async function cleanUp(): Promise<void> {
    const ownSignal = AbortSignal.timeout(cleanUpMs);
    try {
      if (hasBegun) await removeAll(cluster, namespace, anchorSelector(id), ownSignal);
      const kept = hasMadeNamespace ? await removeOwnNamespace(cluster, namespace, id, ownSignal) : undefined;
      if (kept !== undefined) warn(kept);
    } catch (error) {
      progress.leftBehind(toBenchError(error, 'removing what was deployed'));
    }
  }
}

async function annotateAnchor(
  cluster: Cluster,
  { id, namespace, uid }: Anchor,
  annotations: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const name = anchorName(id);
  const change = {
    method: 'PATCH',
    path: `${objectPath('ConfigMap', namespace, name)}?${query({ fieldManager })}`,
    body: { metadata: { uid, annotations } },
    contentType: 'application/merge-patch+json',
  } as const;
  try {
    await cluster.change(change, signal);
  } catch (error) {
    throw refusal(error, `change the ConfigMap ${name}`);
  }
}

import { randomBytes } from 'node:crypto';
import type { Assets } from '../assets/assets.ts';
import { BenchError, throwIfCancelled } from '../core/errors.ts';
import { topologyKey, type Plan, type TopologyPlan } from '../core/plan.ts';
import type { DeployProgress, Deployment, LoadDriver, Target } from '../core/ports.ts';
import type { Environment } from '../core/record.ts';
import { renderAnchor } from '../topologies/anchor.ts';
import { anchorName, anchorSelector, topologySelector, type Anchor } from '../topologies/labels.ts';
import { loadGeneratorNeeds, renderWorker } from '../topologies/loadGenerator.ts';
import { renderTopology } from '../topologies/render.ts';
import type { RenderRequest } from '../topologies/renderRequest.ts';
import type { Node } from './apiObjects.ts';
import { apply } from './apply.ts';
import { bringUp } from './bringUp.ts';
import { openCluster, type Cluster } from './cluster.ts';
import { connect, createDeployment } from './deployment.ts';
import { dryRun } from './dryRun.ts';
import { checkFits, coresOf, fitTogether, podsOf, warnOfNowhere } from './fits.ts';
import type { KubeconfigChoice } from './kubeconfig.ts';
import { keepLease, leaseOf, type Leased } from './lease.ts';
import { removeOwnNamespace } from './namespace.ts';
import { checkedPackageIndex } from './packageIndex.ts';
import { probeNetworkPolicy } from './policyProbe.ts';
import { namespaceOf, preflight } from './preflight.ts';
import { deleteOne, removeAll } from './remove.ts';
import { objectPath } from './resources.ts';
import { modelManifestSha256 } from './upload.ts';

export interface KubernetesTargetOptions extends KubeconfigChoice {
  readonly assets: Assets;
  readonly loadDriver: LoadDriver;
  /** Each model file of the plan and where it is on this machine. */
  readonly modelPaths: Readonly<Record<string, string>>;
  /** Where the init container installs packages from; otherwise pip's own default. */
  readonly packageIndexUrl?: string;
}

/** A ConfigMap may hold 1 MiB in all. */
const longestWorkerBytes = 1_000_000;
const dryRunUid = '00000000-0000-0000-0000-000000000000';

/** Carries a plan out on a Kubernetes cluster. One target serves one run; `close` removes all that it made. */
export function createKubernetesTarget(options: KubernetesTargetOptions): Target {
  const target = new KubernetesTarget(options);
  return {
    preflight: (plan, runId, progress, signal) => target.preflight(plan, runId, progress, signal),
    deploy: (_plan, topology, progress, signal) => target.deploy(topology, progress, signal),
    close: (signal) => target.close(signal),
  };
}

interface Run {
  readonly cluster: Cluster;
  readonly plan: Plan;
  readonly id: string;
  readonly namespace: string;
  readonly apiKey: string;
  /** What rendering needs of the files that ship with this program. */
  readonly files: { readonly serving: Readonly<Record<string, string>>; readonly requirements: string };
  nodes: readonly Node[];
  runtimeClassExists: boolean;
}

class KubernetesTarget {
  readonly #options: KubernetesTargetOptions;
  #run: Run | undefined;
  #warn: (message: string) => void = () => undefined;
  #anchor: Anchor | undefined;
  /** Of the namespace, where this run made it, and of the anchor. */
  readonly #leases: AsyncDisposable[] = [];
  #workerName: string | undefined;
  /** What there may be to clean up. */
  readonly #hasMade = { namespace: false, objects: false };
  /** Topologies that were begun and not removed yet; the next one may need their GPU. */
  readonly #standing = new Set<TopologyPlan>();

  constructor(options: KubernetesTargetOptions) {
    this.#options = options;
  }

  async preflight(plan: Plan, runId: string, progress: DeployProgress, signal: AbortSignal): Promise<Environment> {
    const { assets } = this.#options;
    const cluster = openCluster(this.#options);
    const run: Run = {
      cluster,
      plan,
      id: runId,
      namespace: namespaceOf(plan),
      apiKey: randomBytes(24).toString('hex'),
      files: {
        serving: await assets.servingFiles(),
        requirements: await assets.requirements(plan.images.requirements),
      },
      nodes: [],
      runtimeClassExists: false,
    };
    this.#run = run;
    await this.#checkWorker(plan);
    const warn = (message: string): void => {
      progress.warning(message);
    };
    this.#warn = warn;
    const makingNamespace = (): void => {
      this.#hasMade.namespace = true;
    };
    const madeNamespace = (leased: Leased): void => {
      this.#leases.push(keepLease(cluster, leased, warn));
    };
    const owner = { kind: 'run', id: runId } as const;
    const checked = await preflight(cluster, plan, owner, { warn, makingNamespace, madeNamespace }, signal);
    run.nodes = checked.nodes ?? [];
    run.runtimeClassExists = checked.runtimeClassExists;
    const anchor = this.#anchorOf(run, dryRunUid);
    await dryRun(cluster, [renderAnchor(anchor, plan, null, {})], signal);
    const inCluster = plan.load.vantage === 'in-cluster';
    const loadPods = inCluster ? Array.from({ length: plan.load.generators }, () => loadGeneratorNeeds(plan)) : [];
    if (inCluster) warnOfNowhere('the load generator', loadGeneratorNeeds(plan), run.nodes, warn);
    for (const topology of plan.topologies) {
      const { objects } = renderTopology(this.#request(run, topology, anchor));
      checkFits(objects, run.nodes, warn);
      const pods = [...podsOf(objects), ...loadPods];
      if (checked.nodes !== null && !fitTogether(pods, checked.nodes)) {
        warn(
          `The pods of ${topologyKey(topology)} and its load generator ask for ${pods.map(coresOf).join(' + ')} cores, and the nodes that take them have no room for all of them at once unless the cluster grows.`,
        );
      }
      await dryRun(cluster, objects, signal);
    }
    return checked.environment;
  }

  async deploy(topology: TopologyPlan, progress: DeployProgress, signal: AbortSignal): Promise<Deployment> {
    const run = this.#started();
    const { cluster, plan } = run;
    progress.stage('apply');
    for (const earlier of this.#standing) await this.#remove(run, earlier, progress, signal);
    const began = performance.now();
    this.#hasMade.objects = true;
    const anchor = (this.#anchor ??= await this.#applyAnchor(run, signal));
    this.#standing.add(topology);
    const request = this.#request(run, topology, anchor);
    const rendered = renderTopology(request);
    await apply(cluster, rendered.objects, signal);
    const up = await bringUp(
      cluster,
      {
        namespace: run.namespace,
        servers: rendered.servers,
        selector: topologySelector(run.id, topology),
        model: { files: plan.model.files, paths: this.#options.modelPaths },
        timeoutSeconds: plan.readyTimeoutSeconds,
      },
      progress,
      signal,
    );
    const readyMs = performance.now() - began;
    const connection = await connect(cluster, request, up);
    try {
      const runtimes = await connection.runtimes(signal);
      const networkPolicy =
        topology.name === 'hybrid'
          ? await probeNetworkPolicy(cluster, request, up, progress, signal)
          : 'not applicable';
      const secretName = rendered.objects.find(({ kind }) => kind === 'Secret')?.metadata.name ?? null;
      throwIfCancelled(signal, 'the topology became ready');
      const deployment = createDeployment({
        cluster,
        request,
        up,
        connection,
        runtimes,
        readyMs,
        networkPolicy,
        nodes: run.nodes,
        secretName,
        loadDriver: this.#options.loadDriver,
        provideWorker: (workerSignal) => this.#provideWorker(run, anchor, workerSignal),
      });
      return {
        ...deployment,
        remove: async (removeSignal) => {
          await deployment.remove(removeSignal);
          this.#standing.delete(topology);
        },
      };
    } catch (error) {
      await connection[Symbol.asyncDispose]();
      throw error;
    }
  }

  async close(signal: AbortSignal): Promise<string | undefined> {
    const run = this.#run;
    if (run === undefined) return undefined;
    const { cluster, namespace, id } = run;
    await Promise.all(this.#leases.splice(0).map((lease) => lease[Symbol.asyncDispose]()));
    if (this.#hasMade.objects) {
      // The anchor goes first: should this program die now, the cluster itself collects the rest.
      const uid = this.#anchor?.uid ?? null;
      if (uid !== null) {
        const anchor = { kind: 'ConfigMap', namespace, name: anchorName(id), uid } as const;
        await deleteOne(cluster, anchor, signal).catch(() => undefined);
      }
      await removeAll(cluster, namespace, anchorSelector(id), signal);
      this.#hasMade.objects = false;
    }
    this.#standing.clear();
    this.#anchor = undefined;
    const kept = this.#hasMade.namespace ? await removeOwnNamespace(cluster, namespace, id, signal) : undefined;
    this.#hasMade.namespace = false;
    cluster[Symbol.dispose]();
    this.#run = undefined;
    return kept;
  }

  async #remove(run: Run, topology: TopologyPlan, progress: DeployProgress, signal: AbortSignal): Promise<void> {
    const waiting = (message: string): void => {
      progress.status(`${topologyKey(topology)} was before this: ${message}`);
    };
    await removeAll(run.cluster, run.namespace, topologySelector(run.id, topology), signal, { waiting });
    this.#standing.delete(topology);
  }

  async #applyAnchor(run: Run, signal: AbortSignal): Promise<Anchor> {
    const { cluster, namespace } = run;
    const bare = this.#anchorOf(run, null);
    const [change] = await apply(cluster, [renderAnchor(bare, run.plan, null, leaseOf(cluster))], signal);
    const uid = change?.uid ?? '';
    const path = objectPath('ConfigMap', namespace, anchorName(run.id));
    this.#leases.push(keepLease(cluster, { path, uid }, this.#warn));
    return { ...bare, uid };
  }

  #anchorOf(run: Run, uid: string | null): Anchor {
    return { kind: 'run', id: run.id, namespace: run.namespace, uid };
  }

  #request(run: Run, topology: TopologyPlan, anchor: Anchor): RenderRequest {
    return {
      plan: run.plan,
      topology,
      anchor,
      servingFiles: run.files.serving,
      requirements: run.files.requirements,
      packageIndexUrl: checkedPackageIndex(this.#options.packageIndexUrl),
      modelManifestSha256: modelManifestSha256(run.plan.model.files),
      apiKey: run.apiKey,
      runtimeClassExists: run.runtimeClassExists,
    };
  }

  async #provideWorker(run: Run, anchor: Anchor, signal: AbortSignal): Promise<string> {
    if (this.#workerName === undefined) {
      const worker = renderWorker(anchor, await this.#options.assets.workerBundle());
      await apply(run.cluster, [worker], signal);
      this.#workerName = worker.metadata.name;
    }
    return this.#workerName;
  }

  async #checkWorker(plan: Plan): Promise<void> {
    if (plan.load.vantage !== 'in-cluster') return;
    const bytes = Buffer.byteLength(await this.#options.assets.workerBundle());
    if (bytes <= longestWorkerBytes) return;
    throw new BenchError({
      reason: 'internal',
      message: `The load worker's bundle has ${String(bytes)} bytes, too many for a ConfigMap.`,
      nextStep: 'Load from this machine instead.',
    });
  }

  #started(): Run {
    if (this.#run !== undefined) return this.#run;
    throw new BenchError({ reason: 'internal', message: 'A topology was to be deployed before the preflight.' });
  }
}

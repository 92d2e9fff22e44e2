import { gpuProductIn } from '../core/gpuPools.ts';
import type { LoadSpec } from '../core/load.ts';
import { openInferencePaths } from '../core/openInference.ts';
import type { Deployment, LoadDriver, LoadHandlers, LoadOutcome, LoadRequest } from '../core/ports.ts';
import type { Placement, TopologyResult } from '../core/record.ts';
import { apiKeyHeader } from '../topologies/hybrid.ts';
import { topologySelector } from '../topologies/labels.ts';
import { apiKeyVariable, gateDirectory } from '../topologies/loadGenerator.ts';
import { serverPorts } from '../topologies/podTemplate.ts';
import type { RenderRequest } from '../topologies/renderRequest.ts';
import type { Node, Pod } from './apiObjects.ts';
import type { BroughtUp } from './bringUp.ts';
import type { Cluster } from './cluster.ts';
import { pinnedImage } from './machine.ts';
import { runLoadJob } from './loadSession.ts';
import { removeAll } from './remove.ts';
import { connectServers, type ServerConnection } from './serverConnection.ts';
import { superviseServers } from './supervise.ts';
import type { RuntimeReport } from '../core/record.ts';

/** How long the worker waits between phases for whoever runs it, before it takes it for gone. */
const gateTimeoutSeconds = 300;

export interface DeploymentParts {
  readonly cluster: Cluster;
  readonly request: RenderRequest;
  readonly up: BroughtUp;
  readonly connection: ServerConnection;
  readonly runtimes: readonly RuntimeReport[];
  readonly readyMs: number;
  readonly networkPolicy: TopologyResult['networkPolicy'];
  readonly nodes: readonly Node[];
  /** null for topologies without one. */
  readonly secretName: string | null;
  readonly loadDriver: LoadDriver;
  /** Makes sure that the worker's bundle is in the cluster; resolves with its ConfigMap's name. */
  readonly provideWorker: (signal: AbortSignal) => Promise<string>;
}

/** A benchmark's topology that is up on the cluster. */
export function createDeployment(parts: DeploymentParts): Deployment {
  const { cluster, request, up, connection } = parts;
  const { namespace } = request.anchor;
  const selector = topologySelector(request.anchor.id, request.topology);
  /** Counters that cannot be read yet are not waited for when the load has ended. */
  let loadOver = new AbortController();
  return {
    runtimes: parts.runtimes,
    placements: up.servers.map(({ server, pod }) => placementOf(server.component, server.component, pod, parts.nodes)),
    readyMs: parts.readyMs,
    uploadMs: up.uploadMs,
    networkPolicy: parts.networkPolicy,
    infer: (texts, signal) => whileServersStand((both) => connection.infer(texts, both), new AbortController(), signal),
    counters: (signal) => connection.counters(AbortSignal.any([signal, loadOver.signal])),
    async load(load, handlers, signal) {
      const over = new AbortController();
      loadOver = over;
      const run = request.plan.load.vantage === 'in-cluster' ? loadInside : loadHere;
      try {
        return await whileServersStand((both) => run(load, handlers, both), over, signal);
      } finally {
        loadOver = new AbortController();
      }
    },
    async remove(signal) {
      await connection[Symbol.asyncDispose]();
      await removeAll(cluster, namespace, selector, signal);
    },
  };

  /** A server that ends meanwhile is told of in the cluster's words: a connection that breaks cannot say why. */
  async function whileServersStand<Result>(
    work: (signal: AbortSignal) => Promise<Result>,
    over: AbortController,
    signal: AbortSignal,
  ): Promise<Result> {
    const both = AbortSignal.any([signal, over.signal]);
    const working = work(both);
    const watch = superviseServers(cluster, namespace, selector, up.servers, both);
    try {
      return await Promise.race([working, watch]);
    } finally {
      // Whichever lost the race ends too, before the caller goes on.
      over.abort();
      await Promise.allSettled([working, watch]);
    }
  }

  async function loadInside(load: LoadRequest, handlers: LoadHandlers, signal: AbortSignal): Promise<LoadOutcome> {
    const [front] = up.servers;
    const host = `${front?.server.name ?? ''}.${namespace}.svc`;
    const { plan, topology, anchor } = request;
    const workerName = await parts.provideWorker(signal);
    const spec = specFor(load, `http://${host}:${String(serverPorts.http)}`, { directory: gateDirectory });
    const job = { plan, topology, anchor, spec, workerName, secretName: parts.secretName };
    const running = (pods: readonly Pod[]): void => {
      const nodes = new Set(pods.map((pod) => pod.spec.nodeName));
      const shared = up.servers.some(({ pod }) => nodes.has(pod.spec.nodeName));
      handlers.running({
        placements: pods.map((pod) => placementOf('load', 'load', pod, parts.nodes)),
        caveats: shared ? ["the load generator shared the server's node"] : [],
      });
    };
    return await runLoadJob(cluster, job, handlers, running, signal);
  }

  async function loadHere(load: LoadRequest, handlers: LoadHandlers, signal: AbortSignal): Promise<LoadOutcome> {
    const environment = parts.secretName === null ? {} : { [apiKeyVariable]: request.apiKey };
    const spec = specFor(load, connection.front.url, 'stdin');
    handlers.running({
      placements: [],
      caveats: ['the load went through a port-forward, which adds the API server to every request: smoke only'],
    });
    return await parts.loadDriver.run(spec, environment, handlers, signal);
  }

  function specFor(load: LoadRequest, origin: string, gate: LoadSpec['gate']): LoadSpec {
    return {
      ...load,
      phases: [],
      url: `${origin}${openInferencePaths.infer(request.plan.model.name)}`,
      tls: null,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      secretHeader: parts.secretName === null ? null : { name: apiKeyHeader, environmentVariable: apiKeyVariable },
      gate,
      gateTimeoutSeconds,
    };
  }
}

/** Opens the port-forwards that a deployment asks its servers through. */
export function connect(cluster: Cluster, request: RenderRequest, up: BroughtUp): Promise<ServerConnection> {
  const apiKey = request.topology.name === 'hybrid' ? request.apiKey : null;
  return connectServers(cluster, request.anchor.namespace, request.plan.model.name, up.servers, apiKey);
}

export function placementOf(
  component: Placement['component'],
  container: string,
  pod: Pod,
  nodes: readonly Node[],
): Placement {
  const status = pod.status?.containerStatuses?.find(({ name }) => name === container);
  const node = nodes.find(({ metadata }) => metadata.name === pod.spec.nodeName);
  const usesGpu = pod.spec.containers.some(({ resources }) =>
    Object.keys(resources?.limits ?? {}).some((resource) => resource.includes('/')),
  );
  return {
    component,
    node: pod.spec.nodeName ?? null,
    gpuProduct: usesGpu ? gpuProductIn(node?.metadata.labels ?? {}).product : null,
    image: pod.spec.containers[0]?.image ?? null,
    imageDigest: /sha256:[0-9a-f]{64}/u.exec(status?.imageID ?? '')?.[0] ?? null,
    pinnedImage: pinnedImage(pod.spec.containers[0]?.image, status?.imageID),
  };
}

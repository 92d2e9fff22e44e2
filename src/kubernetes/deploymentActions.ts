import { setTimeout as sleep } from 'node:timers/promises';
import type { DeployedTopology } from '../core/cluster.ts';
import { BenchError, throwIfCancelled } from '../core/errors.ts';
import { openInferencePaths } from '../core/openInference.ts';
import type { ModelPlan } from '../core/plan.ts';
import type { Answer, DeployProgress } from '../core/ports.ts';
import { apiKeyHeader, apiKeyName } from '../topologies/hybrid.ts';
import { anchorSelector, topologySelector } from '../topologies/labels.ts';
import type { ApiObject } from './apiObjects.ts';
import { bringUp } from './bringUp.ts';
import { openCluster, type Cluster } from './cluster.ts';
import { describeDeployments, podsOf, readStored, type StoredDeployment } from './deployed.ts';
import type { ClusterChoice } from './inventory.ts';
import { endLease } from './lease.ts';
import { lastLogLines } from './logs.ts';
import { removeOwnNamespace } from './namespace.ts';
import { isPodReady } from './ready.ts';
import { deleteAnchor, removeAll, type RemoveOptions } from './remove.ts';
import { objectPath } from './resources.ts';
import { connectServers, type ServerConnection } from './serverConnection.ts';
import { refusal } from './statusError.ts';
import { modelManifestSha256 } from './upload.ts';

type Named = Pick<DeployedTopology, 'id' | 'namespace'>;

const logLines = 200;
const answeringWithinMs = 60_000;

/** What the Deploy action made in the namespace, with what the cluster says of it now. */
export async function listDeployments(choice: ClusterChoice, signal: AbortSignal): Promise<DeployedTopology[]> {
  using cluster = openCluster(choice);
  return await describeDeployments(cluster, choice.namespace ?? cluster.namespace, signal);
}

/**
 * Deletes a deployment with all that belongs to it and waits until it is gone.
 * @returns why the namespace that was made for it stays; undefined when there is none, or it is gone
 * @throws BenchError clean-up-incomplete, naming what is left; what else keeps the cluster from deleting, with how to try again
 */
export async function deleteDeployment(
  choice: ClusterChoice,
  deployment: Named,
  signal: AbortSignal,
  options: RemoveOptions = {},
): Promise<string | undefined> {
  using cluster = openCluster(choice);
  const { anchor, plan } = await readStored(cluster, deployment.namespace, deployment.id, signal);
  const { namespace, id } = anchor;
  await deleteAnchor(cluster, anchor, signal);
  await removeAll(cluster, namespace, anchorSelector(id), signal, options);
  if (plan.target.kind !== 'kubernetes' || !plan.target.createNamespace) return undefined;
  return await removeOwnNamespace(cluster, namespace, id, signal);
}

/** The last lines of each container, under its name. */
export async function deploymentLogs(choice: ClusterChoice, deployment: Named, signal: AbortSignal): Promise<string> {
  using cluster = openCluster(choice);
  const stored = await readStored(cluster, deployment.namespace, deployment.id, signal);
  const parts: string[] = [];
  for (const { server, pod } of await podsOf(cluster, stored, signal)) {
    if (pod === undefined) {
      parts.push(`== ${server.component}: no pod`);
      continue;
    }
    for (const { name } of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
      const of = { namespace: deployment.namespace, pod: pod.metadata.name, container: name };
      const lines = await lastLogLines(cluster, of, logLines, signal);
      parts.push(`== ${pod.metadata.name} ${name}`, ...(lines.length === 0 ? ['(nothing)'] : lines));
    }
  }
  return `${parts.join('\n')}\n`;
}

/** Puts the model back into pods that were replaced since, and waits until they are ready. */
export async function uploadModelAgain(
  choice: ClusterChoice,
  deployment: Named,
  source: { readonly model: ModelPlan; readonly modelPaths: Readonly<Record<string, string>> },
  progress: DeployProgress,
  signal: AbortSignal,
): Promise<void> {
  using cluster = openCluster(choice);
  const stored = await readStored(cluster, deployment.namespace, deployment.id, signal);
  const { plan, topology, anchor, servers } = stored;
  if (modelManifestSha256(source.model.files) !== modelManifestSha256(plan.model.files)) {
    throw new BenchError({
      reason: 'model-incomplete',
      message: `This is not the model that ${deployment.id} was deployed with (${plan.model.name}): its files differ.`,
      nextStep: 'Choose the same files, or deploy the topology anew with these.',
    });
  }
  await bringUp(
    cluster,
    {
      namespace: anchor.namespace,
      servers,
      selector: topologySelector(anchor.id, topology),
      model: { files: plan.model.files, paths: source.modelPaths },
      timeoutSeconds: plan.readyTimeoutSeconds,
    },
    progress,
    signal,
  );
  // The gateway finds its Triton again a little after the kubelet has found that pod ready.
  await using connection = await connectTo(cluster, stored, null, signal);
  await untilAnswering(connection, signal);
  // A Deploy that was interrupted has left its lease, by which it would count as left behind.
  const leased = { path: objectPath('ConfigMap', anchor.namespace, deployment.id), uid: anchor.uid };
  if (!stored.underWay) await endLease(cluster, leased, signal).catch(() => undefined);
}

/** Asks a deployment for its answer to each text, through a port-forward. */
export async function inferOnce(
  choice: ClusterChoice,
  deployment: Named,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<Answer[]> {
  using cluster = openCluster(choice);
  const stored = await readStored(cluster, deployment.namespace, deployment.id, signal);
  await using connection = await connectTo(cluster, stored, await readApiKey(cluster, stored, signal), signal);
  return await connection.infer(texts, signal);
}

/** A deployment's front door as a port of this machine, with the header that it asks for; open until disposed. */
export interface Endpoint extends AsyncDisposable {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export async function openEndpoint(choice: ClusterChoice, deployment: Named, signal: AbortSignal): Promise<Endpoint> {
  const cluster = openCluster(choice);
  try {
    const stored = await readStored(cluster, deployment.namespace, deployment.id, signal);
    const apiKey = await readApiKey(cluster, stored, signal);
    const connection = await connectTo(cluster, stored, apiKey, signal);
    return {
      url: connection.front.url,
      headers: apiKey === null ? {} : { [apiKeyHeader]: apiKey },
      async [Symbol.asyncDispose]() {
        await connection[Symbol.asyncDispose]();
        cluster[Symbol.dispose]();
      },
    };
  } catch (error) {
    cluster[Symbol.dispose]();
    throw error;
  }
}

async function connectTo(
  cluster: Cluster,
  stored: StoredDeployment,
  apiKey: string | null,
  signal: AbortSignal,
): Promise<ServerConnection> {
  const servers = (await podsOf(cluster, stored, signal)).map(({ server, pod }) => {
    if (pod !== undefined && isPodReady(pod)) return { server, pod };
    throw new BenchError({
      reason: 'not-ready',
      message: `${server.component} is not ready, so it cannot be asked.`,
      nextStep: 'Wait until the deployment is ready; if its model is missing, upload it again.',
    });
  });
  return connectServers(cluster, stored.anchor.namespace, stored.plan.model.name, servers, apiKey);
}

async function untilAnswering(connection: ServerConnection, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answeringWithinMs)]);
  for (;;) {
    const { status } = await connection.front.http({ method: 'GET', path: openInferencePaths.ready }, limit);
    if (status === 200) return;
    await sleep(500, undefined, { signal: limit }).catch(() => undefined);
    throwIfCancelled(signal, 'waiting for the deployment to answer');
    if (!limit.aborted) continue;
    throw new BenchError({
      reason: 'not-ready',
      message: `The deployment does not answer, although its pods are ready (HTTP ${String(status)}).`,
      nextStep: 'Look at its logs.',
    });
  }
}

async function readApiKey(cluster: Cluster, stored: StoredDeployment, signal: AbortSignal): Promise<string | null> {
  const gateway = stored.servers.find(({ component }) => component === 'gateway');
  if (gateway === undefined) return null;
  try {
    const secret = (await cluster.get(
      objectPath('Secret', stored.anchor.namespace, gateway.name),
      signal,
    )) as ApiObject & {
      readonly data?: Readonly<Record<string, string>>;
    };
    return Buffer.from(secret.data?.[apiKeyName] ?? '', 'base64').toString('utf8');
  } catch (error) {
    throw refusal(error, `read the Secret ${gateway.name}, which holds the gateway's key`);
  }
}

import type { DeployedTopology } from '../core/cluster.ts';
import { BenchError } from '../core/errors.ts';
import { topologyKey, type Plan, type TopologyPlan } from '../core/plan.ts';
import { anchorComponent, networkPolicyAnnotation, readAnchorData } from '../topologies/anchor.ts';
import {
  anchorName,
  fieldManager,
  labelKeys,
  selectorText,
  topologySelector,
  type Anchor,
} from '../topologies/labels.ts';
import { loaderContainer, serverPorts } from '../topologies/podTemplate.ts';
import { renderTopology } from '../topologies/render.ts';
import type { RenderedServer } from '../topologies/renderRequest.ts';
import type { ApiMeta, ClusterEvent, Pod, StoredConfigMap } from './apiObjects.ts';
import type { Cluster } from './cluster.ts';
import { diagnoseMissingPod, diagnosePod, type Finding } from './diagnose.ts';
import { isInUse } from './lease.ts';
import { listAll } from './list.ts';
import { readEvents } from './events.ts';
import { isContainerRunning, isPodReady, newestPod } from './ready.ts';
import { listPath, objectPath } from './resources.ts';
import { isStatus, refusal } from './statusError.ts';

/** What a pod that was replaced since the upload waits for. */
const modelMissing = 'model missing, upload again';

/** A deployment as its anchor knows it. */
export interface StoredDeployment {
  readonly anchor: Anchor & { readonly uid: string };
  readonly plan: Plan;
  readonly topology: TopologyPlan;
  readonly servers: readonly RenderedServer[];
  readonly createdAt: string;
  readonly networkPolicy: DeployedTopology['networkPolicy'];
  /** Whether somebody is deploying it right now. */
  readonly underWay: boolean;
}

/** Every deployment of a namespace, with what its pods say now. */
export async function describeDeployments(
  cluster: Cluster,
  namespace: string,
  signal: AbortSignal,
): Promise<DeployedTopology[]> {
  const selector = selectorText({
    [labelKeys.managedBy]: fieldManager,
    [labelKeys.kind]: 'deployment',
    [labelKeys.component]: anchorComponent,
  });
  const [anchors, pods, events] = await Promise.all([
    read(
      listAll<StoredConfigMap>(cluster, listPath('ConfigMap', namespace), { labelSelector: selector }, signal),
      'list ConfigMaps',
    ),
    read(
      listAll<Pod>(cluster, listPath('Pod', namespace), { labelSelector: `${labelKeys.kind}=deployment` }, signal),
      'list pods',
    ),
    readEvents(cluster, namespace, signal),
  ]);
  return anchors.flatMap((anchor) => {
    const stored = storedFrom(anchor, namespace, cluster.serverNow());
    return stored === undefined ? [] : [describe(cluster, stored, pods, events)];
  });
}

export async function describeDeployment(
  cluster: Cluster,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<DeployedTopology> {
  const found = (await describeDeployments(cluster, namespace, signal)).find(({ id }) => id === name);
  if (found === undefined) throw gone(name);
  return found;
}

/** @throws BenchError rejected-by-cluster when it is not there any more */
export async function readStored(
  cluster: Cluster,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<StoredDeployment> {
  try {
    const anchor = (await cluster.get(objectPath('ConfigMap', namespace, name), signal)) as StoredConfigMap;
    const stored = storedFrom(anchor, namespace, cluster.serverNow());
    if (stored !== undefined) return stored;
  } catch (error) {
    if (!isStatus(error, 404)) throw refusal(error, `read the ConfigMap ${name}`);
  }
  throw gone(name);
}

/** The servers with their pods, where they have one. */
export async function podsOf(
  cluster: Cluster,
  stored: StoredDeployment,
  signal: AbortSignal,
): Promise<{ server: RenderedServer; pod: Pod | undefined }[]> {
  const { anchor, topology, servers } = stored;
  const labelSelector = selectorText(topologySelector(anchor.id, topology));
  const pods = await read(
    listAll<Pod>(cluster, listPath('Pod', anchor.namespace), { labelSelector }, signal),
    'list pods',
  );
  return servers.map((server) => ({ server, pod: newestPod(pods, server) }));
}

function storedFrom(anchor: StoredConfigMap, namespace: string, serverNowMs: number): StoredDeployment | undefined {
  const { metadata } = anchor;
  const data = readAnchorData(anchor.data ?? {});
  const id = metadata.labels?.[labelKeys.run];
  if (data?.topology === undefined || id === undefined) return undefined;
  const own = { kind: 'deployment', id, namespace, uid: metadata.uid } as const;
  return {
    anchor: own,
    plan: data.plan,
    topology: data.topology,
    servers: serversOf(own, data.plan, data.topology),
    createdAt: metadata.creationTimestamp ?? '',
    networkPolicy: networkPolicyOf(data.topology, metadata),
    underWay: isInUse(metadata, serverNowMs),
  };
}

/** Names and selectors follow from the plan alone, so the rest of the request does not matter. */
function serversOf(anchor: Anchor, plan: Plan, topology: TopologyPlan): readonly RenderedServer[] {
  const empty = { servingFiles: {}, requirements: '', packageIndexUrl: null, modelManifestSha256: '', apiKey: '' };
  return renderTopology({ ...empty, plan, topology, anchor, runtimeClassExists: false }).servers;
}

function describe(
  cluster: Pick<Cluster, 'context' | 'serverNow'>,
  stored: StoredDeployment,
  pods: readonly Pod[],
  events: readonly ClusterEvent[],
): DeployedTopology {
  const { anchor, topology, plan, servers } = stored;
  const looks = servers.flatMap((server): { readonly message: string; readonly failed: boolean }[] => {
    const pod = newestPod(pods, server);
    if (pod === undefined) return [lookOf(diagnoseMissingPod(server.component, server.name, events), 0)];
    if (isPodReady(pod)) return [];
    if (isContainerRunning(pod, loaderContainer) && !stored.underWay) return [{ message: modelMissing, failed: false }];
    return [lookOf(diagnosePod(server.component, pod, events), ageSeconds(pod, cluster.serverNow()))];
  });
  const messages = looks.map(({ message }) => message);
  const [front] = servers;
  return {
    id: anchorName(anchor.id),
    context: cluster.context,
    namespace: anchor.namespace,
    topology: topologyKey(topology),
    model: plan.model.name,
    createdAt: stored.createdAt,
    ready: messages.length === 0,
    modelMissing: messages.includes(modelMissing),
    failed: looks.some(({ failed }) => failed),
    message: messages.length === 0 ? 'ready' : messages.join('; '),
    endpoint: `http://${front?.name ?? ''}.${anchor.namespace}.svc:${String(serverPorts.http)}`,
    gpus: servers.reduce((sum, { gpus }) => sum + gpus, 0),
    networkPolicy: stored.networkPolicy,
  };
}

/** An image that was pulled in vain for longer than a run would wait for it has failed, too, though the node tries on. */
function lookOf(finding: Finding, podAgeSeconds: number): { readonly message: string; readonly failed: boolean } {
  const inVain =
    finding.state === 'waiting' &&
    finding.cause === 'image' &&
    podAgeSeconds > (finding.patienceSeconds ?? Number.POSITIVE_INFINITY);
  return { message: finding.message, failed: finding.state === 'failed' || inVain };
}

/** 0 where the cluster does not say when it was made. */
function ageSeconds({ metadata }: Pod, serverNowMs: number): number {
  const madeAtMs = Date.parse(metadata.creationTimestamp ?? '');
  return Number.isNaN(madeAtMs) ? 0 : (serverNowMs - madeAtMs) / 1000;
}

/** As the probe found when it was deployed; one that was deployed by an earlier version was not probed. */
function networkPolicyOf({ name }: TopologyPlan, { annotations }: ApiMeta): DeployedTopology['networkPolicy'] {
  if (name !== 'hybrid') return 'not applicable';
  const found = annotations?.[networkPolicyAnnotation];
  return found === 'enforced' || found === 'not enforced' ? found : 'not probed';
}

async function read<Value>(reading: Promise<Value>, doing: string): Promise<Value> {
  try {
    return await reading;
  } catch (error) {
    throw refusal(error, doing);
  }
}

function gone(name: string): BenchError {
  return new BenchError({
    reason: 'rejected-by-cluster',
    message: `There is no deployment ${name} any more.`,
    nextStep: 'Refresh the view.',
  });
}

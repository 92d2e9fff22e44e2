import type { GpuNode } from '../core/cluster.ts';
import { BenchError } from '../core/errors.ts';
import type { Plan } from '../core/plan.ts';
import type { Environment } from '../core/record.ts';
import { sha256 } from '../hashes/sha256.ts';
import { anchorComponent } from '../topologies/anchor.ts';
import { fieldManager, labelKeys, selectorText, type Anchor } from '../topologies/labels.ts';
import type { ApiObject, Node } from './apiObjects.ts';
import type { Cluster } from './cluster.ts';
import { checkGpu } from './gpuCheck.ts';
import { isInUse, leaseOf, type Leased } from './lease.ts';
import { listAll } from './list.ts';
import { machineOf } from './machine.ts';
import { createNamespace, namespaceExists, namespaceMissing, namespacePath } from './namespace.ts';
import { isReady, readGpuNodes, readNodes } from './nodes.ts';
import { listPath } from './resources.ts';
import { checkRights, neededRights } from './rights.ts';
import { isStatus, refusal } from './statusError.ts';

export interface PreflightResult {
  readonly environment: Environment;
  /** null: the user may not list nodes. */
  readonly nodes: readonly Node[] | null;
  readonly runtimeClassExists: boolean;
}

const reachableWithinMs = 10_000;

/**
 * Checks what can be checked before anything is made: API server, rights, GPU, namespace. The namespace is the one thing
 * that it may make, and only where the plan says so and all else is well.
 * @throws BenchError api-unreachable, unauthenticated, forbidden, gpu-unavailable, namespace-missing
 */
export async function preflight(
  cluster: Cluster,
  plan: Plan,
  owner: Pick<Anchor, 'kind' | 'id'>,
  progress: {
    readonly warn: (message: string) => void;
    /** Called just before the namespace is made. */
    readonly makingNamespace: () => void;
    /** Called with the namespace that was made, which bears a lease that wants to be kept. */
    readonly madeNamespace: (leased: Leased) => void;
  },
  signal: AbortSignal,
): Promise<PreflightResult> {
  const { warn } = progress;
  const namespace = namespaceOf(plan);
  const serverVersion = await readServerVersion(cluster, signal);
  const exists = await namespaceExists(cluster, namespace, signal);
  const mayCreate = plan.target.kind === 'kubernetes' && plan.target.createNamespace;
  const needs = {
    hybrid: plan.topologies.some(({ name }) => name === 'hybrid'),
    workload: owner.kind === 'run' ? 'Job' : 'Deployment',
    makesNamespace: !exists && mayCreate,
  } as const;
  const [{ nodes, notes }, runtimeClassExists] = await Promise.all([
    readNodes(cluster, signal),
    hasRuntimeClass(cluster, plan, warn, signal),
    checkRights(cluster, namespace, neededRights(needs), signal),
  ]);
  const gpus = await checkGpus(cluster, plan, nodes, notes, warn, signal);
  if (!exists && !mayCreate) throw namespaceMissing(namespace);
  if (exists) {
    await warnOfOtherRuns(cluster, namespace, owner.id, warn, signal);
  } else {
    progress.makingNamespace();
    const leased = await createNamespace(cluster, namespace, owner, leaseOf(cluster), signal);
    if (leased !== undefined) progress.madeNamespace(leased);
  }
  const products = gpus.flatMap(({ product }) => (product === null ? [] : [product]));
  const drivers = gpus.flatMap(({ driverVersion }) => (driverVersion === null ? [] : [driverVersion]));
  return {
    nodes: nodes ?? null,
    runtimeClassExists,
    environment: {
      target: 'kubernetes',
      cluster: await clusterFingerprint(cluster, signal),
      serverVersion,
      machine: describeNodes(nodes),
      gpuProducts: [...new Set(products)],
      driverVersions: [...new Set(drivers)],
      machines: (nodes ?? []).map(machineOf),
    },
  };
}

export function namespaceOf(plan: Plan): string {
  if (plan.target.kind === 'kubernetes') return plan.target.namespace;
  throw new BenchError({ reason: 'plan-invalid', message: 'This plan is not for a Kubernetes cluster.' });
}

/**
 * The first word with the API server: whether it can be reached and takes the credentials.
 * @returns e.g. "v1.36.3"
 */
export async function readServerVersion(cluster: Cluster, signal: AbortSignal): Promise<string> {
  try {
    const version = (await cluster.get('/version', signal, { onceWithinMs: reachableWithinMs })) as {
      gitVersion?: string;
    };
    return version.gitVersion ?? 'unknown';
  } catch (error) {
    throw refusal(error, "read the cluster's version");
  }
}

/** Two runs at once take cores and memory bandwidth from each other, and their numbers say less than they seem to. */
async function warnOfOtherRuns(
  cluster: Cluster,
  namespace: string,
  ownId: string,
  warn: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const labelSelector = selectorText({
    [labelKeys.managedBy]: fieldManager,
    [labelKeys.kind]: 'run',
    [labelKeys.component]: anchorComponent,
  });
  const path = listPath('ConfigMap', namespace);
  const anchors = await listAll<ApiObject>(cluster, path, { labelSelector }, signal, true).catch((error: unknown) => {
    throw refusal(error, 'list ConfigMaps');
  });
  for (const { metadata } of anchors) {
    if (metadata.labels?.[labelKeys.run] === ownId || !isInUse(metadata, cluster.serverNow())) continue;
    warn(
      `Another run (${metadata.name}) is under way in the namespace ${namespace}: each may spoil the numbers of the other.`,
    );
  }
}

async function checkGpus(
  cluster: Cluster,
  plan: Plan,
  nodes: readonly Node[] | undefined,
  notes: readonly string[],
  warn: (message: string) => void,
  signal: AbortSignal,
): Promise<GpuNode[]> {
  if (plan.gpu === null) return [];
  if (nodes === undefined) {
    for (const note of notes) warn(note);
    return [];
  }
  const read = await readGpuNodes(cluster, nodes, plan.gpu.resource, namespaceOf(plan), signal);
  for (const note of read.notes) warn(note);
  return checkGpu(plan.gpu, nodes, read.gpuNodes);
}

async function hasRuntimeClass(
  cluster: Cluster,
  plan: Plan,
  warn: (message: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const name = plan.gpu?.runtimeClassName ?? null;
  if (name === null) return false;
  try {
    await cluster.get(`/apis/node.k8s.io/v1/runtimeclasses/${encodeURIComponent(name)}`, signal);
    return true;
  } catch (error) {
    if (isStatus(error, 403))
      warn(`This user may not see whether the runtime class ${name} exists, so it is not used.`);
    if (isStatus(error, 403) || isStatus(error, 404)) return false;
    throw refusal(error, `read the runtime class ${name}`);
  }
}

/** Tells clusters apart without naming them; null for a user who may not read what identifies one. */
async function clusterFingerprint(cluster: Cluster, signal: AbortSignal): Promise<string | null> {
  try {
    const { metadata } = (await cluster.get(namespacePath('kube-system'), signal)) as Node;
    return sha256(metadata.uid).slice(0, 12);
  } catch (error) {
    if (isStatus(error, 403) || isStatus(error, 404)) return null;
    throw error;
  }
}

function describeNodes(nodes: readonly Node[] | undefined): string {
  if (nodes === undefined) return 'nodes unknown';
  const ready = nodes.filter(isReady);
  const kinds = ready.map(({ status }) => {
    const { operatingSystem = 'unknown', architecture = 'unknown' } = status?.nodeInfo ?? {};
    return `${operatingSystem} ${architecture}, ${status?.allocatable?.['cpu'] ?? '?'} cores`;
  });
  const distinct = [...new Set(kinds)];
  return `${String(ready.length)} ${ready.length === 1 ? 'node' : 'nodes'}: ${distinct.slice(0, 4).join('; ')}`;
}

import { longestLoadSeconds, mostPhases } from '../core/loadLength.ts';
import type { LoadSpec } from '../core/load.ts';
import { besideGpuScheduling } from './gpu.ts';
import { apiKeyName } from './hybrid.ts';
import {
  componentSelector,
  labelKeys,
  objectMeta,
  ownLabels,
  topologySelector,
  topologySlug,
  type Anchor,
} from './labels.ts';
import type { ConfigMap, Container, Job, PodSpec, PodTemplate } from './objects.ts';
import type { RenderRequest } from './renderRequest.ts';
import { containerSecurityContext, podSecurityContext } from './security.ts';
import { renderJob } from './workload.ts';

export const loadContainer = 'load';
export const gateDirectory = '/gate';
export const apiKeyVariable = 'TOPOLOGY_BENCH_API_KEY';
const workerDirectory = '/opt/worker';
/** One core, because the worker is one thread, and whole, so that it is never throttled. */
const loadGeneratorCores = 1;
const amounts = { cpu: String(loadGeneratorCores), memory: '512Mi' };
/** Between phases the counters are read; the worker waits for that too. */
const secondsBetweenPhases = 30;

export interface LoadGeneratorParts {
  readonly plan: RenderRequest['plan'];
  readonly topology: RenderRequest['topology'];
  readonly anchor: Anchor;
  readonly spec: LoadSpec;
  /** Name of the ConfigMap with the worker's bundle (renderWorker). */
  readonly workerName: string;
  /** Secret with the gateway's key; null where no key is needed. */
  readonly secretName: string | null;
}

/** What decides where a load generator's pod may go. */
export function loadGeneratorNeeds({ gpu }: RenderRequest['plan']): {
  readonly spec: Pick<PodSpec, 'tolerations'> & {
    readonly containers: readonly Pick<Container, 'name' | 'resources'>[];
  };
} {
  const resources = { requests: amounts, limits: amounts };
  return { spec: { ...besideGpuScheduling(gpu), containers: [{ name: loadContainer, resources }] } };
}

/** The bundle that runs in the load generator's pod; one ConfigMap serves all topologies of a run. */
export function renderWorker(anchor: Anchor, workerBundle: string): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: objectMeta(anchor, 'worker', { [labelKeys.component]: 'load' }),
    data: { 'worker.cjs': workerBundle },
  };
}

/**
 * The load generator, or several: a Job of their own, of guaranteed quality of service, preferably on other nodes than the
 * servers. Each waits for its words as files "go-N" in its gate directory.
 */
export function renderLoadGenerator(parts: LoadGeneratorParts): { spec: ConfigMap; job: Job } {
  const { plan, topology, anchor } = parts;
  const labels = componentSelector(anchor.id, topology, 'load');
  const spec: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: objectMeta(anchor, `${topologySlug(topology)}-load`, labels),
    data: { 'spec.json': JSON.stringify(parts.spec) },
  };
  const deadline = Math.ceil(1.5 * longestLoadSeconds(plan.load)) + secondsBetweenPhases * mostPhases(plan.load) + 600;
  const template: PodTemplate = {
    metadata: { labels: { ...ownLabels(anchor), ...labels } },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 2,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: podSecurityContext,
      ...besideGpuScheduling(plan.gpu),
      affinity: awayFromServers(parts),
      containers: [
        {
          name: loadContainer,
          image: plan.images.loadGenerator,
          command: ['node', `${workerDirectory}/worker.cjs`, `${workerDirectory}/spec.json`],
          env:
            parts.secretName === null
              ? []
              : [
                  {
                    name: apiKeyVariable,
                    valueFrom: { secretKeyRef: { name: parts.secretName, key: apiKeyName } },
                  },
                ],
          resources: { requests: amounts, limits: amounts },
          securityContext: containerSecurityContext,
          volumeMounts: [
            { name: 'worker', mountPath: workerDirectory, readOnly: true },
            { name: 'gate', mountPath: gateDirectory },
            { name: 'tmp', mountPath: '/tmp' },
          ],
        },
      ],
      volumes: [
        {
          name: 'worker',
          projected: {
            sources: [{ configMap: { name: parts.workerName } }, { configMap: { name: spec.metadata.name } }],
          },
        },
        { name: 'gate', emptyDir: {} },
        { name: 'tmp', emptyDir: {} },
      ],
    },
  };
  return { spec, job: renderJobOf(plan.load.generators, renderJob(spec.metadata, deadline, template)) };
}

/** Several generators are the pods of one Indexed Job. One that fails takes no other with it: their phase ends, invalid. */
function renderJobOf(generators: number, job: Job): Job {
  if (generators === 1) return job;
  const { activeDeadlineSeconds, ttlSecondsAfterFinished, template } = job.spec;
  const indexed = { completionMode: 'Indexed', completions: generators, parallelism: generators } as const;
  const spec = { ...indexed, backoffLimitPerIndex: 0, activeDeadlineSeconds, ttlSecondsAfterFinished, template };
  return { ...job, spec };
}

/** Preferred only: on a cluster of one node the load must run too, and the result says that the node was shared. */
function awayFromServers({ anchor, topology }: LoadGeneratorParts): unknown {
  return {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 100,
          podAffinityTerm: {
            topologyKey: 'kubernetes.io/hostname',
            labelSelector: {
              matchLabels: topologySelector(anchor.id, topology),
              matchExpressions: [
                { key: labelKeys.component, operator: 'In', values: ['fastapi', 'gateway', 'triton'] },
              ],
            },
          },
        },
      ],
    },
  };
}

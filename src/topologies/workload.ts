import { longestLoadSeconds } from '../core/loadLength.ts';
import type { Plan } from '../core/plan.ts';
import { componentSelector, objectMeta, topologySlug, type Component } from './labels.ts';
import type { Deployment, Job, PodTemplate, Service } from './objects.ts';
import { podTemplate, serverImage, serverPorts, type ServerParts, type SharedNames } from './podTemplate.ts';
import type { RenderedServer, RenderRequest } from './renderRequest.ts';

/** How long the objects of a finished Job stay readable. */
const ttlSecondsAfterFinished = 300;
/** Time for the upload, and for counters and answers between the phases. */
const allowanceSeconds = 1800;

/**
 * After this many seconds the cluster itself ends a benchmark's pods, so that a machine that dies in the middle of a run
 * keeps no GPU busy.
 */
export function jobDeadlineSeconds(plan: Plan): number {
  return plan.readyTimeoutSeconds + Math.ceil(1.5 * longestLoadSeconds(plan.load)) + allowanceSeconds;
}

/** One server: its Service and its Job (benchmark) or Deployment (Deploy action), around the same pod template. */
export function renderServer(
  request: RenderRequest,
  names: SharedNames,
  parts: ServerParts,
): { objects: [Service, Job | Deployment]; server: RenderedServer } {
  const { anchor, plan, topology } = request;
  const suffix = serverSuffix(topology, parts.component);
  const selector = componentSelector(anchor.id, topology, parts.component);
  const metadata = objectMeta(anchor, suffix, selector);
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: {
      type: 'ClusterIP',
      selector,
      ports: parts.ports.map((name) => ({ name, port: serverPorts[name], targetPort: name })),
    },
  };
  const workload: Job | Deployment =
    anchor.kind === 'run'
      ? renderJob(metadata, jobDeadlineSeconds(plan), podTemplate(request, names, parts, 'Never'))
      : {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata,
          spec: {
            replicas: 1,
            progressDeadlineSeconds: plan.readyTimeoutSeconds + allowanceSeconds,
            // A second pod beside the first would need a second GPU.
            strategy: { type: 'Recreate' },
            selector: { matchLabels: selector },
            template: podTemplate(request, names, parts, 'Always'),
          },
        };
  return {
    objects: [service, workload],
    server: {
      component: parts.component,
      name: metadata.name,
      selector,
      holdsModel: parts.holdsModel,
      image: serverImage(request, parts.component),
      gpus: parts.usesGpu ? (plan.gpu?.count ?? 0) : 0,
    },
  };
}

/** A Job that runs its pod once, and whose pod the cluster ends at the deadline. */
export function renderJob(metadata: Job['metadata'], activeDeadlineSeconds: number, template: PodTemplate): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata,
    spec: { backoffLimit: 0, activeDeadlineSeconds, ttlSecondsAfterFinished, template },
  };
}

/** What follows the anchor's name in the name of a server or of what belongs to it: "hybrid-gateway", "fastapi". */
export function serverSuffix(topology: RenderRequest['topology'], component: Component): string {
  const slug = topologySlug(topology);
  return slug === component ? slug : `${slug}-${component}`;
}

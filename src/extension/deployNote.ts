import { randomUUID } from 'node:crypto';
import type { ClusterPlace } from './cluster.ts';
import type { UnfinishedRun } from './memory.ts';

const prefix = 'deploy-';

/** A Deploy that is under way, noted as a run is; what its deployment will be called is not known before it is made. */
export function deployNote({ context, namespace }: ClusterPlace): UnfinishedRun {
  return { runId: `${prefix}${randomUUID()}`, context, namespace, startedAt: new Date().toISOString() };
}

export function isDeployNote({ runId }: Pick<UnfinishedRun, 'runId'>): boolean {
  return runId.startsWith(prefix);
}

import type { ClusterEvent } from './apiObjects.ts';
import type { Cluster } from './cluster.ts';
import { listAll } from './list.ts';
import { isConnectionTrouble, isStatus, refusal } from './statusError.ts';

/** Names of all our objects begin with it; events bear no labels. */
const ownPrefix = 'tb-';

/**
 * What the cluster said of our objects in a namespace, oldest first; nothing when the user may not see events.
 * @param onceWithinMs without another try, and no longer than this for each page
 */
export async function readEvents(
  cluster: Cluster,
  namespace: string,
  signal: AbortSignal,
  onceWithinMs?: number,
): Promise<readonly ClusterEvent[]> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
  try {
    const events = await listAll<ClusterEvent>(cluster, path, {}, signal, false, onceWithinMs);
    const time = (event: ClusterEvent): string => event.lastTimestamp ?? event.eventTime ?? '';
    return events
      .filter((event) => event.involvedObject.name?.startsWith(ownPrefix) === true)
      .toSorted((a, b) => (time(a) < time(b) ? -1 : 1));
  } catch (error) {
    // The pods' own conditions still tell most.
    if (isStatus(error, 403)) return [];
    // Whoever wants no second try here makes one of its own.
    if (onceWithinMs !== undefined && isConnectionTrouble(error)) throw error;
    throw refusal(error, 'list events');
  }
}

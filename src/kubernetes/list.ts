import type { ApiList, ApiObject } from './apiObjects.ts';
import { query, type Cluster } from './cluster.ts';

export interface ListChoice {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** All objects below a path (names, labels and owners alone with `metadataOnly`), fetched in pages so that a large cluster's list does not come in one piece. */
export async function listAll<Item extends ApiObject>(
  cluster: Cluster,
  path: string,
  choice: ListChoice,
  signal: AbortSignal,
  metadataOnly = false,
  onceWithinMs?: number,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  const options = { metadataOnly, ...(onceWithinMs === undefined ? {} : { onceWithinMs }) };
  let next: string | undefined;
  do {
    const asked = query({ ...choice, limit: 500, continue: next });
    const page = (await cluster.get(`${path}?${asked}`, signal, options)) as ApiList<Item>;
    items.push(...(page.items ?? []));
    next = page.metadata?.continue === '' ? undefined : page.metadata?.continue;
  } while (next !== undefined);
  return items;
}

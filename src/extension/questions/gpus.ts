import * as vscode from 'vscode';
import type { ClusterInventory } from '../../core/cluster.ts';
import { explain } from '../../core/errors.ts';
import { gpuPools, type GpuPool } from '../../core/gpuPools.ts';
import type { GpuChoice, TargetChoice } from '../choices.ts';
import type { Cluster } from '../cluster.ts';
import { freeOfTotal, gpuName } from '../describe.ts';
import type { Settings } from '../settings.ts';
import type { Choice, Note } from './pick.ts';

type GpuEntry = Choice<GpuChoice | null> | Note;

/**
 * What the cluster's nodes offer, free of total, or where that is not known the resource that the settings name; and the CPU only.
 * @param last answer to this question for any cluster; undefined: there was none
 */
export async function gpuChoices(
  cluster: Pick<Cluster, 'inventory'>,
  target: Extract<TargetChoice, { kind: 'kubernetes' }>,
  settings: Pick<Settings, 'gpu'>,
  last: GpuChoice | null | undefined,
  signal: AbortSignal,
): Promise<GpuEntry[]> {
  const { offers, notes } = await offered(cluster, target, settings, signal);
  const picked = pickedOf(offers, last);
  const gpus = offers.map((offer): Choice<GpuChoice | null> => {
    const { resource, product, productLabel, description } = offer;
    const value: GpuChoice = { resource, count: 1, product, productLabel };
    return { label: gpuName(value), description, icon: 'circuit-board', value, picked: offer === picked };
  });
  return [...gpus, { label: vscode.l10n.t('CPU only'), icon: 'chip', value: null, picked: picked === null }, ...notes];
}

interface Offer extends Pick<GpuPool, 'resource' | 'product' | 'productLabel'> {
  readonly description: string;
  readonly mayBeFree: boolean;
}

interface Offered {
  readonly offers: readonly Offer[];
  readonly notes: readonly Note[];
}

async function offered(
  cluster: Pick<Cluster, 'inventory'>,
  target: Extract<TargetChoice, { kind: 'kubernetes' }>,
  { gpu }: Pick<Settings, 'gpu'>,
  signal: AbortSignal,
): Promise<Offered> {
  let inventory: ClusterInventory;
  try {
    inventory = await cluster.inventory(target, AbortSignal.any([signal, AbortSignal.timeout(20_000)]));
  } catch (error) {
    return {
      offers: [uncounted(gpu.resource, vscode.l10n.t('as the settings say'))],
      notes: [{ note: vscode.l10n.t('The GPUs could not be listed'), detail: explain(error) }],
    };
  }
  const { gpuNodes, podsSeen, nodes, notes } = inventory;
  if (nodes === 0) {
    // Who may not list nodes does not know what is on them, and the run finds out.
    const why =
      notes.length === 0
        ? vscode.l10n.t('not counted: the cluster has no node now')
        : vscode.l10n.t('not counted: this user may not list nodes');
    return { offers: [uncounted(gpu.resource, why)], notes: [] };
  }
  const offers = gpuPools(gpuNodes).map((pool) => ({
    ...pool,
    description: freeOfTotal(pool, podsSeen),
    mayBeFree: pool.free > 0,
  }));
  const none = offers.length === 0 ? [{ note: vscode.l10n.t('No node of this cluster has a GPU.') }] : [];
  return { offers, notes: none };
}

/** Any GPU of the resource, without a node selector of ours. */
function uncounted(resource: string, description: string): Offer {
  return { resource, product: null, productLabel: null, description, mayBeFree: true };
}

/** As answered last, where that is offered; else the first that may be free. null: the CPU only. */
function pickedOf(offers: readonly Offer[], last: GpuChoice | null | undefined): Offer | null | undefined {
  if (last === null) return null;
  return offers.find((offer) => isSame(offer, last)) ?? offers.find(({ mayBeFree }) => mayBeFree);
}

function isSame({ resource, product, productLabel }: Offer, last: GpuChoice | undefined): boolean {
  return (
    last?.resource === resource && last.product === product && (last.productLabel ?? productLabel) === productLabel
  );
}

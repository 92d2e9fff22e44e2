import * as vscode from 'vscode';
import type { ClusterInventory, GpuNode } from '../../core/cluster.ts';
import { BenchError } from '../../core/errors.ts';
import { formatBytes } from '../../core/view/format.ts';
import type { Cluster } from '../cluster.ts';
import { contextKeys, nodeContexts } from '../contributions.ts';
import type { Failures } from '../failures.ts';
import { Tree, type ProblemNode } from './tree.ts';

export type ClusterNode =
  | { readonly kind: 'context'; readonly id: string; readonly context: string; readonly server: string | null }
  | { readonly kind: 'namespace'; readonly id: string; readonly namespace: string }
  | { readonly kind: 'gpus'; readonly id: string; readonly inventory: ClusterInventory }
  | { readonly kind: 'gpu'; readonly id: string; readonly gpu: GpuNode }
  | { readonly kind: 'note'; readonly id: string; readonly text: string };

/** Context, namespace, and the GPUs of each node with free of total. */
export class ClusterTree extends Tree<ClusterNode> {
  protected readonly reading = 'reading the cluster';
  readonly #cluster: Cluster;

  constructor(cluster: Cluster, failures: Failures) {
    super(failures);
    this.#cluster = cluster;
  }

  protected async read(parent: ClusterNode | undefined): Promise<readonly (ClusterNode | ProblemNode)[]> {
    if (parent?.kind === 'gpus') {
      return parent.inventory.gpuNodes.map((gpu) => ({ kind: 'gpu', id: `gpu:${gpu.name}:${gpu.resource}`, gpu }));
    }
    if (parent !== undefined) return [];
    const current = await this.#current();
    await vscode.commands.executeCommand('setContext', contextKeys.hasCluster, current !== undefined);
    if (current === undefined) return [];
    const { context, namespace } = current;
    const head = (server: string | null): ClusterNode[] => [
      { kind: 'context', id: 'context', context, server },
      { kind: 'namespace', id: 'namespace', namespace },
    ];
    try {
      const inventory = await this.#cluster.inventory();
      const notes = inventory.notes.map((text, index): ClusterNode => ({
        kind: 'note',
        id: `note:${String(index)}`,
        text,
      }));
      return [...head(inventory.serverVersion), { kind: 'gpus', id: 'gpus', inventory }, ...notes];
    } catch (error) {
      return [...head(null), this.problem(error, 'inventory')];
    }
  }

  protected render(node: ClusterNode): vscode.TreeItem {
    switch (node.kind) {
      case 'context':
        return row(node.context, 'server-environment', {
          description: node.server === null ? '' : `Kubernetes ${node.server}`,
          contextValue: nodeContexts.context,
          tooltip: vscode.l10n.t('Kubernetes context {0}', node.context),
        });
      case 'namespace':
        return row(node.namespace, 'symbol-namespace', {
          description: vscode.l10n.t('namespace'),
          contextValue: nodeContexts.namespace,
          tooltip: vscode.l10n.t('Topologies are deployed to the namespace {0}', node.namespace),
        });
      case 'gpus':
        return renderGpus(node.inventory);
      case 'gpu':
        return renderGpu(node.gpu);
      case 'note':
        return row(node.text, 'info', { description: '', contextValue: 'note', tooltip: node.text });
    }
  }

  /** undefined when no kubeconfig names a context: then the welcome text takes over. */
  async #current(): Promise<{ context: string; namespace: string } | undefined> {
    try {
      return await this.#cluster.current();
    } catch (error) {
      if (error instanceof BenchError && error.reason === 'kubeconfig-missing') return undefined;
      // A kubeconfig that is there but broken is a failure to show, not a cluster that is missing.
      await vscode.commands.executeCommand('setContext', contextKeys.hasCluster, true);
      throw error;
    }
  }
}

function renderGpus(inventory: ClusterInventory): vscode.TreeItem {
  const total = inventory.gpuNodes.reduce((sum, gpu) => sum + gpu.total, 0);
  const free = inventory.gpuNodes.reduce((sum, gpu) => sum + gpu.free, 0);
  // A user who may not list nodes sees none; a note below says so.
  const nodes =
    inventory.nodes === 0
      ? vscode.l10n.t('nodes not known')
      : vscode.l10n.t('{0} of {1} nodes ready', inventory.readyNodes, inventory.nodes);
  const item = row(vscode.l10n.t('GPU nodes'), 'circuit-board', {
    description:
      total === 0
        ? vscode.l10n.t('no GPUs; {0}', nodes)
        : vscode.l10n.t('{0} of {1} GPUs free; {2}', free, total, nodes),
    contextValue: 'gpus',
    tooltip: nodes,
  });
  if (inventory.gpuNodes.length > 0) item.collapsibleState = vscode.TreeItemCollapsibleState.Expanded;
  return item;
}

function renderGpu(gpu: GpuNode): vscode.TreeItem {
  const free = vscode.l10n.t('{0} of {1} {2} free', gpu.free, gpu.total, gpu.resource);
  const closed = gpu.schedulable ? '' : vscode.l10n.t('; takes no pods');
  const memory = gpu.memoryMiB === null ? [] : [formatBytes(gpu.memoryMiB * 1024 * 1024)];
  const driver = gpu.driverVersion === null ? [] : [vscode.l10n.t('driver {0}', gpu.driverVersion)];
  const taken = gpu.takenBy.map((pod) => vscode.l10n.t('taken by {0}', pod));
  const product = gpu.product === null ? [] : [gpu.product];
  return row(gpu.name, gpu.schedulable && gpu.free > 0 ? 'vm-active' : 'vm', {
    description: [free + closed, ...product].join(' · '),
    contextValue: 'gpu',
    tooltip: [gpu.name, free + closed, ...product, ...memory, ...driver, ...taken].join('\n'),
  });
}

function row(
  label: string,
  icon: string,
  rest: { description: string; contextValue: string; tooltip: string },
): vscode.TreeItem {
  const item = new vscode.TreeItem(label);
  item.iconPath = new vscode.ThemeIcon(icon);
  return Object.assign(item, rest);
}

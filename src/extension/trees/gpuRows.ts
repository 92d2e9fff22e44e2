import * as vscode from 'vscode';
import type { GpuNode, PodsSeen } from '../../core/cluster.ts';
import { gpuHolders, type GpuPool } from '../../core/gpuPools.ts';
import { formatBytes } from '../../core/view/format.ts';
import { freeOfTotal } from '../describe.ts';

/** What of a cluster's pods was seen; null: nobody looked. */
type Seen = PodsSeen | null;

/** More nodes than this are shown when the user opens their pool. */
const mostNodesShown = 8;
/** A tooltip is no place for a list that is longer than the screen. */
const mostHoldersNamed = 20;

/** GPUs of one product, free of total. */
export function renderPool(pool: GpuPool, seen: Seen): vscode.TreeItem {
  const { product, resource, nodes } = pool;
  const item = new vscode.TreeItem(
    product ?? resource,
    nodes.length > mostNodesShown
      ? vscode.TreeItemCollapsibleState.Collapsed
      : vscode.TreeItemCollapsibleState.Expanded,
  );
  const free = freeOfTotal(pool, seen);
  item.description = [free, ...(product === null ? [] : [resource])].join(' · ');
  item.iconPath = new vscode.ThemeIcon('circuit-board');
  item.contextValue = 'gpus';
  item.tooltip = tooltip(product ?? resource, [resource, free, ...closedNodes(nodes)], nodes, seen);
  return item;
}

/** One node of a pool. */
export function renderGpuNode(node: GpuNode, seen: Seen): vscode.TreeItem {
  const item = new vscode.TreeItem(node.name);
  const free = freeOfTotal(node, seen);
  const closed = node.schedulable ? [] : [vscode.l10n.t('takes no pods')];
  const memory = node.memoryMiB === null ? [] : [formatBytes(node.memoryMiB * 1024 * 1024)];
  const driver = node.driverVersion === null ? [] : [vscode.l10n.t('driver {0}', node.driverVersion)];
  item.description = [free, ...closed].join('; ');
  item.iconPath = new vscode.ThemeIcon(node.schedulable && node.free > 0 ? 'vm-active' : 'vm');
  item.contextValue = 'gpu';
  const facts = [node.product ?? node.resource, free, ...closed, ...memory, ...driver];
  item.tooltip = tooltip(node.name, facts, [node], seen);
  return item;
}

function closedNodes(nodes: readonly GpuNode[]): string[] {
  const closed = nodes.filter((node) => !node.schedulable).map((node) => node.name);
  return closed.length === 0 ? [] : [vscode.l10n.t('takes no pods: {0}', closed.join(', '))];
}

/** Names come from the cluster, so all of them go in as text. */
function tooltip(
  title: string,
  facts: readonly string[],
  nodes: readonly GpuNode[],
  seen: Seen,
): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString();
  markdown.appendMarkdown('**').appendText(title).appendMarkdown('**\n\n');
  markdown.appendText(facts.join(' · ')).appendMarkdown('\n\n');
  const holders = gpuHolders(nodes);
  for (const { pod, count } of holders.slice(0, mostHoldersNamed)) {
    markdown
      .appendMarkdown('- ')
      .appendText(vscode.l10n.t('{0} takes {1}', pod, count))
      .appendMarkdown('\n');
  }
  const unnamed = holders.length - mostHoldersNamed;
  if (unnamed > 0)
    markdown.appendMarkdown('- ').appendText(vscode.l10n.t('and {0} more', unnamed)).appendMarkdown('\n');
  const remark = remarkOn(holders.length, seen);
  if (remark !== null) markdown.appendMarkdown('\n').appendText(remark);
  return markdown;
}

/** An empty list of holders must not pass for knowledge. */
function remarkOn(holders: number, seen: Seen): string | null {
  switch (seen) {
    case 'nowhere':
      return vscode.l10n.t('What takes GPUs is not known: this user may not list pods.');
    case 'own namespace':
      return vscode.l10n.t('What else takes GPUs is not known: this user may not list the pods of other namespaces.');
    case 'everywhere':
    case null:
      return holders === 0 ? vscode.l10n.t('Nothing takes a GPU.') : null;
  }
}

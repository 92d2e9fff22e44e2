import type { Command } from 'commander';
import type { ClusterInventory } from '../core/cluster.ts';
import { readInventory } from '../kubernetes/index.ts';
import { addClusterOptions, clusterChoice, type ClusterOptions } from './clusterOptions.ts';
import type { CliContext } from './context.ts';
import { columns } from './columns.ts';

/** `topology-bench inventory`: nodes and GPUs, free of total, and who holds the others. */
export function registerInventory(program: Command, context: CliContext): void {
  addClusterOptions(program.command('inventory'))
    .description('show the nodes and GPUs of a cluster, free of total')
    .option('--json', 'print JSON')
    .action(async (options: ClusterOptions & { json?: boolean }) => {
      const inventory = await readInventory(clusterChoice(options), context.signal);
      context.stdout.write(
        options.json === true ? `${JSON.stringify(inventory, null, 2)}\n` : inventoryTable(inventory),
      );
    });
}

/** The inventory as a table for a terminal. */
export function inventoryTable(inventory: ClusterInventory): string {
  const head = `${inventory.context}  namespace ${inventory.namespace}  Kubernetes ${inventory.serverVersion}  ${String(inventory.readyNodes)} of ${String(inventory.nodes)} nodes Ready`;
  const rows = inventory.gpuNodes.map((node) => [
    node.name,
    node.resource,
    node.product ?? '-',
    `${String(node.free)} of ${String(node.total)} free`,
    node.schedulable ? '' : 'cordoned',
    node.takenBy.length === 0 ? '' : `held by ${node.takenBy.map(({ pod }) => pod).join(', ')}`,
  ]);
  const gpus =
    rows.length === 0
      ? 'No GPU is offered by any node.\n'
      : columns(['NODE', 'RESOURCE', 'PRODUCT', 'GPUS', '', ''], rows);
  const notes = inventory.notes.map((note) => `Note: ${note}\n`).join('');
  return `${head}\n${gpus}${notes}`;
}

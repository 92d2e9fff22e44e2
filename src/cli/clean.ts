import type { Command } from 'commander';
import type { Leftover } from '../core/cluster.ts';
import { cancelled } from '../core/errors.ts';
import { findLeftovers, removeLeftovers } from '../kubernetes/index.ts';
import { usageError } from './arguments.ts';
import { confirmed } from './ask.ts';
import { addClusterOptions, clusterChoice, type ClusterOptions } from './clusterOptions.ts';
import { columns } from './columns.ts';
import type { CliContext } from './context.ts';

interface CleanOptions extends ClusterOptions {
  deployments?: boolean;
  force?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}

/**
 * `topology-bench clean`: what this program left on a context, and its removal. Runs that somebody still looks after and what
 * the Deploy action made stay, unless asked for.
 */
export function registerClean(program: Command, context: CliContext): void {
  addClusterOptions(program.command('clean'), "all that you may look into, else the context's")
    .description('show and remove what interrupted runs left on the cluster')
    .option('--deployments', 'also what the Deploy action made')
    .option('--force', 'also runs that are still under way somewhere')
    .option('--dry-run', 'only show')
    .option('--yes', 'do not ask')
    .option('--json', 'print what was found as JSON')
    .action(async (options: CleanOptions) => {
      const choice = clusterChoice(options);
      const found = await findLeftovers(choice, context.signal);
      const chosen = found.filter(
        (leftover) =>
          (leftover.kind === 'run' || options.deployments === true) && (!leftover.inUse || options.force === true),
      );
      context.stdout.write(
        options.json === true ? `${JSON.stringify(found, null, 2)}\n` : leftoverTable(found, chosen),
      );
      if (options.dryRun === true || chosen.length === 0) return;
      await confirm(chosen, options, context);
      await removeLeftovers(choice, chosen, context.signal);
      context.stderr.write(`Removed ${String(chosen.length)}.\n`);
    });
}

function leftoverTable(found: readonly Leftover[], chosen: readonly Leftover[]): string {
  if (found.length === 0) return 'Nothing was left behind.\n';
  return columns(
    ['KIND', 'ID', 'NAMESPACE', 'CREATED', 'OBJECTS', 'GPUS', ''],
    found.map((leftover) => [
      leftover.kind,
      leftover.id,
      leftover.namespace,
      leftover.createdAt,
      String(leftover.objects.length),
      String(leftover.gpus),
      chosen.includes(leftover) ? '' : leftover.inUse ? 'under way, stays (--force)' : 'stays (--deployments)',
    ]),
  );
}

async function confirm(chosen: readonly Leftover[], options: CleanOptions, context: CliContext): Promise<void> {
  if (options.yes === true) return;
  if (!context.stdin.isTTY) {
    throw usageError(
      'There is nobody to ask whether these should be removed.',
      'Give --yes to remove them, or --dry-run to only look.',
    );
  }
  const asking = 'asking; nothing was removed';
  if (!(await confirmed(`Remove ${String(chosen.length)}?`, asking, context))) throw cancelled(asking);
}

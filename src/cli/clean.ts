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
 * the Deploy action brought up stay, unless asked for.
 */
export function registerClean(program: Command, context: CliContext): void {
  addClusterOptions(program.command('clean'), "all that you may look into, else the context's")
    .description('show and remove what interrupted runs left on the cluster')
    .option('--deployments', 'also what the Deploy action brought up')
    .option('--force', 'also runs that are still under way somewhere')
    .option('--dry-run', 'only show')
    .option('--yes', 'do not ask')
    .option('--json', 'print what was found as JSON')
    .action(async (options: CleanOptions) => {
      const choice = clusterChoice(options);
      const found = await findLeftovers(choice, context.signal);
      const chosen = found.filter((leftover) => isChosen(leftover, options));
      context.stdout.write(
        options.json === true ? `${JSON.stringify(found, null, 2)}\n` : leftoverTable(found, chosen),
      );
      if (options.dryRun === true || chosen.length === 0) return;
      await confirm(chosen, options, context);
      const waiting = (message: string): void => {
        context.stderr.write(`${message}\n`);
      };
      const { removed, kept } = await removeLeftovers(choice, chosen, context.signal, { waiting });
      context.stderr.write(removalText(removed, kept));
    });
}

function isChosen({ kind, inUse, leftBehind }: Leftover, { deployments, force }: CleanOptions): boolean {
  if (leftBehind) return true;
  if (inUse && force !== true) return false;
  return kind === 'run' || deployments === true;
}

function removalText(removed: number, kept: readonly string[]): string {
  if (kept.length === 0) return `Removed ${String(removed)}.\n`;
  const all = String(removed + kept.length);
  return [`Removed ${String(removed)} of ${all} with all that belonged to it.`, ...kept, ''].join('\n');
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
      wordOn(leftover, chosen.includes(leftover)),
    ]),
  );
}

function wordOn(leftover: Leftover, isChosen: boolean): string {
  if (isChosen) return leftover.kind === 'deployment' && leftover.leftBehind ? 'its Deploy was interrupted' : '';
  return leftover.inUse ? 'under way, stays (--force)' : 'stays (--deployments)';
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

import type { Command } from 'commander';
import { defaultNamespaceOf, renderManifests } from '../kubernetes/index.ts';
import { addPlanOptions, choose, type PlanOptions } from './choices.ts';
import { usageError } from './arguments.ts';
import type { CliContext } from './context.ts';

/** `topology-bench render`: the manifests of a plan, for review; nothing is applied and no cluster is asked. */
export function registerRender(program: Command, context: CliContext): void {
  addPlanOptions(program.command('render'))
    .description('print the Kubernetes manifests of a plan; the API key is a placeholder')
    .option('--json', 'print the objects as JSON')
    .action(async (planPath: string | undefined, options: PlanOptions & { json?: boolean }) => {
      const chosen = await choose(planPath, options, context, defaultNamespaceOf);
      if (chosen.plan.target.kind === 'local')
        throw usageError('On this machine there are no manifests.', 'Leave --local out.');
      const { text, objects } = await renderManifests(chosen);
      context.stdout.write(options.json === true ? `${JSON.stringify(objects, null, 2)}\n` : text);
    });
}

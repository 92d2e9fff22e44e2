import type { Command } from 'commander';
import { BenchError } from '../core/errors.ts';
import { defaultNamespaceOf, renderManifests } from '../kubernetes/index.ts';
import { addPlanOptions, choose, type PlanOptions } from './choices.ts';
import { usageError } from './arguments.ts';
import type { CliContext } from './context.ts';

/** `topology-bench render`: the manifests of a plan, for review; nothing is applied and no cluster is asked. */
export function registerRender(program: Command, context: CliContext): void {
  addPlanOptions(program.command('render'))
    .description(
      "print the Kubernetes manifests of a plan's servers, without their load generator; the API key is a placeholder",
    )
    .option('--json', 'print the objects as JSON')
    .action(async (planPath: string | undefined, options: PlanOptions & { json?: boolean }) => {
      const chosen = await choose(planPath, options, context, namespaceWithoutCluster);
      if (chosen.plan.target.kind === 'local')
        throw usageError(
          'The plan runs on this machine, where there are no manifests.',
          'Leave "target: local" out of it.',
        );
      const { text, objects } = await renderManifests(chosen);
      context.stdout.write(options.json === true ? `${JSON.stringify(objects, null, 2)}\n` : text);
    });
}

/** Manifests need no cluster, so that only a name is missing where there is no kubeconfig. */
async function namespaceWithoutCluster(
  kubeContext: string | undefined,
  kubeconfigPath: string | undefined,
): Promise<string> {
  try {
    return await defaultNamespaceOf(kubeContext, kubeconfigPath);
  } catch (error) {
    const named = kubeContext !== undefined || kubeconfigPath !== undefined;
    if (error instanceof BenchError && error.reason === 'kubeconfig-missing' && !named) return 'default';
    throw error;
  }
}

import type { Command } from 'commander';
import type { ClusterChoice } from '../kubernetes/index.ts';

export interface ClusterOptions {
  context?: string;
  kubeconfig?: string;
  namespace?: string;
}

export function addClusterOptions(command: Command, namespaceDefault = "the context's, or default"): Command {
  return command
    .option('--context <name>', 'kube context (default: the current one)')
    .option('--kubeconfig <file>', 'kubeconfig file (default: KUBECONFIG, then ~/.kube/config)')
    .option('--namespace <name>', `namespace (default: ${namespaceDefault})`);
}

export function clusterChoice(options: ClusterOptions): ClusterChoice {
  return {
    ...(options.context === undefined ? {} : { context: options.context }),
    ...(options.kubeconfig === undefined ? {} : { kubeconfigPath: options.kubeconfig }),
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
  };
}

import * as vscode from 'vscode';

const extensionId = 'ms-kubernetes-tools.vscode-kubernetes-tools';

/** What its configuration API tells of. Source: vscode-kubernetes-tools-api 1.3, ConfigurationV1_1. */
const eventNames = ['onDidChangeContext', 'onDidChangeNamespace', 'onDidChangeKubeconfigPath'] as const;

type Subscribe = (listener: () => void) => vscode.Disposable;

/**
 * Hears of contexts, namespaces and kubeconfigs that are chosen in Microsoft's Kubernetes extension.
 * @returns undefined where it is not installed, or does not run yet: it is not started for this
 */
export function onChangeInKubernetesExtension(listener: () => void): vscode.Disposable | undefined {
  const extension = vscode.extensions.getExtension<unknown>(extensionId);
  if (extension?.isActive !== true) return undefined;
  try {
    const api = configurationOf(extension.exports);
    const events = eventNames.map((name) => api[name]).filter(isSubscribe);
    return vscode.Disposable.from(...events.map((subscribe) => subscribe(listener)));
  } catch {
    // Faults of another extension are not ours to tell; the kubeconfig itself is watched, too.
    return vscode.Disposable.from();
  }
}

/** Its exports are a broker of APIs by name and version; an older one knows nothing of this one. */
function configurationOf(broker: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(broker) || typeof broker['get'] !== 'function') return {};
  const get = broker['get'] as (component: string, version: string) => unknown;
  const found = get.call(broker, 'configuration', 'v1_1');
  return isRecord(found) && isRecord(found['api']) ? found['api'] : {};
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isSubscribe(value: unknown): value is Subscribe {
  return typeof value === 'function';
}

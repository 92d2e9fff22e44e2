import * as vscode from 'vscode';
import { BenchError } from '../../core/errors.ts';
import { pickOne } from '../questions/pick.ts';
import type { Services } from '../services.ts';

/** Another context for this window; the kubeconfig is left as it is. */
export async function selectContext({ cluster, memory }: Services): Promise<void> {
  const current = await cluster.current();
  const answer = await pickOne<string>({
    title: vscode.l10n.t('Select Kubernetes Context'),
    placeholder: vscode.l10n.t('Which context? Your kubeconfig is not changed.'),
    canGoBack: false,
    choices: async () =>
      (await cluster.contexts()).map((context) => ({
        label: context.name,
        description: context.current ? vscode.l10n.t('current in the kubeconfig') : '',
        icon: 'server-environment',
        value: context.name,
        picked: context.name === current?.context,
      })),
  });
  if (answer.kind !== 'value') return;
  await memory.selectContext(answer.value);
  cluster.changed();
}

const namespacePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Another namespace for the current context; one that does not exist yet may be named, and is made by a run only when asked. */
export async function selectNamespace({ cluster, memory }: Services): Promise<void> {
  const current = await cluster.current();
  if (current === undefined) {
    throw new BenchError({
      reason: 'kubeconfig-missing',
      message: 'No Kubernetes context is selected.',
      nextStep: 'Select a context first.',
    });
  }
  const namespace = await vscode.window.showInputBox({
    title: vscode.l10n.t('Select Namespace'),
    prompt: vscode.l10n.t('Namespace that topologies are deployed to on {0}', current.context),
    value: current.namespace,
    validateInput: (text) =>
      namespacePattern.test(text)
        ? undefined
        : vscode.l10n.t('A namespace has lower-case letters, digits and "-", at most 63 characters.'),
  });
  if (namespace === undefined) return;
  await memory.selectNamespace(current.context, namespace);
  cluster.changed();
}

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { placeNeeded } from '../cluster.ts';
import { isProtected } from '../protection.ts';
import { pickOne } from '../questions/pick.ts';
import type { Services } from '../services.ts';
import { readSettings } from '../settings.ts';

/** Another context for this window, or whichever the kubeconfig says, which is left as it is; leads on to the namespace, too. */
export async function selectContext(services: Services): Promise<void> {
  const { cluster, memory } = services;
  const answer = await pickOne<{ readonly context: string | undefined } | 'namespace'>({
    title: vscode.l10n.t('Select Kubernetes Context'),
    placeholder: vscode.l10n.t('Which context? Your kubeconfig is not changed.'),
    canGoBack: false,
    async choices() {
      const contexts = await cluster.contexts();
      const place = await cluster.current();
      // A context that the kubeconfig names no more counts as none selected, as it does in Cluster.current.
      const selected = contexts.find((context) => context.name === memory.selectedContext())?.name;
      return [
        {
          label: vscode.l10n.t("Follow the kubeconfig's current context"),
          description: contexts.find((context) => context.current)?.name ?? vscode.l10n.t('it names none'),
          icon: 'sync',
          value: { context: undefined },
          picked: selected === undefined,
        },
        ...(place === undefined
          ? []
          : [
              {
                label: vscode.l10n.t('Select Namespace…'),
                description: vscode.l10n.t('{0} on {1} now', place.namespace, place.context),
                icon: 'symbol-namespace',
                value: 'namespace' as const,
              },
            ]),
        ...contexts.map((context) => ({
          label: context.name,
          description: [
            ...(context.current ? [vscode.l10n.t('current in the kubeconfig')] : []),
            ...(isProtected(context.name) ? [vscode.l10n.t('protected')] : []),
          ].join(', '),
          icon: isProtected(context.name) ? 'lock' : 'server-environment',
          value: { context: context.name },
          picked: context.name === selected,
        })),
      ];
    },
  });
  if (answer.kind !== 'value') return;
  if (answer.value === 'namespace') {
    await selectNamespace(services);
    return;
  }
  await memory.selectContext(answer.value.context);
  cluster.changed();
}

const namespacePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * Another namespace for the current context, or whichever settings and kubeconfig say; one that does not exist yet may be named,
 * and is made by a run only when asked.
 */
export async function selectNamespace({ cluster, memory }: Services): Promise<void> {
  const current = await placeNeeded(cluster);
  const { namespace: followed, elsewhere } = cluster.lastFollowed() ?? { ...current, elsewhere: [] };
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Select Namespace'),
    prompt: [
      vscode.l10n.t(
        'Namespace that topologies are deployed to on {0}. Empty: follow the setting topologyBench.namespace, else the context, which is {1} now.',
        current.context,
        followed,
      ),
      ...elsewhere.map(({ folder, namespace }) =>
        vscode.l10n.t('Models of the folder {0} then go to {1}.', folder, namespace),
      ),
    ].join(' '),
    placeHolder: vscode.l10n.t('{0}, as settings and context say', followed),
    value: cluster.hasSelectedNamespace(current) ? current.namespace : '',
    validateInput: (typed) =>
      typed.trim() === '' || namespacePattern.test(typed.trim())
        ? undefined
        : vscode.l10n.t(
            'A namespace has lower-case letters, digits and "-", at most 63 characters. Empty: follow settings and context.',
          ),
  });
  if (text === undefined) return;
  await memory.selectNamespace(current.context, text.trim() === '' ? undefined : text.trim());
  cluster.changed();
}

/** Another kubeconfig for all windows: into the user's own settings, since no other file counts for this one. */
export async function chooseKubeconfig(): Promise<void> {
  const { kubeconfig } = readSettings(undefined);
  const usual = join(homedir(), '.kube');
  const folder = kubeconfig === null ? (existsSync(usual) ? usual : homedir()) : dirname(kubeconfig);
  const [file] =
    (await vscode.window.showOpenDialog({
      title: vscode.l10n.t('Choose Kubeconfig'),
      openLabel: vscode.l10n.t('Choose'),
      canSelectMany: false,
      defaultUri: vscode.Uri.file(folder),
    })) ?? [];
  if (file === undefined) return;
  await vscode.workspace
    .getConfiguration('topologyBench', null)
    .update('kubeconfig', file.fsPath, vscode.ConfigurationTarget.Global);
}

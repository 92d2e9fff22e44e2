import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { placeNeeded } from '../cluster.ts';
import { isProtected } from '../protection.ts';
import { askNamespace } from '../questions/namespace.ts';
import { pickOne } from '../questions/pick.ts';
import type { Services } from '../services.ts';
import { readSettings } from '../settings.ts';
import { shownWait } from '../shownWait.ts';

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

/**
 * Another namespace for the current context, or whichever settings and kubeconfig say; one that does not exist yet may be named,
 * and is made by a run only when asked.
 */
export async function selectNamespace({ cluster, memory }: Services): Promise<void> {
  const current = await placeNeeded(cluster);
  const { namespace: followed, elsewhere } = cluster.lastFollowed() ?? { ...current, elsewhere: [] };
  const selected = cluster.hasSelectedNamespace(current) ? current.namespace : undefined;
  const looking = vscode.l10n.t('Looking for the namespaces of {0}', current.context);
  const names = await shownWait(looking, 'looking for namespaces', (signal) => cluster.namespaces(current, signal));
  const answer = await askNamespace({ context: current.context, names, selected, followed, elsewhere });
  if (answer.kind !== 'value') return;
  await memory.selectNamespace(current.context, answer.value);
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

import * as vscode from 'vscode';
import type { Cluster, ClusterPlace } from './cluster.ts';
import type { CommandId } from './contributions.ts';
import { modelConfigSelector } from './lens.ts';
import { readDocument } from './modelDocument.ts';
import type { Panels } from './panel.ts';
import { isPlanFile } from './planFiles.ts';
import { isProtected } from './protection.ts';

/** Pause before the kubeconfig is read for it, so that it holds up neither a file that is opened nor the start of the window. */
const pauseMs = 500;
/** Some providers make context names of a hundred characters, which differ at their end. */
const shownCharacters = 32;

/**
 * Context and namespace in the status bar, as long as something is in sight that is deployed there: a model config, a plan
 * file, a results panel or one of the views. Nothing is shown for anybody else, and for a panel alone nothing is read: figures come
 * before what reads a kubeconfig.
 */
export function showPlace(
  cluster: Pick<Cluster, 'current' | 'lastPlace' | 'onDidChange' | 'onDidLook'>,
  views: readonly Pick<vscode.TreeView<unknown>, 'visible' | 'onDidChangeVisibility'>[],
  panels: Pick<Panels, 'isAnySeen' | 'onDidChangeSight'>,
): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('topologyBench.place', vscode.StatusBarAlignment.Left, -10);
  item.name = vscode.l10n.t('Topology Bench: Kubernetes Context');
  const command: CommandId = 'topologyBench.selectContext';
  item.command = command;
  let isRead = false;
  let timer: NodeJS.Timeout | undefined;

  const read = (): void => {
    timer = undefined;
    // The Cluster view says what is wrong with a kubeconfig that cannot be read.
    cluster.current().catch(() => undefined);
  };
  const draw = (): void => {
    const config = configInView();
    const isWanted = config !== undefined || views.some(({ visible }) => visible);
    if (isWanted && !isRead) timer ??= setTimeout(read, pauseMs);
    const place = isWanted || panels.isAnySeen() ? cluster.lastPlace(config) : undefined;
    if (place === undefined) {
      item.hide();
      return;
    }
    Object.assign(item, textsOf(place));
    item.show();
  };
  draw();
  return vscode.Disposable.from(
    item,
    cluster.onDidLook(() => {
      isRead = true;
      draw();
    }),
    cluster.onDidChange(() => {
      isRead = false;
      draw();
    }),
    vscode.window.onDidChangeVisibleTextEditors(draw),
    vscode.window.onDidChangeActiveTextEditor(draw),
    ...views.map((view) => view.onDidChangeVisibility(draw)),
    panels.onDidChangeSight(draw),
    {
      dispose: () => {
        clearTimeout(timer);
      },
    },
  );
}

/** A model config or plan file that is in sight, the one with the cursor first. */
function configInView(): vscode.Uri | undefined {
  const { activeTextEditor, visibleTextEditors } = vscode.window;
  const editors = [...(activeTextEditor === undefined ? [] : [activeTextEditor]), ...visibleTextEditors];
  return editors.find(({ document }) => isConfig(document))?.document.uri;
}

function isConfig(document: vscode.TextDocument): boolean {
  if (isPlanFile(document.uri)) return true;
  const mayBe = vscode.languages.match(modelConfigSelector, document) > 0;
  return mayBe && readDocument(document).model?.task === 'text-classification';
}

function textsOf({
  context,
  namespace,
}: ClusterPlace): Pick<vscode.StatusBarItem, 'text' | 'tooltip' | 'accessibilityInformation'> {
  const isGuarded = isProtected(context);
  const shown = context.length <= shownCharacters ? context : `…${context.slice(1 - shownCharacters)}`;
  const label = isGuarded
    ? vscode.l10n.t('Kubernetes context {0}, protected, namespace {1}', context, namespace)
    : vscode.l10n.t('Kubernetes context {0}, namespace {1}', context, namespace);
  return {
    // In a name "$(...)" would stand for an icon.
    text: `$(${isGuarded ? 'lock' : 'server-environment'}) ${shown.replaceAll('$(', '$ (')}/${namespace}`,
    tooltip: `${label}\n${vscode.l10n.t('Topologies are deployed there. Click to select another context or namespace.')}`,
    accessibilityInformation: { label, role: 'button' },
  };
}

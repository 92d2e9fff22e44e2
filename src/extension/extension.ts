import { startedAtMs } from './started.ts';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { Baselines } from './baselines.ts';
import type { BenchmarkChoices } from './choices.ts';
import { Cluster } from './cluster.ts';
import { benchmarkUnasked } from './commands/benchmark.ts';
import { disposeLogs } from './commands/deployments.ts';
import { registerCommands } from './commands/register.ts';
import { registerConfigDocuments } from './configDocuments.ts';
import { ConfigTexts } from './configTexts.ts';
import { viewIds } from './contributions.ts';
import { Diagnostics } from './diagnostics.ts';
import { loadedBundles } from './engine.ts';
import { createFailures } from './failures.ts';
import { modelConfigSelector, ModelLenses } from './lens.ts';
import { createLog } from './log.ts';
import { lookForLeftBehind } from './lookForLeftBehind.ts';
import { createMemory, type Memory } from './memory.ts';
import { forgetChangedKeys } from './menuKeys.ts';
import { modelCheck } from './modelCheck.ts';
import { ModelHints } from './modelHints.ts';
import { createHoldings } from './holdings.ts';
import { offerQueued } from './offerQueued.ts';
import { Panels, type PanelReport } from './panel.ts';
import { createPanelContent } from './panelContent.ts';
import { registerPlanDocuments } from './planDocuments.ts';
import { planFileCheck } from './planCheck.ts';
import { PlanFixes } from './planFixes.ts';
import { planFileSelector } from './planFiles.ts';
import { registerPlanFileHelp } from './planHelp.ts';
import { showPlace } from './placeStatus.ts';
import { PlanLenses } from './planLens.ts';
import type { RunEnd } from './prepare.ts';
import { Protection } from './protection.ts';
import { QuickFixes } from './quickFixes.ts';
import { KubeconfigWatch } from './kubeconfigWatch.ts';
import { Results } from './results.ts';
import { choicesOfRun } from './runChoices.ts';
import { Runs, type LiveRun } from './runs.ts';
import type { Services } from './services.ts';
import { readSettings, reportWrongSettings } from './settings.ts';
import { captionViews } from './trees/captions.ts';
import { ClusterTree } from './trees/clusterTree.ts';
import { ResultsTree } from './trees/resultsTree.ts';
import { showRunBadge } from './trees/runBadge.ts';
import type { TreeText } from './trees/tree.ts';
import { TopologiesTree } from './trees/topologiesTree.ts';
import { watchCluster } from './trees/watchCluster.ts';
import { watchDeployments } from './trees/watchDeployments.ts';
import { watchAgain } from './watchAgain.ts';

/** What tests, and other extensions, may use. */
export interface TopologyBenchApi {
  /** From the bundle's first line to the end of activation. */
  readonly activationMs: number;
  /** Bundles that are in memory: none right after activation. */
  loadedBundles(): readonly string[];
  /** Runs that are queued or under way. */
  activeRuns(): readonly LiveRun[];
  run(id: string): LiveRun | undefined;
  cancelRun(id: string): boolean;
  /** Starts a run without questions but that of a protected context, on the same path as theirs; resolves when it is over, clean-up included. */
  runPlan(choices: BenchmarkChoices): Promise<{ readonly runId: string; readonly end: RunEnd }>;
  /** What each open panel shows, and what its page says it has painted. */
  panels(): readonly PanelReport[];
  /** What a tree shows, as it would be painted: label, description and children of each node. */
  tree(view: keyof typeof viewIds): Promise<readonly TreeText[]>;
  readonly memory: Memory;
}

/** Milliseconds that the bundle took to run; activation comes later, when VS Code wants it. */
const loadedInMs = performance.now() - startedAtMs;

/** What must outlive the subscriptions, which VS Code disposes of while it still waits for `deactivate`. */
let toEnd: { readonly runs: Runs; readonly log: vscode.LogOutputChannel } | undefined;

/** Wiring only: nothing here touches the network, a cluster or a large file. */
export function activate(context: vscode.ExtensionContext): TopologyBenchApi {
  const began = performance.now();
  const log = createLog(vscode.window.createOutputChannel('Topology Bench', { log: true }));
  const failures = createFailures(log);
  const memory = createMemory(context.workspaceState, context.globalState);
  const cluster = new Cluster(memory);
  const protection = new Protection();
  const results = new Results(context.globalStorageUri, log);
  const baselines = new Baselines(memory, results);
  const runs = new Runs(memory, log);
  toEnd = { runs, log };
  let watched: Promise<void> = Promise.resolve();
  const configTexts = new ConfigTexts(context.storageUri ?? context.globalStorageUri, log);
  const content = createPanelContent(runs, results, memory, log, configTexts, () => watched, baselines);
  const panels = new Panels(context.extensionUri, content, log);
  const { version } = context.extension.packageJSON as { version: string };
  const extension = { path: context.extensionPath, version };
  const services: Services = {
    extension,
    log,
    failures,
    memory,
    cluster,
    protection,
    results,
    journals: {
      directory: join(context.globalStorageUri.fsPath, 'under-way'),
      workspace: context.storageUri?.toString() ?? null,
      window: randomUUID(),
    },
    configTexts,
    baselines,
    runs,
    panels,
  };

  const trees = {
    cluster: new ClusterTree(cluster, failures),
    topologies: new TopologiesTree(cluster, runs, failures),
    results: new ResultsTree(results, baselines, failures, (id) => choicesOfRun(id, memory, runs) !== undefined),
  };
  const holdings = createHoldings();
  const clusterView = vscode.window.createTreeView(viewIds.cluster, { treeDataProvider: trees.cluster });
  const topologiesView = vscode.window.createTreeView(viewIds.topologies, { treeDataProvider: trees.topologies });
  const resultsView = vscode.window.createTreeView(viewIds.results, {
    treeDataProvider: trees.results,
    canSelectMany: true,
  });
  const refreshAll = (): void => {
    trees.cluster.refresh();
    trees.topologies.reload(topologiesView.visible);
    trees.results.refresh();
    panels.refresh();
  };
  const lenses = new ModelLenses(memory, results, runs);
  const hints = new ModelHints(cluster);
  const planLenses = new PlanLenses(memory, results, runs);
  context.subscriptions.push(
    cluster,
    results,
    baselines,
    runs,
    panels,
    ...Object.values(trees),
    clusterView,
    topologiesView,
    resultsView,
    watchCluster(clusterView, trees.cluster),
    watchDeployments(topologiesView, trees.topologies),
    captionViews({ cluster: clusterView, topologies: topologiesView }, cluster, trees.topologies, runs),
    showPlace(cluster, [clusterView, topologiesView, resultsView], panels),
    showRunBadge(resultsView, runs),
    lenses,
    vscode.languages.registerCodeLensProvider(modelConfigSelector, lenses),
    hints,
    new Diagnostics('topology-bench', modelCheck(hints), failures),
    vscode.languages.registerCodeActionsProvider(modelConfigSelector, new QuickFixes(hints), QuickFixes.metadata),
    vscode.languages.registerCodeActionsProvider(planFileSelector, new PlanFixes(), PlanFixes.metadata),
    registerPlanDocuments(runs, results),
    registerConfigDocuments(runs, results, configTexts),
    new Diagnostics('topology-bench-plan', planFileCheck(), failures),
    planLenses,
    vscode.languages.registerCodeLensProvider(planFileSelector, planLenses),
    registerPlanFileHelp(),
    registerCommands(services, refreshAll, () => resultsView.selection),
    { dispose: disposeLogs },
    // Before the trees, which set the keys anew.
    forgetChangedKeys(results, cluster),
    cluster.onDidChange(() => {
      trees.cluster.refresh();
      trees.topologies.reload(topologiesView.visible);
    }),
    new KubeconfigWatch(cluster),
    cluster.onDidLook((place) => {
      protection.shows(place?.context);
    }),
    results.onDidChange(() => {
      void trees.results.lookAgain();
      panels.refresh();
    }),
    baselines.onDidChange((key) => {
      trees.results.showBaseline(key);
      panels.refresh();
    }),
    runs.onDidChange((run) => {
      if (holdings.changed(run)) trees.cluster.refresh();
      trees.topologies.showRun(run);
      panels.refresh(run.id);
    }),
    runs.onDidEnd(() => {
      panels.refresh();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      panels.refresh();
    }),
    // A folder may bring a namespace of its own.
    vscode.workspace.onDidChangeWorkspaceFolders(() => {
      cluster.changed();
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('topologyBench.protectedContexts')) {
        protection.forget();
        cluster.changed();
      }
      if (
        event.affectsConfiguration('topologyBench.kubeconfig') ||
        event.affectsConfiguration('topologyBench.namespace')
      )
        cluster.changed();
      if (
        event.affectsConfiguration('topologyBench.gpuHourPrice') ||
        event.affectsConfiguration('topologyBench.currency')
      )
        panels.refresh();
    }),
    reportWrongSettings(log),
    lookForLeftBehind(services),
    offerQueued(services),
  );
  watched = watchAgain(services).catch((error: unknown) => {
    failures.note(error, 'looking for runs that go on');
  });

  return {
    activationMs: loadedInMs + performance.now() - began,
    loadedBundles,
    activeRuns: () => runs.active(),
    run: (id) => runs.get(id),
    cancelRun: (id) => runs.cancel(id),
    runPlan: (choices) => benchmarkUnasked(choices, services),
    panels: () => panels.reports(),
    tree: (view) => trees[view].texts(),
    memory,
  };
}

/** A window that closes leaves its runs to go on, or asks them to stop, as the settings say; each cleans up by itself. */
export function deactivate(): void {
  const { runs, log } = toEnd ?? {};
  toEnd = undefined;
  try {
    runs?.leave(readSettings(undefined).whenWindowCloses === 'stop');
  } finally {
    log?.dispose();
  }
}

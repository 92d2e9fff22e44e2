import * as vscode from 'vscode';
import type { DeployedTopology } from '../../core/cluster.ts';
import { BenchError } from '../../core/errors.ts';
import { topologiesWithoutCluster } from '../../core/localSupport.ts';
import type { TopologyName } from '../../core/plan.ts';
import { waitingWords } from '../../core/view/waitingWords.ts';
import type { Cluster, ClusterPlace } from '../cluster.ts';
import { nodeContexts } from '../contributions.ts';
import {
  allTopologies,
  gpuCount,
  runPlace,
  topologyAtWork,
  topologyDescription,
  topologyProgress,
} from '../describe.ts';
import type { Failures } from '../failures.ts';
import { localTime } from '../localTime.ts';
import type { LiveRun, Runs } from '../runs.ts';
import { renderAsking, Tree, type ProblemNode } from './tree.ts';

export type TopologyNode =
  | { readonly kind: 'run'; readonly id: string; readonly runId: string }
  | { readonly kind: 'run-topology'; readonly id: string; readonly runId: string; readonly key: string }
  | {
      readonly kind: 'topology';
      readonly id: string;
      readonly topology: TopologyName;
      /** null: the cluster could not be asked, or has not answered yet. */
      readonly deployments: readonly DeployedTopology[] | null;
    }
  | { readonly kind: 'deployment'; readonly id: string; readonly deployment: DeployedTopology }
  | { readonly kind: 'asking'; readonly id: 'asking' };

interface Deployed {
  /** Whether there is a kubeconfig that could name a cluster. */
  readonly hasCluster: boolean;
  /** null: another place is asked by now. */
  readonly deployments: readonly DeployedTopology[] | null;
  readonly problems: readonly ProblemNode[];
  /** The namespace that was looked into, where it is known not to exist. */
  readonly absent?: string | undefined;
}

/** Runs under way first, then each other topology, and what is deployed. */
export class TopologiesTree extends Tree<TopologyNode> {
  protected readonly reading = 'reading what is deployed';
  readonly #cluster: Cluster;
  readonly #runs: Runs;
  readonly #read = new vscode.EventEmitter<void>();
  /** Id of each run's row in the list, by run id. */
  #shown = new Map<string, string>();
  /** What the row of each run said last, by run id. */
  readonly #described = new Map<string, string>();
  #deployed: Deployed | undefined;
  /** The question under way that was asked last; what is answered to one before it counts no more. */
  #asking: Promise<void> | undefined;
  #stopAsking = new AbortController();
  /** That was read last, as text. */
  #place = '';
  readonly #looking: vscode.Disposable;
  /** The cluster was asked what is deployed. */
  readonly onDidRead = this.#read.event;

  constructor(cluster: Cluster, runs: Runs, failures: Failures) {
    super(failures);
    this.#cluster = cluster;
    this.#runs = runs;
    this.#looking = cluster.onDidLook((place) => {
      this.#looksAt(place);
    });
  }

  /**
   * Redraws what has changed of a run. A run that has just come, begun or gone changes the list itself. The run's own row
   * bears buttons, which a redraw would take from under the pointer, so each second only the topology at work is redrawn.
   */
  showRun(run: LiveRun): void {
    const id = run.end === null ? runNodeId(run) : undefined;
    const description = describeRun(run);
    if (this.#shown.get(run.id) !== id) this.refresh();
    else if (id !== undefined) {
      const isAsBefore = this.#described.get(run.id) === description;
      this.refresh(isAsBefore ? runTopologyNodeId(run.id, topologyAtWork(run.state)?.key ?? '') : id);
    }
    if (id === undefined) this.#described.delete(run.id);
    else this.#described.set(run.id, description);
  }

  /**
   * Asks the cluster anew. What is shown stays until the answer is there, so that a cluster that is slow or away does not
   * hold up what runs say; a view that nobody sees asks when it is seen again.
   */
  reload(visible: boolean): void {
    if (!visible) {
      this.#forgetQuestion();
      this.#deployed = undefined;
      this.refresh();
      return;
    }
    const asking = this.#ask();
    // Nothing is shown yet: the list itself waits for the answer.
    if (this.#deployed === undefined) this.refresh();
    else
      void asking.then(() => {
        if (this.#asking === undefined) this.refresh();
      });
  }

  /** What to do next, where nothing is deployed; else "", as while a run goes on: topologies that stand below it have no buttons. */
  hint(): string {
    if (this.#runs.active().length > 0) return '';
    const { hasCluster, deployments, problems, absent } = this.#deployed ?? {};
    if (deployments?.length !== 0 || problems?.length !== 0) return '';
    if (absent !== undefined)
      return vscode.l10n.t(
        'The namespace {0} does not exist. It is made only when you say so, as you benchmark or deploy a topology with the buttons of its row.',
        absent,
      );
    if (hasCluster === true)
      return vscode.l10n.t(
        'Nothing is deployed to stay. Benchmark a topology, or deploy it, with the buttons of its row.',
      );
    return topologiesWithoutCluster(process).length === 0
      ? vscode.l10n.t('Without a cluster, nothing runs on Windows itself: open the folder in WSL.')
      : vscode.l10n.t('Without a cluster, topologies run on this machine: benchmark one with the button of its row.');
  }

  /** How soon another look is worth while: soon where something comes up, later where something may change by itself. */
  nextLook(): 'soon' | 'later' | 'never' {
    const problems = this.#deployed?.problems ?? [];
    const deployments = this.#deployed?.deployments ?? [];
    if (deployments.some(isComingUp)) return 'soon';
    return deployments.length > 0 || problems.length > 0 ? 'later' : 'never';
  }

  override dispose(): void {
    this.#looking.dispose();
    this.#forgetQuestion();
    this.#read.dispose();
    super.dispose();
  }

  protected async read(parent: TopologyNode | undefined): Promise<readonly (TopologyNode | ProblemNode)[]> {
    switch (parent?.kind) {
      case 'run':
        return this.#topologiesOf(parent.runId);
      case 'topology':
        return (parent.deployments ?? []).map((deployment) => ({
          kind: 'deployment',
          id: deploymentNodeId(deployment),
          deployment,
        }));
      case 'run-topology':
      case 'deployment':
      case 'asking':
        return [];
      case undefined:
        break;
    }
    const { deployments, problems } = await this.#lastDeployed();
    const active = this.#runs.active();
    this.#shown = new Map(active.map((run) => [run.id, runNodeId(run)]));
    const runs = active.map((run): TopologyNode => ({ kind: 'run', id: runNodeId(run), runId: run.id }));
    const measured = new Set<string>(
      active.flatMap(({ state }) => (state?.plan.topologies ?? []).map(({ name }): string => name)),
    );
    const topologies = allTopologies.flatMap((topology): TopologyNode[] => {
      const own = (deployments ?? []).filter(
        (deployment) => deployment.topology === topology || deployment.topology.startsWith(`${topology} (`),
      );
      // What stands below a run under way stands there alone, unless something of it is deployed.
      if (own.length === 0 && measured.has(topology)) return [];
      // A node keeps whether it is open by its id, so one that gets its first child must be another one to open by itself.
      const id = `topology:${topology}${own.length === 0 ? '' : ':deployed'}`;
      const isKnown = deployments !== null && problems.length === 0;
      return [{ kind: 'topology', id, topology, deployments: isKnown ? own : null }];
    });
    const asking: TopologyNode[] = deployments === null ? [{ kind: 'asking', id: 'asking' }] : [];
    return [...runs, ...topologies, ...asking, ...problems];
  }

  protected render(node: TopologyNode): vscode.TreeItem {
    switch (node.kind) {
      case 'run':
        return this.#renderRun(node.runId);
      case 'run-topology':
        return this.#renderRunTopology(node.runId, node.key);
      case 'topology':
        return renderTopology(node.topology, node.deployments);
      case 'deployment':
        return renderDeployment(node.deployment);
      case 'asking':
        return renderAsking();
    }
  }

  /** What one place has never stands below the name of another. */
  #looksAt(place: ClusterPlace | undefined): void {
    const text = place === undefined ? '' : `${place.context}/${place.namespace}`;
    if (text === this.#place) return;
    this.#place = text;
    if (this.#deployed === undefined) return;
    this.#deployed = { hasCluster: true, deployments: null, problems: [] };
    this.refresh();
  }

  /** What was answered last; before the first answer, that of whichever question is the last by then. */
  async #lastDeployed(): Promise<Deployed> {
    while (this.#deployed === undefined) await (this.#asking ?? this.#ask());
    return this.#deployed;
  }

  /** Asks anew, in place of a question that is under way: another place may have been selected since. */
  #ask(): Promise<void> {
    this.#forgetQuestion();
    const { signal } = this.#stopAsking;
    return (this.#asking = this.#answer(signal).then((deployed) => {
      if (signal.aborted) return;
      this.#asking = undefined;
      this.#deployed = deployed;
      this.#read.fire();
    }));
  }

  #forgetQuestion(): void {
    this.#stopAsking.abort();
    this.#stopAsking = new AbortController();
    this.#asking = undefined;
  }

  /** Never rejects: a failure is a node. */
  async #answer(signal: AbortSignal): Promise<Deployed> {
    try {
      const deployments = await this.#cluster.deployments(signal);
      const absent = deployments.length === 0 ? await this.#cluster.absentNamespace(signal) : undefined;
      return { hasCluster: true, deployments, problems: [], absent };
    } catch (error) {
      if (signal.aborted) return { hasCluster: true, deployments: [], problems: [] };
      // Without a cluster there is nothing deployed; the Cluster view says what to do about it.
      const isAway =
        error instanceof BenchError && (error.reason === 'kubeconfig-missing' || error.reason === 'kubeconfig-broken');
      return { hasCluster: !isAway, deployments: [], problems: isAway ? [] : [this.#problemOf(error)] };
    }
  }

  /** The same one again is shown again, and not told in the log each time that the view looks. */
  #problemOf(error: unknown): ProblemNode {
    const before = this.#deployed?.problems[0];
    const isSame = error instanceof BenchError && error.message === before?.problem.message;
    return isSame ? before : this.problem(error, 'deployments');
  }

  #topologiesOf(runId: string): TopologyNode[] {
    const topologies = this.#runs.get(runId)?.state?.topologies ?? [];
    return topologies.map(({ key }) => ({ kind: 'run-topology', id: runTopologyNodeId(runId, key), runId, key }));
  }

  #renderRun(runId: string): vscode.TreeItem {
    const run = this.#runs.get(runId);
    const item = new vscode.TreeItem(vscode.l10n.t('Benchmark of {0}', run?.subject ?? runId));
    item.iconPath = new vscode.ThemeIcon(run?.state === null ? 'clock' : 'sync~spin');
    item.contextValue = nodeContexts.liveRun;
    item.collapsibleState =
      run?.state === null ? vscode.TreeItemCollapsibleState.None : vscode.TreeItemCollapsibleState.Expanded;
    item.description = run === undefined ? '' : describeRun(run);
    item.tooltip = item.description;
    return item;
  }

  #renderRunTopology(runId: string, key: string): vscode.TreeItem {
    const state = this.#runs.get(runId)?.state;
    const topology = state?.topologies.find((candidate) => candidate.key === key);
    const item = new vscode.TreeItem(key);
    item.contextValue = 'runTopology';
    if (!state || topology === undefined) return item;
    item.description = topologyProgress(topology);
    item.tooltip = item.description;
    item.iconPath = new vscode.ThemeIcon(
      iconOf(topology.result?.status ?? (topology.stage === 'queued' ? 'queued' : 'running')),
    );
    return item;
  }
}

function describeRun(run: LiveRun): string {
  if (run.cancelling) return vscode.l10n.t('stopping and cleaning up');
  if (run.state === null) return run.waitsFor === '' ? vscode.l10n.t('about to start') : run.waitsFor;
  return runPlace(run.state);
}

function iconOf(status: 'queued' | 'running' | 'completed' | 'failed' | 'cancelled' | 'skipped'): string {
  switch (status) {
    case 'queued':
      return 'clock';
    case 'running':
      return 'sync~spin';
    case 'completed':
      return 'pass';
    case 'failed':
      return 'error';
    case 'cancelled':
    case 'skipped':
      return 'circle-slash';
  }
}

function renderTopology(topology: TopologyName, deployments: readonly DeployedTopology[] | null): vscode.TreeItem {
  const item = new vscode.TreeItem(topology);
  item.description = deployments === null ? '' : describeDeployed(deployments);
  item.tooltip = topologyDescription(topology);
  item.iconPath = new vscode.ThemeIcon(
    topology === 'hybrid' ? 'shield' : topology === 'triton' ? 'server-process' : 'server',
  );
  item.contextValue = nodeContexts.topology;
  if (deployments !== null && deployments.length > 0) item.collapsibleState = vscode.TreeItemCollapsibleState.Expanded;
  return item;
}

function describeDeployed(deployments: readonly DeployedTopology[]): string {
  if (deployments.length === 0) return vscode.l10n.t('not deployed');
  const ready = deployments.filter((deployment) => deployment.ready).length;
  return vscode.l10n.t('{0} deployed, {1} ready', deployments.length, ready);
}

function renderDeployment(deployment: DeployedTopology): vscode.TreeItem {
  const item = new vscode.TreeItem(deployment.model);
  const gpus = deployment.gpus === 0 ? [] : [gpuCount(deployment.gpus)];
  // The row above names the topology.
  const words = waitingWords(deployment.topology, deployment.message);
  const state = deployment.ready
    ? vscode.l10n.t('ready')
    : deployment.failed
      ? vscode.l10n.t('failed: {0}', words)
      : words;
  const isOpen = deployment.networkPolicy === 'not enforced';
  const open = isOpen ? [vscode.l10n.t('network policy not enforced')] : [];
  item.description = [state, ...open, ...gpus].join(' · ');
  item.tooltip = [
    deployment.topology,
    vscode.l10n.t('{0} on {1}/{2}', deployment.id, deployment.context, deployment.namespace),
    deployment.message,
    deployment.endpoint,
    ...describeNetworkPolicy(deployment),
    vscode.l10n.t('since {0}', localTime(deployment.createdAt)),
  ].join('\n');
  item.iconPath = new vscode.ThemeIcon(deploymentIcon(deployment, isOpen));
  item.contextValue = deployment.modelMissing ? nodeContexts.deploymentWithoutModel : nodeContexts.deployment;
  return item;
}

function deploymentIcon(deployment: DeployedTopology, isOpen: boolean): string {
  if (isComingUp(deployment)) return 'loading~spin';
  if (deployment.failed) return 'error';
  return deployment.modelMissing || isOpen ? 'warning' : 'pass';
}

/** It may be ready in a moment, without anybody's doing. */
function isComingUp({ ready, failed, modelMissing }: DeployedTopology): boolean {
  return !ready && !failed && !modelMissing;
}

/** Who reaches the hybrid's Triton; nothing for a topology without a gateway. */
function describeNetworkPolicy({ networkPolicy }: DeployedTopology): string[] {
  switch (networkPolicy) {
    case 'enforced':
      return [vscode.l10n.t('Network policy enforced: only the gateway reaches Triton.')];
    case 'not enforced':
      return [
        vscode.l10n.t(
          'Network policy not enforced: other pods reach Triton directly, past de-identification. Use a cluster whose network plug-in enforces network policies.',
        ),
      ];
    case 'not probed':
      return [vscode.l10n.t('Network policy not probed: whether other pods reach Triton is not known.')];
    case 'not applicable':
      return [];
  }
}

/** A row keeps whether it is open by its id, so a run that gets its topologies must be another one to open by itself. */
function runNodeId(run: LiveRun): string {
  return `run:${run.id}:${run.state === null ? 'queued' : 'live'}`;
}

function runTopologyNodeId(runId: string, key: string): string {
  return `run:${runId}:topology:${key}`;
}

function deploymentNodeId(deployment: DeployedTopology): string {
  return `deployment:${deployment.context}/${deployment.namespace}/${deployment.id}`;
}

import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import type { ClusterInventory, GpuNode, PodsSeen } from '../../core/cluster.ts';
import { BenchError } from '../../core/errors.ts';
import { gpuPools, type GpuPool } from '../../core/gpuPools.ts';
import type { Cluster, ClusterPlace } from '../cluster.ts';
import { setContextKey } from '../contextKeySetting.ts';
import { contextKeys, nodeContexts, viewIds, type ClusterState } from '../contributions.ts';
import type { Failures } from '../failures.ts';
import { isProtected } from '../protection.ts';
import { renderGpuNode, renderPool } from './gpuRows.ts';
import { renderAsking, Tree, type ProblemNode, type TreeText } from './tree.ts';

export type ClusterNode =
  | {
      readonly kind: 'context';
      readonly id: string;
      readonly context: string;
      readonly inventory: ClusterInventory | null;
    }
  | {
      readonly kind: 'namespace';
      readonly id: string;
      readonly place: ClusterPlace;
      /** Known not to exist. */
      readonly isMissing: boolean;
    }
  | { readonly kind: 'pool'; readonly id: string; readonly pool: GpuPool; readonly seen: PodsSeen | null }
  | { readonly kind: 'gpu'; readonly id: string; readonly gpu: GpuNode; readonly seen: PodsSeen | null }
  | { readonly kind: 'note'; readonly id: string; readonly text: string }
  | { readonly kind: 'asking'; readonly id: 'asking' };

/** What is known of a place. */
interface Known {
  readonly place: ClusterPlace;
  /** Of the last answer; null: none yet, or it was a failure. */
  readonly inventory: ClusterInventory | null;
  /** The namespace is known not to exist. */
  readonly lacksNamespace: boolean;
  /** Why there is no inventory; null: there is one, or it is being read. */
  readonly problem: ProblemNode | null;
}

const unknown = { inventory: null, lacksNamespace: false };

/**
 * Context, namespace, and the GPUs by product with free of total, their nodes below. Context and namespace are there at once,
 * whatever the cluster answers and when: they are what the user switches when it does not.
 */
export class ClusterTree extends Tree<ClusterNode> {
  protected readonly reading = 'reading the cluster';
  readonly #cluster: Cluster;
  #shown: Known | undefined;
  /** Whether the cluster is to be asked again the next time that the list is drawn. */
  #isStale = true;
  #stopAsking = new AbortController();
  /** Resolves when what was asked last is answered, or is not waited for any more. */
  #asking: Promise<void> = Promise.resolve();
  #isAsking = false;
  /** When the last answer came, by the clock, which goes on while a machine sleeps. */
  #answeredAtMs = 0;
  readonly #read = new vscode.EventEmitter<void>();
  /** The place in view has answered, or has not in time. */
  readonly onDidRead = this.#read.event;

  constructor(cluster: Cluster, failures: Failures) {
    super(failures);
    this.#cluster = cluster;
  }

  override refresh(id?: string): void {
    if (id === undefined) this.#isStale = true;
    super.refresh(id);
  }

  /** Milliseconds since the place in view has answered; undefined: none is in view, or it is being asked. */
  ageMs(): number | undefined {
    return this.#shown === undefined || this.#isAsking ? undefined : Date.now() - this.#answeredAtMs;
  }

  /**
   * Asks the place in view again. It is drawn again only where the answer is another one: nobody has asked for it, and a redraw
   * takes the buttons of a row from under the pointer.
   */
  lookAgain(): void {
    const before = this.#shown;
    if (before === undefined || this.#isStale || this.#isAsking) return;
    this.#question(before.place, (answer) => {
      return answer.problem !== before.problem || !isDeepStrictEqual(answer, before);
    });
  }

  /** With what the cluster answered to the last question. */
  override async texts(parent?: ClusterNode | ProblemNode): Promise<TreeText[]> {
    if (parent === undefined) {
      this.#isStale = true;
      // What fails here fails below once more, where it becomes a row.
      await this.read(undefined).catch(() => undefined);
      await this.#answered();
    }
    return super.texts(parent);
  }

  override dispose(): void {
    this.#forgetQuestion();
    this.#read.dispose();
    super.dispose();
  }

  protected async read(parent: ClusterNode | undefined): Promise<readonly (ClusterNode | ProblemNode)[]> {
    if (parent?.kind === 'pool') {
      const { pool, seen } = parent;
      return pool.nodes.map((gpu) => ({ kind: 'gpu', id: `gpu:${gpu.name}:${gpu.resource}`, gpu, seen }));
    }
    if (parent !== undefined) return [];
    const place = await this.#current();
    if (place === undefined) {
      this.#forget();
      return [];
    }
    const shown = this.#shown;
    if (!this.#isStale && shown !== undefined && isSamePlace(shown.place, place)) return nodesOf(shown);
    return nodesOf(this.#ask(place));
  }

  protected render(node: ClusterNode): vscode.TreeItem {
    switch (node.kind) {
      case 'context':
        return renderContext(node.context, node.inventory);
      case 'namespace':
        return this.#renderNamespace(node.place, node.isMissing);
      case 'pool':
        return renderPool(node.pool, node.seen);
      case 'gpu':
        return renderGpuNode(node.gpu, node.seen);
      case 'note':
        return row(node.text, 'info', { description: '', contextValue: 'note', tooltip: node.text });
      case 'asking':
        return renderAsking();
    }
  }

  /**
   * Asks what a place has, and draws the list again with the answer.
   * @returns what is shown until then: what the same place had when it was asked before
   */
  #ask(place: ClusterPlace): Known {
    this.#isStale = false;
    const before = this.#shown !== undefined && isSamePlace(this.#shown.place, place) ? this.#shown : unknown;
    const until: Known = { ...before, place, problem: null };
    this.#shown = until;
    this.#question(place, () => true);
    void vscode.window.withProgress({ location: { viewId: viewIds.cluster } }, () => this.#asking);
    return until;
  }

  /** In place of one that is under way. @param isNews whether an answer is drawn */
  #question(place: ClusterPlace, isNews: (answer: Known) => boolean): void {
    this.#forgetQuestion();
    const { signal } = this.#stopAsking;
    this.#isAsking = true;
    this.#asking = this.#answer(place, signal).then((known) => {
      if (signal.aborted) return;
      this.#isAsking = false;
      this.#answeredAtMs = Date.now();
      this.#shown = known;
      if (isNews(known)) super.refresh();
      this.#read.fire();
    });
  }

  async #answered(): Promise<void> {
    let asking: Promise<void>;
    do {
      asking = this.#asking;
      await asking;
    } while (asking !== this.#asking);
  }

  /** Never rejects: a failure is a node. */
  async #answer(place: ClusterPlace, signal: AbortSignal): Promise<Known> {
    try {
      // One after the other: a login that the first one asks for serves the second.
      const inventory = await this.#cluster.inventoryInView(place, signal);
      const lacksNamespace = await this.#cluster.lacksNamespace(place, signal);
      return { place, inventory, lacksNamespace, problem: null };
    } catch (error) {
      return { ...unknown, place, problem: signal.aborted ? null : this.#problemOf(error) };
    }
  }

  /** The same one again is shown again, and not told in the log each time that the view looks. */
  #problemOf(error: unknown): ProblemNode {
    const before = this.#shown?.problem;
    const isSame = error instanceof BenchError && error.message === before?.problem.message;
    return isSame ? before : this.problem(error, 'inventory');
  }

  #forget(): void {
    this.#forgetQuestion();
    this.#shown = undefined;
    this.#isStale = true;
  }

  #forgetQuestion(): void {
    this.#isAsking = false;
    this.#stopAsking.abort();
    this.#stopAsking = new AbortController();
  }

  /** undefined when there is no context to show: then the welcome text for that case takes over. */
  async #current(): Promise<ClusterPlace | undefined> {
    try {
      const place = await this.#cluster.current();
      await setState(place === undefined ? 'unselected' : 'shown');
      return place;
    } catch (error) {
      const isNamed = this.#cluster.kubeconfig().kubeconfigPath !== undefined;
      const isMissing = error instanceof BenchError && error.reason === 'kubeconfig-missing' && !isNamed;
      await setState(isMissing ? 'missing' : 'shown');
      if (isMissing) return undefined;
      // One that is there but broken, or not where the settings say, is a failure to show, not a cluster that is missing.
      this.#forget();
      throw error;
    }
  }

  #renderNamespace(place: ClusterPlace, isMissing: boolean): vscode.TreeItem {
    const elsewhere = this.#cluster.foldersElsewhere(place);
    const others = elsewhere.map(({ folder, namespace }) =>
      vscode.l10n.t('Models of the folder {0} are deployed to {1}', folder, namespace),
    );
    const isSelected = this.#cluster.hasSelectedNamespace(place);
    const selected = isSelected
      ? [
          vscode.l10n.t(
            'It was selected here, and goes before settings and context. Select Namespace lets go of it again.',
          ),
        ]
      : [];
    const missing = isMissing
      ? [vscode.l10n.t('It does not exist yet. Benchmark Topology and Deploy offer to make it.')]
      : [];
    const kind = isSelected
      ? vscode.l10n.t('namespace, selected here')
      : elsewhere.length === 0
        ? vscode.l10n.t('namespace')
        : vscode.l10n.t('namespace; folders have others');
    return row(place.namespace, 'symbol-namespace', {
      description: isMissing ? vscode.l10n.t('{0}; does not exist yet', kind) : kind,
      contextValue: nodeContexts.namespace,
      tooltip: [
        vscode.l10n.t('Topologies are deployed to the namespace {0}', place.namespace),
        ...missing,
        ...selected,
        ...others,
      ].join('\n'),
    });
  }
}

function isSamePlace(one: ClusterPlace, other: ClusterPlace): boolean {
  return one.context === other.context && one.namespace === other.namespace;
}

function nodesOf({ place, inventory, lacksNamespace, problem }: Known): (ClusterNode | ProblemNode)[] {
  const head: ClusterNode[] = [
    { kind: 'context', id: 'context', context: place.context, inventory },
    { kind: 'namespace', id: 'namespace', place, isMissing: lacksNamespace },
  ];
  if (inventory !== null) return [...head, ...poolNodes(inventory), ...noteNodes(inventory)];
  return [...head, problem ?? { kind: 'asking', id: 'asking' }];
}

async function setState(state: ClusterState): Promise<void> {
  await setContextKey(contextKeys.clusterState, state);
}

function poolNodes({ gpuNodes, podsSeen, nodes }: ClusterInventory): ClusterNode[] {
  const pools = gpuPools(gpuNodes);
  // A user who may not list nodes sees none, and a note says so.
  if (pools.length === 0 && nodes > 0)
    return [{ kind: 'note', id: 'note:no-gpu', text: vscode.l10n.t('No node of this cluster has a GPU.') }];
  return pools.map((pool) => ({
    kind: 'pool',
    id: `pool:${pool.productLabel ?? ''}:${pool.product ?? ''}:${pool.resource}`,
    pool,
    seen: podsSeen,
  }));
}

function noteNodes({ notes }: ClusterInventory): ClusterNode[] {
  return notes.map((text, index) => ({ kind: 'note', id: `note:${String(index)}`, text }));
}

function renderContext(context: string, inventory: ClusterInventory | null): vscode.TreeItem {
  const isGuarded = isProtected(context);
  const nodes =
    inventory === null || inventory.nodes === 0
      ? []
      : [vscode.l10n.t('{0} of {1} nodes ready', inventory.readyNodes, inventory.nodes)];
  const version = inventory === null ? [] : [vscode.l10n.t('Kubernetes {0}', inventory.serverVersion)];
  const protection = isGuarded
    ? [vscode.l10n.t('Protected: its name has to be typed before anything is deployed to it, or deleted from it.')]
    : [];
  return row(context, isGuarded ? 'lock' : 'server-environment', {
    description: [...(isGuarded ? [vscode.l10n.t('protected')] : []), ...version, ...nodes].join(' · '),
    contextValue: isGuarded ? nodeContexts.protectedContext : nodeContexts.context,
    tooltip: [vscode.l10n.t('Kubernetes context {0}', context), ...nodes, ...protection].join('\n'),
  });
}

function row(
  label: string,
  icon: string,
  rest: { description: string; contextValue: string; tooltip: string },
): vscode.TreeItem {
  const item = new vscode.TreeItem(label);
  item.iconPath = new vscode.ThemeIcon(icon);
  return Object.assign(item, rest);
}

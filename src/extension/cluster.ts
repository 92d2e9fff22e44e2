import * as vscode from 'vscode';
import type { ClusterInventory, DeployedTopology, Leftover, Removal } from '../core/cluster.ts';
import { BenchError } from '../core/errors.ts';
import type { Answer } from '../core/ports.ts';
import { loadKubernetes } from './engine.ts';
import type { Memory } from './memory.ts';
import { readSettings } from './settings.ts';

export interface ClusterPlace {
  readonly context: string;
  readonly namespace: string;
}

export interface ContextChoice {
  readonly name: string;
  readonly namespace: string;
  readonly current: boolean;
}

/** A folder of this window whose models go to another namespace than those of the others. */
export interface FolderNamespace {
  readonly folder: string;
  readonly namespace: string;
}

/** What settings and kubeconfig say of a context. */
export interface Followed {
  readonly namespace: string;
  readonly elsewhere: readonly FolderNamespace[];
}

/** Longest that a view waits for a cluster before it says that it cannot be reached. */
const viewTimeoutMs = 20_000;
/** Longest that a question waits for what is only said beside it. */
const asideTimeoutMs = 5_000;

/** The cluster that this window looks at. Nothing is loaded and nothing is sent before it is first asked. */
export class Cluster implements vscode.Disposable {
  readonly #memory: Memory;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #looked = new vscode.EventEmitter<ClusterPlace | undefined>();
  /** The place that is current, each time that it was read; undefined: none is. */
  readonly onDidLook = this.#looked.event;
  readonly #inventoryRead = new vscode.EventEmitter<void>();
  /** The context that was current when the kubeconfig was last read; undefined: none was. */
  #chosen: ContextChoice | undefined;
  /** Its place, as text; undefined: not read since something was changed from here. */
  #seen: string | undefined;
  #lastInventory: { readonly selected: string | undefined; readonly inventory: ClusterInventory } | undefined;
  /** Contexts whose cluster could not be reached when it was asked last. */
  readonly #silent = new Set<string>();
  /** Another context or namespace was chosen, here or elsewhere, or something was deployed or deleted. */
  readonly onDidChange = this.#changed.event;
  readonly onDidReadInventory = this.#inventoryRead.event;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** @throws BenchError kubeconfig-missing, kubeconfig-broken */
  async contexts(): Promise<readonly ContextChoice[]> {
    const { listContexts } = await loadKubernetes();
    return listContexts(this.kubeconfig());
  }

  /**
   * The selected context, else the kubeconfig's current one; undefined when it names none.
   * @throws BenchError kubeconfig-missing, kubeconfig-broken
   */
  async current(): Promise<ClusterPlace | undefined> {
    let chosen: ContextChoice | undefined;
    try {
      const contexts = await this.contexts();
      const selected = this.#memory.selectedContext();
      chosen = contexts.find((context) => context.name === selected) ?? contexts.find((context) => context.current);
    } finally {
      this.#note(chosen);
    }
    return chosen === undefined ? undefined : this.placeOf(chosen);
  }

  /**
   * The place that was read last; undefined: there was none, or nothing was read yet. Reads nothing.
   * @param scope as of `placeOf`
   */
  lastPlace(scope?: vscode.Uri): ClusterPlace | undefined {
    return this.#chosen === undefined ? undefined : this.placeOf(this.#chosen, scope);
  }

  /**
   * The namespace selected for a context, else the setting, else the context's own.
   * @param scope the model config that something is about to be done with; its folder may have a namespace of its own
   */
  placeOf(context: ContextChoice, scope?: vscode.Uri): ClusterPlace {
    const namespace = this.#memory.selectedNamespace(context.name);
    return namespace === undefined ? followedPlace(context, scope) : { context: context.name, namespace };
  }

  /** Where models go on the context that was read last when no namespace is selected for it. Reads nothing. */
  lastFollowed(): Followed | undefined {
    if (this.#chosen === undefined) return undefined;
    const { namespace } = followedPlace(this.#chosen, undefined);
    return { namespace, elsewhere: foldersOtherThan(namespace) };
  }

  /** Whether the namespace of a place was selected here, so that neither settings nor kubeconfig decide it. */
  hasSelectedNamespace({ context }: ClusterPlace): boolean {
    return this.#memory.selectedNamespace(context) !== undefined;
  }

  /** Folders of this window whose models go to another namespace than the one in view. */
  foldersElsewhere(place: ClusterPlace): readonly FolderNamespace[] {
    return this.hasSelectedNamespace(place) ? [] : foldersOtherThan(place.namespace);
  }

  /** @throws BenchError api-unreachable, unauthenticated, forbidden, kubeconfig-missing, kubeconfig-broken */
  async inventory(place: ClusterPlace, signal: AbortSignal): Promise<ClusterInventory> {
    const { readInventory } = await loadKubernetes();
    try {
      const inventory = await readInventory(await this.connection(place), signal);
      this.#silent.delete(place.context);
      return inventory;
    } catch (error) {
      if (error instanceof BenchError && error.reason === 'api-unreachable') this.#silent.add(place.context);
      throw error;
    }
  }

  /** Whether the cluster of a context could not be reached when its nodes were asked for last. */
  wasAway(context: string): boolean {
    return this.#silent.has(context);
  }

  /**
   * The same for the place in view; what it read is kept for the hints of models.
   * @param stop for when nobody waits for it any more
   * @throws BenchError as `inventory`
   */
  async inventoryInView(place: ClusterPlace, stop?: AbortSignal): Promise<ClusterInventory> {
    const selected = this.#memory.selectedContext();
    const inventory = await this.inventory(place, inTime(viewTimeoutMs, stop));
    stop?.throwIfAborted();
    this.#lastInventory = { selected, inventory };
    this.#inventoryRead.fire();
    return inventory;
  }

  /** What was last read for the view; undefined before, and once another one is selected. */
  lastInventory(): ClusterInventory | undefined {
    const last = this.#lastInventory;
    return last?.selected === this.#memory.selectedContext() ? last?.inventory : undefined;
  }

  /** @param stop for when nobody waits for it any more */
  async deployments(stop?: AbortSignal): Promise<readonly DeployedTopology[]> {
    const { listDeployments } = await loadKubernetes();
    return listDeployments(await this.connection(), inTime(viewTimeoutMs, stop));
  }

  /** @param stop for when nobody waits for it any more */
  async leftovers(place: ClusterPlace, stop?: AbortSignal): Promise<readonly Leftover[]> {
    const { findLeftovers } = await loadKubernetes();
    return findLeftovers(await this.connection(place), inTime(viewTimeoutMs, stop));
  }

  /**
   * True when it is known not to exist; what cannot be told is left to the checks of the run.
   * @param stop for when nobody waits for it any more
   */
  async lacksNamespace(place: ClusterPlace, stop?: AbortSignal): Promise<boolean> {
    const { namespaceExists } = await loadKubernetes();
    try {
      return !(await namespaceExists(await this.connection(place), place.namespace, inTime(viewTimeoutMs, stop)));
    } catch {
      return false;
    }
  }

  /** The current namespace, where it is known not to exist. @param stop as of lacksNamespace */
  async absentNamespace(stop?: AbortSignal): Promise<string | undefined> {
    const place = await this.current();
    return place !== undefined && (await this.lacksNamespace(place, stop)) ? place.namespace : undefined;
  }

  /** The namespaces of a context; undefined where they cannot be listed, for whatever reason. */
  async namespaces(place: ClusterPlace, stop?: AbortSignal): Promise<readonly string[] | undefined> {
    const { listNamespaces } = await loadKubernetes();
    try {
      return await listNamespaces(await this.connection(place), inTime(asideTimeoutMs, stop));
    } catch {
      return undefined;
    }
  }

  /**
   * Why a namespace that is to be made would stay after the run; undefined also where that cannot be told.
   * @param stop for when nobody waits for it any more
   * @throws BenchError forbidden, naming the rights to make and to delete it that are missing
   */
  async whyNamespaceWouldStay(place: ClusterPlace, stop?: AbortSignal): Promise<string | undefined> {
    const { whyNamespaceWouldStay } = await loadKubernetes();
    try {
      return await whyNamespaceWouldStay(await this.connection(place), place.namespace, inTime(asideTimeoutMs, stop));
    } catch (error) {
      if (error instanceof BenchError && error.reason === 'forbidden') throw error;
      return undefined;
    }
  }

  /** @throws BenchError clean-up-incomplete, which says what is left and how to remove it */
  async removeLeftovers(
    place: ClusterPlace,
    leftovers: readonly Leftover[],
    waiting: (message: string) => void,
    signal: AbortSignal,
  ): Promise<Removal> {
    const { removeLeftovers } = await loadKubernetes();
    return removeLeftovers(await this.connection(place), leftovers, signal, { waiting });
  }

  /** @returns why the namespace that was made for it stays, if it does */
  async deleteDeployment(
    deployment: DeployedTopology,
    waiting: (message: string) => void,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { deleteDeployment } = await loadKubernetes();
    return deleteDeployment(await this.connection(deployment), deployment, signal, { waiting });
  }

  /** The last lines of each container. */
  async logs(deployment: DeployedTopology, signal: AbortSignal): Promise<string> {
    const { deploymentLogs } = await loadKubernetes();
    return deploymentLogs(await this.connection(deployment), deployment, signal);
  }

  /** One request of one row each, through a port-forward. */
  async infer(deployment: DeployedTopology, texts: readonly string[], signal: AbortSignal): Promise<readonly Answer[]> {
    const { inferOnce } = await loadKubernetes();
    return inferOnce(await this.connection(deployment), deployment, texts, signal);
  }

  changed(): void {
    // Whoever hears of it reads the place anew, which is no news then.
    this.#seen = undefined;
    this.#changed.fire();
  }

  /** The files that the kubeconfig is read from, whether they are there or not. */
  async kubeconfigFiles(): Promise<readonly string[]> {
    const { kubeconfigFiles } = await loadKubernetes();
    return kubeconfigFiles(this.kubeconfig().kubeconfigPath);
  }

  /** What names the kubeconfig for the Kubernetes layer: a setting of the machine, which no folder can change. */
  kubeconfig(): { readonly kubeconfigPath?: string } {
    const { kubeconfig } = readSettings(undefined);
    return kubeconfig === null ? {} : { kubeconfigPath: kubeconfig };
  }

  /** What names a cluster for the Kubernetes layer: the place given, else the current one. */
  async connection(place?: ClusterPlace): Promise<{ context?: string; namespace?: string; kubeconfigPath?: string }> {
    const at = place ?? (await this.current());
    return { ...this.kubeconfig(), ...(at === undefined ? {} : { context: at.context, namespace: at.namespace }) };
  }

  /** Whatever asked: where the place is another one than before, what is in view is of the one before, and must follow. */
  #note(chosen: ContextChoice | undefined): void {
    this.#chosen = chosen;
    const place = this.lastPlace();
    const seen = place === undefined ? '' : `${place.context}/${place.namespace}`;
    const isAnother = this.#seen !== undefined && this.#seen !== seen;
    this.#seen = seen;
    if (this.#lastInventory?.inventory.context !== place?.context) this.#lastInventory = undefined;
    this.#looked.fire(place);
    if (isAnother) this.#changed.fire();
  }

  dispose(): void {
    this.#inventoryRead.dispose();
    this.#changed.dispose();
    this.#looked.dispose();
  }
}

/** The current place, for what needs one. @throws BenchError context-missing, kubeconfig-missing, kubeconfig-broken */
export async function placeNeeded(cluster: Pick<Cluster, 'current'>): Promise<ClusterPlace> {
  const place = await cluster.current();
  if (place !== undefined) return place;
  throw new BenchError({
    reason: 'context-missing',
    message: vscode.l10n.t('No Kubernetes context is selected.'),
    nextStep: vscode.l10n.t('Select a context first.'),
  });
}

function inTime(timeoutMs: number, stop: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(timeoutMs);
  return stop === undefined ? limit : AbortSignal.any([stop, limit]);
}

/** As the settings and the kubeconfig have it. */
function followedPlace({ name, namespace }: ContextChoice, scope: vscode.Uri | undefined): ClusterPlace {
  return { context: name, namespace: namespaceOf(scope) ?? namespace };
}

/** By the settings of a model's folder; without a model by the window's, else by those of its folders where they agree. */
function namespaceOf(scope: vscode.Uri | undefined): string | null {
  const { namespace } = readSettings(scope);
  if (namespace !== null || scope !== undefined) return namespace;
  const [first, ...others] = folderNamespaces();
  return first !== undefined && others.every((other) => other.namespace === first.namespace) ? first.namespace : null;
}

function foldersOtherThan(place: string): FolderNamespace[] {
  return folderNamespaces().flatMap(({ folder, namespace }) =>
    namespace === null || namespace === place ? [] : [{ folder, namespace }],
  );
}

function folderNamespaces(): { readonly folder: string; readonly namespace: string | null }[] {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.map(({ name, uri }) => ({ folder: name, namespace: readSettings(uri).namespace }));
}

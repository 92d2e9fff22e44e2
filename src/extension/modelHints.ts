import * as vscode from 'vscode';
import type { ClusterInventory } from '../core/cluster.ts';
import { hintsOf, type Hint, type HintFacts } from '../core/model.ts';
import type { Cluster } from './cluster.ts';
import { readDocument } from './modelDocument.ts';
import { onnxBytes } from './onnxSize.ts';
import { readSettings } from './settings.ts';

/** What Triton loads where a config names no file. */
const defaultFileName = 'model.onnx';

/** What costs performance in a model config, with what is known of the cluster at this moment. Asks no cluster anything. */
export class ModelHints implements vscode.Disposable {
  readonly #cluster: Pick<Cluster, 'lastInventory' | 'onDidReadInventory'>;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #listeners: vscode.Disposable;
  /** By config and file name, as they were when they were last asked for. */
  readonly #sizes = new Map<string, number | null>();
  readonly #looking = new Set<string>();
  /** The setting was changed, or more became known. */
  readonly onDidChange = this.#changed.event;

  constructor(cluster: Pick<Cluster, 'lastInventory' | 'onDidReadInventory'>) {
    this.#cluster = cluster;
    this.#listeners = vscode.Disposable.from(
      cluster.onDidReadInventory(() => {
        this.#changed.fire();
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('topologyBench.hints.enabled')) this.#changed.fire();
      }),
    );
  }

  of(document: vscode.TextDocument): readonly Hint[] {
    if (!readSettings(document.uri).hints) return [];
    const read = readDocument(document);
    if (read.model?.task !== 'text-classification') return [];
    return hintsOf(read, read.text, this.#facts(document.uri, read.model.modelFileName ?? defaultFileName));
  }

  dispose(): void {
    this.#listeners.dispose();
    this.#changed.dispose();
  }

  #facts(config: vscode.Uri, fileName: string): HintFacts | undefined {
    const inventory = this.#cluster.lastInventory();
    // Who may not list nodes does not know what is on them.
    if (inventory === undefined || inventory.nodes === 0) return undefined;
    const gpus = gpusOf(inventory);
    return { ...gpus, modelBytes: gpus.gpuMemoryMiB === null ? null : this.#sizeOf(config, fileName) };
  }

  /** null until it is known. Each time it is looked up anew, and told when it is another: a model may be exported again while its config is edited. */
  #sizeOf(config: vscode.Uri, fileName: string): number | null {
    const key = `${config.toString()} ${fileName}`;
    const known = this.#sizes.get(key) ?? null;
    if (!this.#looking.has(key)) {
      this.#looking.add(key);
      void onnxBytes(config, fileName).then((bytes) => {
        this.#looking.delete(key);
        if (bytes === known) return;
        this.#sizes.set(key, bytes);
        this.#changed.fire();
      });
    }
    return known;
  }
}

function gpusOf({ context, gpuNodes }: ClusterInventory): Omit<HintFacts, 'modelBytes'> {
  const memories = gpuNodes.map(({ memoryMiB }) => memoryMiB);
  const known = memories.filter((memory) => memory !== null);
  return {
    cluster: context,
    gpusOfNode: Math.max(0, ...gpuNodes.map(({ total }) => total)),
    gpuMemoryMiB: known.length === 0 || known.length < memories.length ? null : Math.max(...known),
  };
}

import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError, isCancelled, toBenchError } from '../core/errors.ts';
import { selectorText } from '../topologies/labels.ts';
import type { Labels } from '../topologies/objects.ts';
import type { ApiList, Pod } from './apiObjects.ts';
import { query, type Cluster } from './cluster.ts';
import { listPath } from './resources.ts';
import { isConnectionTrouble, isStatus, refusal } from './statusError.ts';
import { connectionError } from './transport.ts';

/** After this long the API server ends a watch by itself, and the next one begins where it ended. */
const watchSeconds = 60;
/** One that has not ended by then is of a connection that nobody has told of its end. */
const deadAfterMs = (watchSeconds + 15) * 1000;
const listWithinMs = 10_000;

/**
 * Keeps the pods of a selector up to date until it is disposed. A watch that breaks is begun again from a fresh list, so
 * nothing is missed.
 */
export class PodWatch implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #path: string;
  readonly #selector: string;
  readonly #end = new AbortController();
  readonly #running: Promise<void>;
  readonly #pods = new Map<string, Pod>();
  #listed = false;
  #failure: Error | undefined;
  #trouble: string | undefined;
  /** Counts changes, so that one between two calls of `changed` is not missed. */
  #version = 0;
  #seen = 0;
  #wake: (() => void)[] = [];

  constructor(cluster: Cluster, namespace: string, selector: Labels) {
    this.#cluster = cluster;
    this.#path = listPath('Pod', namespace);
    this.#selector = selectorText(selector);
    this.#running = this.#run();
  }

  /** The pods as last seen; undefined before the first list has come. */
  get pods(): readonly Pod[] | undefined {
    return this.#listed ? [...this.#pods.values()] : undefined;
  }

  /** Why the API server says nothing of the pods at the moment; undefined while it does. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /**
   * Resolves when something has changed, at the latest after `atMostMs`, and at once on abort.
   * @throws what keeps the pods from being read at all
   */
  async changed(atMostMs: number, signal: AbortSignal): Promise<void> {
    if (this.#failure === undefined && this.#version === this.#seen) {
      const changed = new Promise<void>((resolve) => {
        this.#wake.push(resolve);
      });
      const timer = new AbortController();
      await Promise.race([
        changed,
        sleep(atMostMs, undefined, { signal: AbortSignal.any([signal, timer.signal]) }).catch(() => undefined),
      ]);
      timer.abort();
    }
    this.#seen = this.#version;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        let version = await this.#list();
        // A watch that ended in good order goes on where it was; any other way needs a fresh list.
        while (version !== undefined) version = await this.#watch(version);
      } catch (error) {
        if (isCancelled(error)) return;
        if (!passes(error)) {
          this.#failure = toBenchError(refusal(error, 'watch pods'), 'watching pods');
          this.#notify();
          return;
        }
        this.#trouble = error instanceof Error ? error.message : String(error);
      }
      await sleep(500, undefined, { signal }).catch(() => undefined);
    }
  }

  async #list(): Promise<string | undefined> {
    const list = (await this.#cluster.get(
      `${this.#path}?${query({ labelSelector: this.#selector })}`,
      this.#end.signal,
      // What fails is tried again here, so that it is known meanwhile what fails.
      { onceWithinMs: listWithinMs },
    )) as ApiList<Pod>;
    this.#pods.clear();
    for (const pod of list.items ?? []) this.#pods.set(pod.metadata.uid, pod);
    this.#listed = true;
    this.#trouble = undefined;
    this.#notify();
    return list.metadata?.resourceVersion;
  }

  /** Resolves with the version to go on from, or undefined when that version is too old. */
  async #watch(from: string): Promise<string | undefined> {
    const options = { labelSelector: this.#selector, watch: true, resourceVersion: from, timeoutSeconds: watchSeconds };
    const response = await this.#cluster.stream(
      `${this.#path}?${query({ ...options, allowWatchBookmarks: true })}`,
      this.#end.signal,
    );
    const timer = setTimeout(() => {
      response.destroy(broken());
    }, deadAfterMs);
    let version = from;
    try {
      for await (const line of createInterface({ input: response })) {
        const { type, object } = parseEvent(line);
        if (type === 'ERROR') return undefined;
        version = object.metadata.resourceVersion ?? version;
        if (type === 'DELETED') this.#pods.delete(object.metadata.uid);
        else if (type !== 'BOOKMARK') this.#pods.set(object.metadata.uid, object);
        if (type !== 'BOOKMARK') this.#notify();
      }
    } catch (error) {
      throw error instanceof BenchError ? error : connectionError(error as NodeJS.ErrnoException);
    } finally {
      clearTimeout(timer);
      response.destroy();
    }
    return version;
  }

  #notify(): void {
    this.#version += 1;
    const waiting = this.#wake;
    this.#wake = [];
    for (const resolve of waiting) resolve();
  }
}

/** A connection that broke in the middle of a line leaves half of it. */
function parseEvent(line: string): { readonly type: string; readonly object: Pod } {
  try {
    return JSON.parse(line) as { type: string; object: Pod };
  } catch {
    throw broken();
  }
}

function broken(): BenchError {
  return connectionError(new Error('the watch did not end as it should'));
}

/** What another try may cure; 410 says that a version is too old, which a list cures. */
function passes(error: unknown): boolean {
  return isStatus(error, 410) || isConnectionTrouble(error);
}

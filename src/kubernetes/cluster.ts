import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancelled, throwIfCancelled } from '../core/errors.ts';
import { openChannelSocket, type ChannelSocket } from './channelSocket.ts';
import { loadKubeconfig, type KubeconfigChoice } from './kubeconfig.ts';
import { createServerClock } from './serverClock.ts';
import { StatusError, statusErrorFrom } from './statusError.ts';
import { ConnectionError, createTransport, readText, type RawRequest } from './transport.ts';

export interface ApiResponse {
  readonly status: number;
  readonly body: unknown;
}

export interface GetOptions {
  /** Names, labels and owners alone, without what the objects hold. */
  readonly metadataOnly?: boolean;
  /** Give up at once, and after this long without an answer; one that has begun has as long again to come whole. */
  readonly onceWithinMs?: number;
}

/** A connection to one context of a kubeconfig. Nothing is sent before the first call. */
export interface Cluster extends Disposable {
  readonly context: string;
  readonly namespace: string;
  /** Reads; tried again for a few seconds when the connection breaks. Rejects with StatusError. */
  get(path: string, signal: AbortSignal, options?: GetOptions): Promise<unknown>;
  /**
   * Changes. It is sent again when the connection breaks, so it must be one that may be sent twice. A cancel rejects at
   * once and leaves the request under way, with a time limit of its own: `settled` says when it is known whether it took
   * place. Rejects with StatusError.
   */
  change(
    request: { method: 'POST' | 'PATCH' | 'DELETE'; path: string; body?: unknown; contentType?: string },
    signal: AbortSignal,
  ): Promise<ApiResponse>;
  /**
   * Resolves when every change that was begun has come to its end, also those whose callers were cancelled. Whoever cleans
   * up looks only then at what is there. Rejects with `cancelled` on abort.
   */
  settled(signal: AbortSignal): Promise<void>;
  /** A response read piece by piece: logs, watches. */
  stream(path: string, signal: AbortSignal): Promise<IncomingMessage>;
  openSocket(
    path: string,
    onMessage: (channel: number, data: Buffer) => void,
    signal: AbortSignal,
  ): Promise<ChannelSocket>;
  /** Unix time in milliseconds by the API server's clock, as far as known; clocks of laptops differ. */
  serverNow(): number;
}

/** Until an answer begins, and then until it has come whole. */
const requestTimeoutMs = 30_000;
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
/** Waits before another try; an API server that restarts is back within their sum. */
const retryDelaysMs = [200, 500, 1000, 2000, 4000];

/** @throws BenchError kubeconfig-missing or kubeconfig-broken */
export function openCluster(choice: KubeconfigChoice): Cluster {
  const { config, context, namespace } = loadKubeconfig(choice);
  const transport = createTransport(config);
  const serverClock = createServerClock();
  const noCancel = new AbortController().signal;
  const underWay = new Set<Promise<unknown>>();

  async function ask(raw: RawRequest, signal: AbortSignal): Promise<ApiResponse> {
    const response = await transport.send(raw, signal);
    const date = Date.parse(response.headers.date ?? '');
    if (Number.isFinite(date)) serverClock.heard(date);
    const text = await readText(response, raw.timeoutMs);
    const status = response.statusCode ?? 0;
    if (status >= 400) throw statusErrorFrom(status, text);
    return { status, body: parseBody(text) };
  }

  return {
    context,
    namespace,
    async get(path, signal, options = {}) {
      const timeoutMs = options.onceWithinMs ?? requestTimeoutMs;
      const accept = options.metadataOnly === true ? { accept: metadataOnly } : {};
      const raw = { method: 'GET', path, timeoutMs, ...accept };
      const attempt = (): Promise<ApiResponse> => ask(raw, signal);
      return (await (options.onceWithinMs === undefined ? withRetries(attempt, signal) : attempt())).body;
    },
    async change(request, signal) {
      throwIfCancelled(signal, 'changing the cluster');
      const raw = {
        method: request.method,
        path: request.path,
        timeoutMs: requestTimeoutMs,
        ...(request.contentType === undefined ? {} : { contentType: request.contentType }),
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      };
      const changing = withRetries(() => ask(raw, noCancel), signal);
      underWay.add(changing);
      const ended = (): unknown => underWay.delete(changing);
      changing.then(ended, ended);
      const response = await unlessCancelled(changing, signal, 'changing the cluster');
      throwIfCancelled(signal, 'changing the cluster');
      return response;
    },
    async settled(signal) {
      await unlessCancelled(Promise.allSettled(underWay), signal, 'waiting for changes to the cluster to end');
    },
    async stream(path, signal) {
      const response = await transport.send({ method: 'GET', path, timeoutMs: requestTimeoutMs }, signal);
      const status = response.statusCode ?? 0;
      if (status >= 400) throw statusErrorFrom(status, await readText(response, requestTimeoutMs));
      return response;
    },
    openSocket: (path, onMessage, signal) => openChannelSocket(config, path, onMessage, signal),
    serverNow: () => serverClock.now(),
    [Symbol.dispose]: transport.close,
  };
}

/** A query string from pairs; undefined ones are left out. */
export function query(pairs: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const used = Object.entries(pairs).filter(
    (pair): pair is [string, string | number | boolean] => pair[1] !== undefined,
  );
  return new URLSearchParams(used.map(([key, value]) => [key, String(value)])).toString();
}

async function withRetries(attempt: () => Promise<ApiResponse>, signal: AbortSignal): Promise<ApiResponse> {
  for (const delay of retryDelaysMs) {
    try {
      return await attempt();
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
    await sleep(delay, undefined, { signal }).catch(() => {
      throw cancelled('talking to the cluster');
    });
  }
  return attempt();
}

/** What a promise brings, or `cancelled` as soon as the signal is aborted; the work itself goes on. */
async function unlessCancelled<Value>(work: Promise<Value>, signal: AbortSignal, what: string): Promise<Value> {
  const heard = new AbortController();
  const abort = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => {
      reject(cancelled(what));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true, signal: heard.signal });
  });
  try {
    return await Promise.race([work, abort]);
  } finally {
    heard.abort();
  }
}

function isTransient(error: unknown): boolean {
  if (error instanceof StatusError)
    return [429, 502, 503, 504].includes(error.status) || error.reason === 'ServerTimeout';
  return error instanceof ConnectionError;
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

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
  /** Give up at once, and after this long. */
  readonly onceWithinMs?: number;
}

/** A connection to one context of a kubeconfig. Nothing is sent before the first call. */
export interface Cluster extends Disposable {
  readonly context: string;
  readonly namespace: string;
  /** Reads; tried again for a few seconds when the connection breaks. Rejects with StatusError. */
  get(path: string, signal: AbortSignal, options?: GetOptions): Promise<unknown>;
  /**
   * Changes. The request is not torn down by a cancel, so that it is always known whether it took place; it has a time
   * limit of its own. It is sent again when the connection breaks, so it must be one that may be sent twice. Rejects with
   * StatusError.
   */
  change(
    request: { method: 'POST' | 'PATCH' | 'DELETE'; path: string; body?: unknown; contentType?: string },
    signal: AbortSignal,
  ): Promise<ApiResponse>;
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

  async function ask(raw: RawRequest, signal: AbortSignal): Promise<ApiResponse> {
    const response = await transport.send(raw, signal);
    const date = Date.parse(response.headers.date ?? '');
    if (Number.isFinite(date)) serverClock.heard(date);
    const text = await readText(response);
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
      const response = await withRetries(() => ask(raw, noCancel), signal);
      throwIfCancelled(signal, 'changing the cluster');
      return response;
    },
    async stream(path, signal) {
      const response = await transport.send({ method: 'GET', path, timeoutMs: requestTimeoutMs }, signal);
      const status = response.statusCode ?? 0;
      if (status >= 400) throw statusErrorFrom(status, await readText(response));
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

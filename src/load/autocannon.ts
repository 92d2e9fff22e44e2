import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import autocannon, { type Options } from 'autocannon';
import manifest from 'autocannon/package.json' with { type: 'json' };

/** The version whose inside this folder was written against; pinned in package.json. */
export const autocannonVersion: string = manifest.version;

/** A connection of autocannon 9.0.0 (lib/httpClient.js) with the members that `LoadConnection` replaces or reads. */
export interface AutocannonClient extends EventEmitter {
  /** Undefined until the first connect. */
  conn: Socket | undefined;
  /** Milliseconds until an unanswered request times out. */
  timeout: number;
  readonly destroyed: boolean;
  readonly timeoutTicker: { reschedule(milliseconds: number): void };
  readonly pipelinedRequests: { clear(): void; addBody: (data: Buffer) => void };
  readonly requestIterator: { nextRequest: () => void };
  readonly parser: {
    readonly state: string;
    execute: (chunk: Buffer) => unknown;
    finish(): unknown;
    reinitialize(type: 'RESPONSE'): void;
  };
  _connect: () => void;
  _doRequest: () => void;
  _destroyConnection: () => void;
  getRequestBuffer: () => Buffer;
  destroy(): void;
}

/** What the parser says when an answer's headers are complete. */
export interface AnswerHeaders {
  readonly shouldKeepAlive: boolean;
}

/** autocannon's own bookkeeping, which nothing here reads, made free of cost. */
const unused = { __custom: true, recordValue: ignore, reset: ignore, destroy: ignore };

/**
 * Starts autocannon's closed loop: every connection sends its next request when the last one is answered. It goes on until
 * every connection has been destroyed; then the promise resolves, at the next tick of 20 ms.
 */
export function startAutocannon(options: {
  url: string;
  connections: number;
  /** Called with each connection before it opens its socket. */
  setupConnection(client: AutocannonClient): void;
}): Promise<unknown> {
  const settings: Options & { histograms: object } = {
    url: options.url,
    connections: options.connections,
    // Its own end is rounded up to a tick and closes requests in flight; the phase ends its connections itself.
    duration: 2_000_000,
    sampleInt: 20,
    skipAggregateResult: true,
    excludeErrorStats: true,
    histograms: { latencies: unused, requests: unused, throughput: unused },
    setupClient: (client) => {
      options.setupConnection(client as unknown as AutocannonClient);
    },
  };
  return Promise.resolve(autocannon(settings));
}

function ignore(): void {
  // Nothing to do.
}

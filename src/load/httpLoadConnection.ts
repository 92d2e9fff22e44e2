import type { ClosedLoopConnection } from './closedLoopPhase.ts';
import type { Endpoint } from './endpoint.ts';
import { HttpConnection } from './httpConnection.ts';
import { IdleLimit } from './idleLimit.ts';
import { retryWaitMs, type RequestObserver } from './loadConnection.ts';

/** A closed loop's connection that needs no autocannon, with the rules of LoadConnection. */
export class HttpLoadConnection implements ClosedLoopConnection {
  readonly opened: Promise<void>;
  readonly #connection: HttpConnection;
  readonly #nextRequest: () => Buffer;
  readonly #observer: RequestObserver;
  #running = false;
  #failuresInARow = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    endpoint: Endpoint,
    options: { nextRequest: () => Buffer; timeoutMs: number; observer: RequestObserver },
  ) {
    this.#nextRequest = options.nextRequest;
    this.#observer = options.observer;
    this.#connection = new HttpConnection(endpoint, {
      timeoutMs: options.timeoutMs,
      // A closed loop's connection never idles.
      idleLimit: new IdleLimit(),
      listener: {
        answered: (_connection, status, latencyMs) => {
          this.#failuresInARow = 0;
          this.#send();
          this.#observer.answered(status, latencyMs);
        },
        failed: (_connection, kind, afterMs) => {
          this.#failuresInARow += 1;
          this.#observer.failed(kind, afterMs);
          this.#retry = setTimeout(() => {
            this.#send();
          }, retryWaitMs(this.#failuresInARow));
        },
      },
    });
    this.opened = this.#connection.open();
  }

  begin(): void {
    this.#running = true;
    this.#send();
  }

  waitingSinceMs(): number | undefined {
    return this.#connection.waitingSinceMs;
  }

  drain(): void {
    this.#running = false;
    clearTimeout(this.#retry);
  }

  end(): void {
    this.drain();
    this.#connection.end();
  }

  #send(): void {
    if (!this.#running) return;
    const nowMs = performance.now();
    this.#connection.send(this.#nextRequest(), nowMs, nowMs);
    this.#observer.sent();
  }
}

import type { Endpoint } from './endpoint.ts';
import { type ConnectionListener, HttpConnection } from './httpConnection.ts';
import { IdleLimit, usualIdleMs } from './idleLimit.ts';

/**
 * The connections of an open loop. They take turns, so that a server's workers share them as they would share many
 * clients; one that was lost is opened again only when no open one is free. Of those that idle for long the last used one
 * alone is kept, for as long as the server lets it.
 */
export class ConnectionPool {
  readonly #all: HttpConnection[] = [];
  readonly #free: HttpConnection[] = [];
  #head = 0;
  readonly #lost: HttpConnection[] = [];
  readonly #idleLimit = new IdleLimit();
  readonly #make: () => HttpConnection;
  readonly #most: number;

  constructor(endpoint: Endpoint, options: { most: number; timeoutMs: number; listener: ConnectionListener }) {
    this.#most = options.most;
    this.#make = () => {
      const connection = new HttpConnection(endpoint, { ...options, idleLimit: this.#idleLimit });
      this.#all.push(connection);
      return connection;
    };
  }

  /** Resolves when that many sockets are open, or could not be opened. */
  async open(count: number): Promise<void> {
    const connections = Array.from({ length: Math.min(count, this.#most) }, this.#make);
    this.#free.push(...connections);
    await Promise.all(connections.map((connection) => connection.open()));
  }

  /** A connection without a request; undefined when all have one and no more are allowed. */
  take(nowMs: number): HttpConnection | undefined {
    while (this.#head < this.#free.length) {
      const connection = this.#free[this.#head];
      this.#head += 1;
      // Half of the array is over: it is cut at a cost that is shared by as many takes.
      if (this.#head > 64 && this.#head * 2 > this.#free.length) {
        this.#free.splice(0, this.#head);
        this.#head = 0;
      }
      if (connection === undefined) continue;
      if (connection.usable) {
        if (connection.idleMs(nowMs) <= this.#mostIdleMs()) return connection;
        connection.retire();
      }
      this.#lost.push(connection);
    }
    return this.#lost.pop() ?? (this.#all.length < this.#most ? this.#make() : undefined);
  }

  /** Of the one that is about to be taken: they are free in the order in which they were given. */
  #mostIdleMs(): number {
    const { mostMs } = this.#idleLimit;
    return this.#head < this.#free.length ? Math.min(mostMs, usualIdleMs) : mostMs;
  }

  give(connection: HttpConnection): void {
    this.#free.push(connection);
  }

  /** For each request without an answer, since when it is waited for, by performance.now(). */
  waitingSinceMs(): number[] {
    return this.#all.map((connection) => connection.waitingSinceMs).filter((since) => since !== undefined);
  }

  opened(): number {
    return this.#all.reduce((sum, connection) => sum + connection.opened, 0);
  }

  end(): void {
    for (const connection of this.#all) connection.end();
  }
}

/** Shorter than the 5 s after which uvicorn and Node close an idle connection, by what undici leaves too. */
export const usualIdleMs = 4_000;
/** A server that closes sooner than this does it for another reason than that the connection idled. */
const leastIdleMs = 1_000;
/** What is left between a request and the moment at which the server closes; half of a time that is short. */
const marginMs = 1_000;

/**
 * For how long a connection may have idled before a request goes out on it. A server closes what has idled for long, and a
 * request that crosses with that is lost, which says nothing of how the server answers. Times are milliseconds.
 */
export class IdleLimit {
  #mostMs = Number.POSITIVE_INFINITY;

  /** As far as is known of the server; without bound where nothing is. */
  get mostMs(): number {
    return this.#mostMs;
  }

  /** @param header "Keep-Alive" of an answer, such as "timeout=5, max=100" */
  said(header: string): void {
    const seconds = /(?:^|[\s,;])timeout=(\d{1,6})\b/i.exec(header)?.[1];
    if (seconds !== undefined) this.#closesAfter(Number(seconds) * 1000);
  }

  /** The server closed a connection that had idled for so long. */
  closed(idleMs: number): void {
    if (idleMs >= leastIdleMs) this.#closesAfter(idleMs);
  }

  #closesAfter(idleMs: number): void {
    this.#mostMs = Math.min(this.#mostMs, idleMs - Math.min(marginMs, idleMs / 2));
  }
}

import type { Clock } from '../../src/core/ports.ts';

/** A clock that sleeps in no time, and whose wall clock anybody may set. */
export class SettableClock implements Clock {
  #wallMs = 1_795_365_790_000;
  #steadyMs = 4_711;

  now(): number {
    return this.#wallMs;
  }

  elapsed(): number {
    return this.#steadyMs;
  }

  async sleep(milliseconds: number): Promise<void> {
    this.#wallMs += milliseconds;
    this.#steadyMs += milliseconds;
  }

  /** @param byMs milliseconds that the wall clock is set ahead, or back below 0 */
  set(byMs: number): void {
    this.#wallMs += byMs;
  }
}

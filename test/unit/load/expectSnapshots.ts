import { expect } from 'vitest';

/** Longest pause of the generator for which no second is passed over: a phase may end a little before its last one is over. */
const passingMs = 800;

/**
 * A phase has a snapshot at each of its whole seconds but the last, in order, each once. One is passed over only by a generator
 * that stood still for it.
 * @param elapsedMs of each snapshot
 * @param last whole second that there is one of
 */
export function expectSnapshots(elapsedMs: readonly number[], last: number, stalledMs: number | null): void {
  const due = Array.from({ length: last }, (_, index) => index + 1);
  // A timer may fire a fraction of a millisecond early.
  const seconds = elapsedMs.map((ms) => Math.floor((ms + 1) / 1_000));
  expect(seconds).toEqual(due.filter((second) => seconds.includes(second)));
  expect((last - seconds.length) * passingMs).toBeLessThanOrEqual(stalledMs ?? 0);
}

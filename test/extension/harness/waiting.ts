/** How long a state may take to come: two slow cores shared with a cluster need their time; a state that is there costs none. */
export const patienceMs = 60_000;

/** How long a run may take to remove from a cluster what it made, whose pods have their own time to end. */
export const cleanedUpWithinMs = 180_000;

/** Tries until the value satisfies; the error says what was last seen. For what no locator can wait for. */
export async function eventually<T>(
  what: string,
  read: () => Promise<T> | T,
  satisfies: (value: T) => boolean,
  timeoutMs = patienceMs,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    let seen: string;
    try {
      const value = await read();
      if (satisfies(value)) return value;
      seen = JSON.stringify(value);
    } catch (error) {
      seen = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() > deadline)
      throw new Error(`Waited ${String(timeoutMs / 1000)} s for ${what}; last seen: ${seen.slice(0, 2000)}`);
    await new Promise((next) => setTimeout(next, 100));
  }
}

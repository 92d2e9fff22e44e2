/** The API server's clock, as far as its answers tell it: clocks of laptops differ, and are set. */
export interface ServerClock {
  /** An answer bore this time (Unix time in milliseconds). */
  heard(serverMs: number): void;
  /** Unix time in milliseconds; by this machine's clock until an answer was heard. */
  now(): number;
}

export function createServerClock(): ServerClock {
  let last: { readonly serverMs: number; readonly wallMs: number; readonly steadyMs: number } | undefined;
  return {
    heard(serverMs) {
      last = { serverMs, wallMs: Date.now(), steadyMs: performance.now() };
    },
    now() {
      if (last === undefined) return Date.now();
      // The wall clock may be set back, and the steady one stands still while the machine sleeps: the later one is right.
      return last.serverMs + Math.max(Date.now() - last.wallMs, performance.now() - last.steadyMs);
    },
  };
}

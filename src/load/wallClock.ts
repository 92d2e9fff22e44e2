/** What a phase has to do with the wall clock, which anybody may set at any time: it tells moments, and no length. */
export interface WallClockWatch {
  /** Unix time in milliseconds. */
  now(): number;
  /** Milliseconds by which the wall clock went further than the steady one since the watch began; below 0: it was set back. */
  shiftMs(): number;
}

/** Watches from now on. A machine that slept meanwhile shows too: its steady clock stood still. */
export function watchWallClock(): WallClockWatch {
  const wallMs = Date.now();
  const steadyMs = performance.now();
  return {
    now: () => Date.now(),
    // Neither clock is read more finely than this.
    shiftMs: () => Math.round(Date.now() - wallMs - (performance.now() - steadyMs)),
  };
}

/** Milliseconds until a moment in Unix time, by this machine's clock. */
export function msUntil(atMs: number): number {
  return atMs - Date.now();
}

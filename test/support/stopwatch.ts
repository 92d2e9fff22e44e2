/** How often it looks at the clock, and what it counts at most between two looks. */
const lookEveryMs = 10;
const mostMs = 50;

/**
 * Milliseconds that have passed since now, but for those in which this process did not run: where the whole machine stands still
 * for a second or two, nothing can be done within one. The function that it returns ends it, and says how many they were.
 */
export function startStopwatch(): () => number {
  let ranMs = 0;
  let lookedAt = performance.now();
  const look = (): void => {
    const now = performance.now();
    ranMs += Math.min(now - lookedAt, mostMs);
    lookedAt = now;
  };
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    look();
    return ranMs;
  };
}

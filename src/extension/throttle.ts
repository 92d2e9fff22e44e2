/**
 * Calls `act` at most once in `intervalMs`: at once for the first request, and once more at the end of the interval when
 * others came meanwhile. Nothing runs after dispose.
 */
export function throttle(intervalMs: number, act: () => void): { request(): void; flush(): void; dispose(): void } {
  let timer: NodeJS.Timeout | undefined;
  let pending = false;
  let disposed = false;
  const run = (): void => {
    pending = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (pending) run();
    }, intervalMs);
    act();
  };
  return {
    request() {
      if (disposed) return;
      if (timer === undefined) run();
      else pending = true;
    },
    /** Acts now if something waits; for the last state of something that has ended. */
    flush() {
      if (disposed || !pending) return;
      clearTimeout(timer);
      run();
    },
    dispose() {
      disposed = true;
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

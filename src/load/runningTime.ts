/** How often it looks at the clock, and what it counts at most between two looks. */
const lookEveryMs = 50;
const mostMs = 100;

export interface RunningTime {
  /** Milliseconds by now. */
  ms(): number;
  end(): void;
}

/**
 * Counts from now on the time in which this process runs: where the whole machine stands still, nobody could do anything
 * meanwhile, and whatever was sent to this process is heard only after its timers. It keeps no process alive.
 */
export function startRunningTime(): RunningTime {
  return countRunningTime(() => undefined).unref();
}

/** Resolves when this process has run for so long and has heard what had come by then, or when the signal is aborted. */
export function haveRun(milliseconds: number, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      until.removeEventListener('abort', end);
      time.end();
      // Timers come before what was sent to this process: it is heard in the same turn of the loop.
      setImmediate(resolve);
    };
    const time = countRunningTime((ranMs) => {
      if (ranMs >= milliseconds) end();
    });
    if (until.aborted) end();
    else until.addEventListener('abort', end);
  });
}

function countRunningTime(looked: (ranMs: number) => void): RunningTime & { unref(): RunningTime } {
  let ranMs = 0;
  let lookedAt = performance.now();
  const ms = (): number => {
    const now = performance.now();
    ranMs += Math.min(now - lookedAt, mostMs);
    lookedAt = now;
    return ranMs;
  };
  const timer = setInterval(() => {
    looked(ms());
  }, lookEveryMs);
  const time: RunningTime = {
    ms,
    end: () => {
      clearInterval(timer);
    },
  };
  return {
    ...time,
    unref: () => {
      timer.unref();
      return time;
    },
  };
}

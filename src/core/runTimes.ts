import type { Clock } from './ports.ts';

/** When a run began and ended, by a wall clock that may be set while the run is under way. ISO 8601. */
export interface RunTimes {
  readonly startedAt: string;
  /** The end is now, and never before the start; the warning is null where the clock went on as clocks do. */
  end(): { readonly endedAt: string; readonly warning: string | null };
}

/** What two clocks of one machine may differ by in a run of hours; more was no drift. */
const allowedShiftMs = 2_000;

export function startRunTimes(clock: Pick<Clock, 'now' | 'elapsed'>): RunTimes {
  const startMs = clock.now();
  const steadyMs = clock.elapsed();
  return {
    startedAt: new Date(startMs).toISOString(),
    end() {
      const lengthMs = clock.elapsed() - steadyMs;
      const shiftMs = clock.now() - startMs - lengthMs;
      // Of a clock that was set back the present is no moment after the start, but the length still is one.
      const endMs = startMs + lengthMs + Math.max(0, shiftMs);
      return { endedAt: new Date(endMs).toISOString(), warning: warningOf(shiftMs) };
    },
  };
}

function warningOf(shiftMs: number): string | null {
  if (Math.abs(shiftMs) <= allowedShiftMs) return null;
  const seconds = (Math.abs(shiftMs) / 1000).toFixed(1);
  return shiftMs < 0
    ? `This machine's clock was set back by ${seconds} s while the run was under way: its end is told as its start plus its length. No length was measured by that clock.`
    : `This machine's clock went ahead by ${seconds} s while the run was under way: it was set, or the machine slept. The run was that much shorter than its start and end say; no length was measured by that clock.`;
}

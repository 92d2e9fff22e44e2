import { histogramMicroseconds } from '../core/histogram.ts';
import { slotOf, timeWindow, windowWidthMs, type TimeWindows } from '../core/windows.ts';

/** Sorts what ends in a phase into its windows. Costs a request one step of a hash map; nothing is done at a window's end. */
export interface WindowRecorder {
  /** @param atMs milliseconds since the phase began */
  succeeded(atMs: number, latencyMs: number): void;
  failed(atMs: number): void;
  /** What is left over behind the last whole window counts as that window's, when it is less than half of one. */
  finish(elapsedMs: number): TimeWindows;
}

interface OpenWindow {
  errors: number;
  readonly counts: Map<number, number>;
}

export function createWindowRecorder(durationSeconds: number): WindowRecorder {
  const widthMs = windowWidthMs(durationSeconds);
  const windows: OpenWindow[] = [];

  return {
    succeeded(atMs, latencyMs) {
      const { counts } = windowAt(atMs);
      const slot = slotOf(histogramMicroseconds(latencyMs));
      counts.set(slot, (counts.get(slot) ?? 0) + 1);
    },
    failed(atMs) {
      windowAt(atMs).errors += 1;
    },
    finish(elapsedMs) {
      const wanted = Math.max(1, Math.round(elapsedMs / widthMs));
      while (windows.length < wanted) windows.push({ errors: 0, counts: new Map() });
      const last = windows[wanted - 1];
      for (const late of windows.splice(wanted)) {
        if (last === undefined) break;
        last.errors += late.errors;
        for (const [slot, count] of late.counts) last.counts.set(slot, (last.counts.get(slot) ?? 0) + count);
      }
      return { widthMs, windows: windows.map(({ errors, counts }) => timeWindow(errors, counts)) };
    },
  };

  function windowAt(atMs: number): OpenWindow {
    const index = Math.max(0, Math.floor(atMs / widthMs));
    for (;;) {
      const window = windows[index];
      if (window !== undefined) return window;
      windows.push({ errors: 0, counts: new Map() });
    }
  }
}

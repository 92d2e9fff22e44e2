import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeHistogram } from '../../../src/core/histogram.ts';
import { seededRandom } from '../../../src/core/seededRandom.ts';
import { decodeWindows, slotMicroseconds, successesOf } from '../../../src/core/windows.ts';
import { createPhaseRecorder, type RecordedPhase } from '../../../src/load/phaseRecorder.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Every millisecond of `milliseconds` a request of some latency, every tenth an error. */
function record(milliseconds: number): RecordedPhase {
  const recorder = createPhaseRecorder(1, 5);
  const random = seededRandom(9);
  // What passes before the first request is no part of the phase.
  vi.advanceTimersByTime(333);
  for (let at = 0; at < milliseconds; at += 1) {
    recorder.sent();
    const latencyMs = Math.exp(8 * random() - 2);
    if (at % 10 === 9) recorder.failed('timeout', latencyMs);
    else recorder.answered(200, latencyMs);
    vi.advanceTimersByTime(1);
    if (at % 1000 === 999) recorder.tick(at + 1);
  }
  return recorder.finish(milliseconds, []);
}

function windowsOf({ windows }: RecordedPhase): ReturnType<typeof decodeWindows> {
  if (windows === undefined) throw new Error('The recorder made no windows.');
  return decodeWindows(windows);
}

describe('the windows of a recorded phase', () => {
  it('sum up to its histogram, slot by slot', () => {
    const recorded = record(5000);
    const counts = new Map<number, number>();
    for (const window of windowsOf(recorded).windows) {
      window.slots.forEach((slot, at) => counts.set(slot, (counts.get(slot) ?? 0) + (window.counts[at] ?? 0)));
    }
    const histogram = decodeHistogram(recorded.histogram);
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(histogram.totalCount);
    let before = 0;
    for (const [slot, count] of [...counts].sort(([a], [b]) => a - b)) {
      // Half a request less, so that the rank's rounding cannot matter.
      const quantile = ((before + count - 0.5) / histogram.totalCount) * 100;
      expect(histogram.getValueAtPercentile(quantile)).toBe(slotMicroseconds(slot));
      before += count;
    }
  });

  it('hold what ended in each of them, counted from the first request on', () => {
    const { widthMs, windows } = windowsOf(record(5000));
    expect({ widthMs, count: windows.length }).toEqual({ widthMs: 100, count: 50 });
    expect(windows.map(successesOf)).toEqual(Array(50).fill(90));
    expect(windows.map(({ errors }) => errors)).toEqual(Array(50).fill(10));
  });

  it('are as many as the phase was long; a short rest belongs to the last', () => {
    expect(windowsOf(record(1230)).windows.map(successesOf)).toEqual([...Array<number>(11).fill(90), 117]);
    expect(windowsOf(record(1270)).windows).toHaveLength(13);
  });
});

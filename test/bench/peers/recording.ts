/** How fast latencies are recorded and merged, and whether any is lost on the way. */
import { createLatencyHistogram, decodeHistogram, mergeLatencies, quantileMs } from '../../../src/core/histogram.ts';
import { createPhaseRecorder } from '../../../src/load/phaseRecorder.ts';

export interface Recording {
  readonly latencies: number;
  readonly latenciesPerSecond: number;
  /** What the recorders together counted, and what the merged histogram holds. */
  readonly counted: number;
  readonly merged: number;
  /** Largest |merged / sorted - 1| of the quantiles. */
  readonly worstQuantileError: number;
}

const recorders = 3;
const most = 12_000_000;
const quantiles = [0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999];

/**
 * Three recorders take latencies in turn for some seconds, report each second as a worker does, hand over their histograms
 * as text, and these are merged. The time of all of it counts.
 */
export function measureRecording(seconds: number): Recording {
  const latencies = new Float64Array(most);
  const next = drawLatencies();
  const parts = Array.from({ length: recorders }, () => createPhaseRecorder(8, seconds));
  const startedAt = performance.now();
  let count = 0;
  for (let second = 1; second <= seconds; second += 1) {
    while (count < most && performance.now() - startedAt < second * 1000) {
      const end = Math.min(most, count + 999);
      for (; count < end; count += 1) {
        const latencyMs = next();
        latencies[count] = latencyMs;
        const recorder = parts[count % recorders];
        recorder?.sent();
        recorder?.answered(200, latencyMs);
      }
    }
    for (const recorder of parts) recorder.tick(performance.now() - startedAt);
  }
  const recorded = parts.map((recorder) => recorder.finish(performance.now() - startedAt, []));
  const merged = createLatencyHistogram();
  for (const part of recorded) mergeLatencies(merged, decodeHistogram(part.histogram));
  const elapsedSeconds = (performance.now() - startedAt) / 1000;
  const sorted = latencies.subarray(0, count).sort();
  return {
    latencies: count,
    latenciesPerSecond: count / elapsedSeconds,
    counted: recorded.reduce((sum, part) => sum + part.requests.ok, 0),
    merged: merged.totalCount,
    worstQuantileError: Math.max(
      ...quantiles.map((quantile) => {
        const truth = sorted[Math.ceil(quantile * count) - 1] ?? Number.NaN;
        return Math.abs((quantileMs(merged, quantile) ?? Number.NaN) / truth - 1);
      }),
    ),
  };
}

/** Log-normal around 20 ms and never below 2 ms, where a microsecond is less than the histogram's own step. */
function drawLatencies(): () => number {
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 4_294_967_296;
  };
  return () => {
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    return Math.max(2, 20 * Math.exp(normal / 2));
  };
}

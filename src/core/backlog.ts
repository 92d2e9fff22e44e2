import type { PhaseMeasurement } from './load.ts';
import { pooledSlots, slotAtShare, slotMs } from './windowQuantiles.ts';
import { decodeWindows, type TimeWindows } from './windows.ts';

/** Requests that an open loop has due and that have no answer when its window ends. */
export interface Backlog {
  /** In flight and unsent. */
  readonly unanswered: number;
  /** The most that a server which keeps up leaves so. */
  readonly most: number;
}

/** Of the schedule; a rate within it of the one asked for is that one. */
const backlogShare = 0.01;
/** By how many standard deviations what is in flight may be more than its mean. */
const deviations = 3;
/** Fewer answers in the first third of a phase than this have no p95 to speak of, and the whole phase's is taken. */
const fewestAnswers = 20;

/**
 * The backlog of an open loop whose server did not keep up; undefined where it did. A server that keeps up has L = lambda * W
 * in flight (Little's law), at the end as at any other time; one that does not leaves more, however much room the plan gives.
 * lambda is the schedule's rate. W is p95 of what ended in the first third of the phase, or the mean where that is more: a
 * backlog grows with time and latencies with it, so that those of the whole phase would excuse it, and p95 is above the mean of
 * any but the longest tails, so that a phase whose latency varies is not taken for one that falls behind. What is in flight
 * varies by chance, at most as a Poisson count does where the server has room for all (M/G/infinity): three standard deviations
 * are allowed for that, and a hundredth of the schedule for the rate.
 */
export function backlogOf({ schedule, requests, window, windows, latency }: PhaseMeasurement): Backlog | undefined {
  if (schedule === null) return undefined;
  const elapsedMs = Math.max(1, window.endMs - window.startMs);
  const early = windows === undefined ? null : earlyLatencyMs(decodeWindows(windows));
  const latencyMs = early ?? latency.p95Ms;
  if (latencyMs === null) return undefined;
  const inFlight = (schedule.scheduled / elapsedMs) * latencyMs;
  const most = inFlight + deviations * Math.sqrt(inFlight) + backlogShare * schedule.scheduled;
  const unanswered = requests.inFlight + schedule.unsent;
  return unanswered > most ? { unanswered, most: Math.floor(most) } : undefined;
}

function earlyLatencyMs({ windows }: TimeWindows): number | null {
  const first = windows.slice(0, Math.round(windows.length / 3));
  const pooled = pooledSlots(first);
  if (pooled.samples < fewestAnswers) return null;
  const sum = first.reduce(
    (total, { slots, counts }) =>
      total + slots.reduce((within, slot, index) => within + slotMs(slot) * (counts[index] ?? 0), 0),
    0,
  );
  return Math.max(slotMs(slotAtShare(pooled, 0.95)), sum / pooled.samples);
}

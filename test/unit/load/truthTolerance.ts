import { minimumSamples } from '../../../src/core/statistics.ts';
import { measuredOf, quantileOf, type Quantiles, type Repetition } from './truthRun.ts';

/**
 * What a measurement is held to, quantile by quantile. A pause of the machine adds to what is measured and never takes from it,
 * and server, generator and test share its cores; so each bound is one that pauses leave alone:
 * - `isBelow`: no quantile may be less than what the server itself took. No pause can bring that about.
 * - `isAsSeen`: each quantile is that of the account kept at the worker's sockets, where every pause is in both.
 * - `isNear`: the fastest tenth is as fast as the server's, so that an instrument which reads late by itself is found out, too. For
 *   nine of ten requests to be late takes more than pauses.
 * Of several repetitions one is enough for the last two.
 */
export const quantileNames = ['p50', 'p95', 'p99'] as const satisfies readonly (keyof Quantiles)[];
/** How often a test repeats a case before it fails. */
export const mostRepetitions = 8;
/** The histogram's three digits, and the way from a socket to the stamp. A share of the latency or milliseconds, whichever is more. */
const asSeen = { share: 0.002, ms: 0.5 };
/**
 * A pause may fall between two stamps of the same moment, and make one request of hundreds slow in the one account and not in the
 * other. So a quantile may be that of a neighbouring rank: of this share of the requests, or this many.
 */
const rankSlack = { share: 0.005, requests: 3 };
/** The histogram's three digits, and whole microseconds. */
const below = { share: 0.001, ms: 0.01 };
/** The way there and back, and that connections which are answered at the same moment wait for each other on both sides. */
const nearMs = 1;
const fastest = 0.1;

const shares = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;

export function isBelow(repetition: Repetition, quantile: keyof Quantiles): boolean {
  const { servedMs, measured } = repetition;
  // Of those that are counted each took this or more, so that this many of them can't all have taken less than as many here.
  const least = servedMs[Math.max(1, Math.ceil(shares[quantile] * measured.requests.ok)) - 1] ?? Number.NaN;
  return measuredOf(repetition)[quantile] < least - Math.max(below.share * least, below.ms);
}

export function isAsSeen(repetition: Repetition, quantile: keyof Quantiles): boolean {
  const { seenMs, measured } = repetition;
  const told = measuredOf(repetition)[quantile];
  // With too few successes for this quantile none is told; with enough, an engine that tells none is wrong.
  if (Number.isNaN(told)) return measured.requests.ok < minimumSamples(shares[quantile]);
  const rank = Math.ceil(shares[quantile] * seenMs.length) - 1;
  const slack = Math.max(rankSlack.requests, Math.ceil(rankSlack.share * seenMs.length));
  const low = seenMs[Math.max(0, rank - slack)] ?? Number.NaN;
  const high = seenMs[Math.min(seenMs.length - 1, rank + slack)] ?? Number.NaN;
  return (
    told >= low - Math.max(asSeen.share * low, asSeen.ms) && told <= high + Math.max(asSeen.share * high, asSeen.ms)
  );
}

export function isNear({ seenMs, servedMs }: Repetition): boolean {
  return quantileOf(seenMs, fastest) - quantileOf(servedMs, fastest) <= nearMs;
}

import type { OpenPhase } from './plan.ts';
import { seededRandom } from './seededRandom.ts';

/** What decides when the requests of an open loop are due. */
export type ArrivalPlan = Pick<OpenPhase, 'ratePerSecond' | 'arrivals'> & {
  readonly seed: number;
  /** Of constant arrivals: when the first is due, so that several generators' requests do not come at the same moments. */
  readonly offsetMs?: number;
};

/** Keeps the gaps from being drawn from the numbers that the bodies' order was drawn from. */
const ownStream = 0x5bd1e995;

/**
 * The times at which requests are due, one with each call, in milliseconds since the phase began, ascending without end.
 * "constant": offset + k / rate, from k = 0. "poisson": gaps are exponential with mean 1 / rate, drawn from the seed as -ln(1 - u) / rate
 * (the inverse of the distribution function), so that a plan always gives the same schedule.
 */
export function arrivalTimes({ ratePerSecond, arrivals, seed, offsetMs = 0 }: ArrivalPlan): () => number {
  if (arrivals === 'constant') {
    let next = 0;
    return () => {
      const time = offsetMs + (next * 1000) / ratePerSecond;
      next += 1;
      return time;
    };
  }
  const random = seededRandom((seed ^ ownStream) >>> 0);
  let time = 0;
  return () => {
    time -= (Math.log(1 - random()) * 1000) / ratePerSecond;
    return time;
  };
}

/** All times before `durationMs`. */
export function schedule(plan: ArrivalPlan, durationMs: number): number[] {
  const times: number[] = [];
  const next = arrivalTimes(plan);
  for (let time = next(); time < durationMs; time = next()) times.push(time);
  return times;
}

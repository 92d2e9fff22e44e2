import type { Phase } from './plan.ts';

/** What one of several load generators does of a phase. */
export interface PhaseShare {
  readonly phase: Phase;
  /** Of an open loop with constant arrivals, when its first request is due; see arrivals.ts. */
  readonly offsetMs: number;
}

/**
 * What each of several load generators does of one phase: connections, or the rate and the room in flight, shared out as
 * evenly as whole numbers go. A generator for which no connection is left rests: null. Constant arrivals begin one after the
 * other, each a distance of the whole rate later, so that together they are at equal distances again. Poisson arrivals need
 * nothing of the kind: independent Poisson processes add up to one.
 * @param generators of an open loop, at most maxInFlight (see generatorRoom.ts)
 */
export function phaseShares(phase: Phase, generators: number): (PhaseShare | null)[] {
  if (phase.loop === 'closed') {
    return wholeShares(phase.connections, generators).map((connections) =>
      connections === 0 ? null : { phase: { ...phase, connections }, offsetMs: 0 },
    );
  }
  const ratePerSecond = phase.ratePerSecond / generators;
  const distanceMs = phase.arrivals === 'constant' ? 1000 / phase.ratePerSecond : 0;
  return wholeShares(phase.maxInFlight, generators).map((maxInFlight, index) => ({
    phase: { ...phase, ratePerSecond, maxInFlight },
    offsetMs: index * distanceMs,
  }));
}

function wholeShares(total: number, parts: number): number[] {
  return Array.from({ length: parts }, (_, index) => Math.floor(total / parts) + (index < total % parts ? 1 : 0));
}

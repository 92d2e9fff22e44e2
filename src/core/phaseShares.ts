import type { Phase } from './plan.ts';

/**
 * What each of several load generators does of one phase: connections, or the rate and the room in flight, shared out as
 * evenly as whole numbers go. A generator for which no connection is left rests: null.
 */
export function phaseShares(phase: Phase, generators: number): (Phase | null)[] {
  if (phase.loop === 'closed') {
    return wholeShares(phase.connections, generators).map((connections) =>
      connections === 0 ? null : { ...phase, connections },
    );
  }
  const ratePerSecond = phase.ratePerSecond / generators;
  return wholeShares(phase.maxInFlight, generators).map((maxInFlight) =>
    // Each sends its part of the rate, whatever the room: less room than generators is room for one each.
    ({ ...phase, ratePerSecond, maxInFlight: Math.max(1, maxInFlight) }),
  );
}

function wholeShares(total: number, parts: number): number[] {
  return Array.from({ length: parts }, (_, index) => Math.floor(total / parts) + (index < total % parts ? 1 : 0));
}

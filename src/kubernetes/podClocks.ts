/** A pod's clock, Unix time in whole milliseconds, and this machine's steady clock before and after it was read. */
export interface ClockReading {
  readonly podMs: number;
  readonly afterMs: number;
  readonly beforeMs: number;
}

/** Between which bounds the greatest difference between the clocks of several nodes lies, in milliseconds. */
export interface ClockSkew {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** By how far a clock is ahead of this machine's. */
interface Offset {
  readonly least: number;
  readonly most: number;
}

/**
 * Pods of one node share its clock. A clock was read at some moment between asking and hearing, so it is known up to that time
 * how far it is from this machine's; of several readings the ranges have what they share, which is no wider than the shortest
 * round trip.
 * @param nodes the readings of each node's clock, by whichever of its pods
 * @returns null where a node's clock was not read, or was set between two readings
 */
export function clockSkew(nodes: readonly (readonly ClockReading[])[]): ClockSkew | null {
  if (nodes.length < 2) return { leastMs: 0, mostMs: 0 };
  const offsets = nodes.map(offsetOf);
  if (!offsets.every((offset) => offset !== null)) return null;
  const highestLeast = Math.max(...offsets.map(({ least }) => least));
  const lowestMost = Math.min(...offsets.map(({ most }) => most));
  const apart = offsets.flatMap((one, at) => offsets.toSpliced(at, 1).map((other) => one.most - other.least));
  return { leastMs: Math.max(0, highestLeast - lowestMost), mostMs: Math.max(0, ...apart) };
}

function offsetOf(readings: readonly ClockReading[]): Offset | null {
  const least = Math.max(...readings.map(({ podMs, beforeMs }) => podMs - beforeMs));
  // What the clock shows has no fractions: it may be almost a millisecond further.
  const most = Math.min(...readings.map(({ podMs, afterMs }) => podMs + 1 - afterMs));
  return readings.length === 0 || least > most ? null : { least, most };
}

/**
 * The seed of one phase: arrivals and the bodies' order are drawn from it. All topologies of a turn get the same, so that they
 * are asked the same at the same moments; every turn and every phase gets another, so that what repetitions differ by holds the
 * chance of the draw. A plan that is carried out again draws the same.
 * @param repetition from 1
 * @param index from 0, over the phases of one deployment, warm-ups included
 */
export function phaseSeed(planSeed: number, repetition: number, index: number): number {
  return [repetition, index].reduce((seed, part) => mixed(seed ^ Math.imul(part + 1, 0x9e3779b1)), mixed(planSeed));
}

/** Every bit depends on every bit. Source: Appleby, MurmurHash3, 32-bit finalizer. */
function mixed(value: number): number {
  let bits = value >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

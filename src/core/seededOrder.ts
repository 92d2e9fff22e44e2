/**
 * The numbers 0 to count-1 in an order drawn from a seed: the same seed gives the same order on every machine.
 * Fisher-Yates with the mulberry32 generator.
 */
export function seededOrder(count: number, seed: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  const random = mulberry32(seed);
  for (let last = count - 1; last > 0; last -= 1) {
    const chosen = Math.floor(random() * (last + 1));
    const held = order[last] ?? last;
    order[last] = order[chosen] ?? chosen;
    order[chosen] = held;
  }
  return order;
}

/** Numbers from 0 up to 1, exclusive; a seed's sequence is the same on every machine. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

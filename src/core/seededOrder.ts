import { seededRandom } from './seededRandom.ts';

/**
 * The numbers 0 to count-1 in an order drawn from a seed: the same seed gives the same order on every machine.
 * Fisher-Yates with the mulberry32 generator.
 */
export function seededOrder(count: number, seed: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  const random = seededRandom(seed);
  for (let last = count - 1; last > 0; last -= 1) {
    const chosen = Math.floor(random() * (last + 1));
    const held = order[last] ?? last;
    order[last] = order[chosen] ?? chosen;
    order[chosen] = held;
  }
  return order;
}

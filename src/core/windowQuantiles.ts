import { slotMicroseconds, type TimeWindow } from './windows.ts';

/** Successes of several windows by slot, to read quantiles from. */
export interface PooledSlots {
  readonly samples: number;
  /** Ascending. */
  readonly slots: readonly number[];
  /** Successes up to each slot, itself included. */
  readonly upTo: readonly number[];
}

export function pooledSlots(windows: readonly TimeWindow[]): PooledSlots {
  const counts = new Map<number, number>();
  for (const window of windows) {
    window.slots.forEach((slot, index) => {
      counts.set(slot, (counts.get(slot) ?? 0) + (window.counts[index] ?? 0));
    });
  }
  const slots = [...counts.keys()].sort((a, b) => a - b);
  let samples = 0;
  const upTo = slots.map((slot) => (samples += counts.get(slot) ?? 0));
  return { samples, slots, upTo };
}

/** The slot below whose end the share of the samples lies: the same rule as quantileMs of histogram.ts. */
export function slotAtShare({ samples, slots, upTo }: PooledSlots, share: number): number {
  const rank = Math.max(1, share * samples - 1e-9);
  let low = 0;
  let high = slots.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((upTo[middle] ?? 0) >= rank) high = middle;
    else low = middle + 1;
  }
  return slots[low] ?? 0;
}

export function slotMs(slot: number): number {
  return slotMicroseconds(slot) / 1000;
}

/** Successes of the window that are no slower than the slot. */
export function successesUpTo(window: TimeWindow, slot: number): number {
  let sum = 0;
  for (let index = 0; index < window.slots.length && (window.slots[index] ?? 0) <= slot; index += 1) {
    sum += window.counts[index] ?? 0;
  }
  return sum;
}

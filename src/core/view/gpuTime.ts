import type { GpuPrice } from '../gpuPrice.ts';
import { priceText } from './cost.ts';

/** How long a run holds GPUs, as texts. Topologies take turns, so that one of them holds its GPUs at a time; held is paid for, busy or not. */

export interface GpuTime {
  /** How long the run is estimated to take. */
  readonly estimateSeconds: number;
  /** That a topology holds. */
  readonly gpus: number;
  /** null: none is known. */
  readonly price: GpuPrice | null;
}

/** Before the start: "about 50 GPU-minutes (2.08 USD at 2.50 USD a GPU-hour)"; empty without GPUs. */
export function gpuTimeAhead({ estimateSeconds, gpus, price }: GpuTime): string {
  if (gpus === 0) return '';
  const minutes = (estimateSeconds * gpus) / 60;
  const cost = price === null ? '' : ` (${amount(minutes, price)} ${price.currency} at ${priceText(price)} a GPU-hour)`;
  return `about ${minutesText(minutes)}${cost}`;
}

/**
 * While it is under way: "12 of about 50 GPU-minutes, 0.50 of 2.08 USD", and beyond the estimate what it has come to; empty
 * without GPUs.
 * @param elapsedMs since the run began
 */
export function gpuTimeSoFar(elapsedMs: number, { estimateSeconds, gpus, price }: GpuTime): string {
  if (gpus === 0) return '';
  const minutes = (elapsedMs * gpus) / 60_000;
  const estimate = (estimateSeconds * gpus) / 60;
  const isOver = minutes > estimate;
  const time = isOver ? minutesText(minutes) : `${String(Math.floor(minutes))} of about ${minutesText(estimate)}`;
  if (price === null) return time;
  const spent = amount(minutes, price);
  return `${time}, ${isOver ? spent : `${spent} of ${amount(estimate, price)}`} ${price.currency}`;
}

function minutesText(minutes: number): string {
  const whole = Math.max(1, Math.round(minutes));
  return `${String(whole)} ${whole === 1 ? 'GPU-minute' : 'GPU-minutes'}`;
}

/** Cents, and more digits where a few minutes of a cheap GPU are less. */
function amount(minutes: number, { perGpuHour }: GpuPrice): string {
  const value = (minutes / 60) * perGpuHour;
  return value === 0 || value >= 0.1 ? value.toFixed(2) : String(Number(value.toPrecision(2)));
}

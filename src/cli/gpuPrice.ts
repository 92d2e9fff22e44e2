import type { Command } from 'commander';
import { isEndpointPlan } from '../core/anyPlan.ts';
import type { AnyPlan } from '../core/endpointPlan.ts';
import { defaultCurrency, parseGpuPrice, type GpuPrice } from '../core/gpuPrice.ts';
import { sentence } from '../core/view/format.ts';
import { usageError } from './arguments.ts';

export interface PriceOptions {
  gpuHourPrice?: string;
  currency?: string;
}

export function addPriceOptions(command: Command): Command {
  return command
    .option('--gpu-hour-price <price>', 'what a GPU costs for an hour, to show the price of a million requests')
    .option('--currency <name>', `currency of --gpu-hour-price (default: ${defaultCurrency})`);
}

/**
 * Early, before anything is read or asked.
 * @returns null: no price was given
 * @throws BenchError plan-invalid
 */
export function gpuPriceOf({ gpuHourPrice, currency }: PriceOptions): GpuPrice | null {
  if (gpuHourPrice === undefined) {
    if (currency !== undefined) throw usageError('--currency needs a --gpu-hour-price that it is the currency of.');
    return null;
  }
  const { price, problem } = parseGpuPrice(gpuHourPrice, currency ?? defaultCurrency);
  if (problem !== null) {
    throw usageError(`--gpu-hour-price: ${sentence(problem)}`, 'It looks like --gpu-hour-price 2.50 --currency EUR.');
  }
  if (price !== null && currency !== undefined && price.currency !== currency) {
    throw usageError(`--gpu-hour-price names ${price.currency} and --currency ${currency}; give one of them.`);
  }
  return price;
}

/**
 * Of a run's plan, why a price of its GPUs says nothing; empty where it is shown.
 * @param unshown why nothing that is made shows prices; undefined where something does
 */
export function whyUnpriced(plan: AnyPlan, unshown: string | undefined): string[] {
  const why = isEndpointPlan(plan)
    ? 'which GPUs an endpoint holds is not known'
    : plan.gpu === null
      ? 'the run holds no GPU'
      : unshown;
  return why === undefined ? [] : [`--gpu-hour-price is not used: ${why}.`];
}

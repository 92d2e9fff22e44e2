/**
 * What requests cost on GPUs that are paid by the hour, by definition: requests of a GPU-hour = successes a second * 3600 /
 * GPUs held; price of a million = price of a GPU-hour * 1,000,000 / requests of a GPU-hour. docs/statistics.md says what that
 * leaves out.
 */

const secondsPerHour = 3600;

/**
 * @param requestsPerSecond successes alone (goodput)
 * @param gpus that are held, whether they have work or not
 * @throws RangeError when no GPU is held
 */
export function requestsPerGpuHour(requestsPerSecond: number, gpus: number): number {
  if (gpus <= 0) throw new RangeError('no GPU is held');
  return (requestsPerSecond * secondsPerHour) / gpus;
}

/**
 * As if the GPUs were this busy all the time that they are paid for; in the currency of the price.
 * @returns null when nothing is served
 */
export function pricePerMillionRequests(parts: {
  readonly requestsPerSecond: number;
  readonly gpus: number;
  readonly pricePerGpuHour: number;
}): number | null {
  const requests = requestsPerGpuHour(parts.requestsPerSecond, parts.gpus);
  return requests > 0 ? (parts.pricePerGpuHour * 1e6) / requests : null;
}

/** The price's limits from those of the rate: the lower rate costs more. `high` is null where the rate may be zero. */
export function priceIntervalPerMillionRequests(parts: {
  readonly requestsPerSecond: { readonly low: number; readonly high: number };
  readonly gpus: number;
  readonly pricePerGpuHour: number;
}): { readonly low: number; readonly high: number | null } | null {
  const { requestsPerSecond, gpus, pricePerGpuHour } = parts;
  const low = pricePerMillionRequests({ requestsPerSecond: requestsPerSecond.high, gpus, pricePerGpuHour });
  const high = pricePerMillionRequests({ requestsPerSecond: requestsPerSecond.low, gpus, pricePerGpuHour });
  return low === null ? null : { low, high };
}

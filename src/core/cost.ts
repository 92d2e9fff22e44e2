/** What a number of requests costs on GPUs that are paid by the hour. */

const secondsPerHour = 3600;

/** @throws RangeError when no GPU is held */
export function requestsPerGpuHour(requestsPerSecond: number, gpus: number): number {
  if (gpus <= 0) throw new RangeError('no GPU is held');
  return (requestsPerSecond * secondsPerHour) / gpus;
}

/**
 * At full use of the GPUs; in the currency of the price.
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

/** The price's limits from those of the rate: the lower rate costs more. */
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

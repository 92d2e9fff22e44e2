import { pricePerMillionRequests, priceIntervalPerMillionRequests, requestsPerGpuHour } from '../cost.ts';
import type { GpuPrice } from '../gpuPrice.ts';
import { columnDecimals, formatCount, formatList, significant } from './format.ts';
import type { PhaseRow } from './measured.ts';

/** What requests cost on the GPUs that a topology holds, as texts for table, cards and reports. */

export const costTitle = 'Cost';

/** A column of the table; its cells are null where there is no figure. */
export interface CostColumn {
  readonly id: 'requests-per-gpu-hour' | 'price-per-million';
  readonly header: string;
  readonly title: string;
  readonly cell: (row: PhaseRow) => CostText | null;
}

export interface CostText {
  readonly text: string;
  readonly value: number;
  /** "[990k–1050k]"; null where RPS has none. */
  readonly interval: string | null;
}

/** @returns none where no row has computed on a GPU */
export function costColumns(rows: readonly PhaseRow[], price: GpuPrice | null): CostColumn[] {
  const costs = rows.map((row) => costOf(row, price)).filter((cost) => cost !== null);
  if (costs.length === 0) return [];
  const thousands = columnDecimals(costs.map((cost) => cost.requests / 1000));
  const requests: CostColumn = {
    id: 'requests-per-gpu-hour',
    header: requestsHeader,
    title: 'Successful requests in an hour for each GPU held, below them their 95% interval',
    cell: (row) => {
      const cost = costOf(row, price);
      if (cost === null) return null;
      const { requests: value, requestsInterval: interval } = cost;
      return {
        text: `${(value / 1000).toFixed(thousands)}k`,
        value,
        interval: interval === null ? null : `[${kilo(interval.low)}–${kilo(interval.high)}]`,
      };
    },
  };
  if (price === null) return [requests];
  const decimals = priceDecimals(costs.map((cost) => cost.price));
  const million: CostColumn = {
    id: 'price-per-million',
    header: priceHeader(price),
    title: `Price of a million successful requests in ${price.currency} at ${priceText(price)} a GPU-hour, if the GPU is this busy all the time, below it its 95% interval`,
    cell: (row) => {
      const { price: value, priceInterval: interval } = costOf(row, price) ?? { price: null, priceInterval: null };
      if (value === null) return null;
      const high = interval?.high?.toFixed(decimals) ?? '∞';
      return {
        text: value.toFixed(decimals),
        value,
        interval: interval === null ? null : `[${interval.low.toFixed(decimals)}–${high}]`,
      };
    },
  };
  return [requests, million];
}

/** What the columns hold and leave out, and why a topology that holds a GPU is not in them; whole sentences. */
export function costRemarks(rows: readonly PhaseRow[], price: GpuPrice | null): string[] {
  const served = rows.find((row) => row.gpu === 'used' && !row.generatorBound);
  const without = (use: PhaseRow['gpu'], why: string): string[] => {
    const names = [...new Set(rows.filter((row) => row.gpu === use).map((row) => row.topology))];
    return names.length === 0 ? [] : [`No cost of ${formatList(names)}: ${why}`];
  };
  return [
    ...(served === undefined
      ? []
      : [
          `${requestsHeader}: successful requests in an hour at this rate, for each GPU held (${formatCount(served.gpus, 'GPU')} a topology).`,
        ]),
    ...(served === undefined || price === null
      ? []
      : [
          `${priceHeader(price)}: a million successful requests at ${priceText(price)} a GPU-hour, if the GPU is this busy all the time. CPUs, memory, network and hours in which the GPU is held and idle are not in it.`,
        ]),
    ...boundRemark(rows),
    ...without('unused', 'a GPU was held, but the CPU computed.'),
    ...without('unknown', 'a GPU is held, but whether it computes is not known.'),
  ];
}

/** What a GPU would have served beyond that rate is not known, and so is what it would have cost. */
function boundRemark(rows: readonly PhaseRow[]): string[] {
  const bound = rows.filter((row) => row.gpu === 'used' && row.generatorBound);
  if (bound.length === 0) return [];
  const places = [...new Set(bound.map((row) => `${row.topology} at ${row.load.long}`))];
  return [`No cost of ${formatList(places)}: the load generator, not the server, set the rate.`];
}

/** Whether there is anything that a price would be shown of. */
export function hasCost(rows: readonly PhaseRow[]): boolean {
  return rows.some((row) => row.gpu === 'used' && !row.generatorBound);
}

/** The same figures for a card, where each stands by itself. */
export function costFigures(
  row: PhaseRow,
  price: GpuPrice | null,
): { readonly name: string; readonly value: string; readonly unit: string }[] {
  const cost = costOf(row, price);
  if (cost === null) return [];
  const figures = [{ name: 'per GPU-hour', value: kilo(cost.requests), unit: 'requests' }];
  if (price !== null && cost.price !== null) {
    const value = cost.price.toFixed(priceDecimals([cost.price]));
    figures.push({ name: 'per million requests', value, unit: price.currency });
  }
  return figures;
}

/** "2.50 USD" */
export function priceText({ perGpuHour, currency }: GpuPrice): string {
  const text = perGpuHour.toFixed(2);
  return `${Number(text) === perGpuHour ? text : String(perGpuHour)} ${currency}`;
}

const requestsHeader = 'Req/GPU-h';

function priceHeader({ currency }: GpuPrice): string {
  return `${currency}/1M req`;
}

interface Cost {
  /** Successes of an hour and GPU. */
  readonly requests: number;
  readonly requestsInterval: { readonly low: number; readonly high: number } | null;
  /** Of a million; null without a price, and where nothing is served. */
  readonly price: number | null;
  readonly priceInterval: { readonly low: number; readonly high: number | null } | null;
}

/** @returns null where no GPU has computed, and where the load generator set the rate */
function costOf({ gpu, gpus, rps, intervals, generatorBound }: PhaseRow, price: GpuPrice | null): Cost | null {
  if (gpu !== 'used' || generatorBound) return null;
  const interval = intervals === null || 'unknown' in intervals.rps ? null : intervals.rps;
  const perGpuHour = price?.perGpuHour ?? null;
  return {
    requests: requestsPerGpuHour(rps, gpus),
    requestsInterval:
      interval === null
        ? null
        : { low: requestsPerGpuHour(interval.low, gpus), high: requestsPerGpuHour(interval.high, gpus) },
    price:
      perGpuHour === null
        ? null
        : pricePerMillionRequests({ requestsPerSecond: rps, gpus, pricePerGpuHour: perGpuHour }),
    priceInterval:
      perGpuHour === null || interval === null
        ? null
        : priceIntervalPerMillionRequests({ requestsPerSecond: interval, gpus, pricePerGpuHour: perGpuHour }),
  };
}

/** "1040k": one unit for all rates, so that they can be compared at a glance. */
function kilo(requests: number): string {
  return `${significant(requests / 1000)}k`;
}

/** Enough for three digits of the smallest; prices of a million go from cents to hundreds. */
function priceDecimals(prices: readonly (number | null)[]): number {
  const known = prices.filter((price) => price !== null);
  if (known.length === 0) return 2;
  return Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(Math.min(...known)))));
}

/** What a GPU costs for an hour, as the user enters it: it is no measurement, so that neither plan nor record holds it. */
export interface GpuPrice {
  readonly perGpuHour: number;
  /** As the user writes it, e.g. "USD" or "€". */
  readonly currency: string;
}

/** What was entered: a price, none, or something that is no price, and then why. */
export interface EnteredGpuPrice {
  readonly price: GpuPrice | null;
  /** One clause without a full stop; null where there is nothing to say. */
  readonly problem: string | null;
}

export const defaultCurrency = 'USD';

/** Room for every currency in use; beyond it is a typing error. */
const limits = { least: 0.0001, most: 10_000_000 } as const;

/** @param perGpuHour null: none was entered */
export function enteredGpuPrice(perGpuHour: number | null, currency: string): EnteredGpuPrice {
  if (perGpuHour === null) return { price: null, problem: null };
  const problem = amountProblem(perGpuHour) ?? currencyProblem(currency);
  return problem === null ? { price: { perGpuHour, currency }, problem } : { price: null, problem };
}

/**
 * A price as people type it: "2.50", or "2.50 EUR".
 * @param currency where the text names none
 */
export function parseGpuPrice(text: string, currency: string): EnteredGpuPrice {
  const [amount = '', named, ...others] = text.trim().split(/\s+/);
  if (others.length > 0 || !/^\d+(\.\d+)?$/.test(amount))
    return { price: null, problem: `the price of a GPU-hour is a number such as 2.50, not "${text.trim()}"` };
  return enteredGpuPrice(Number(amount), named ?? currency);
}

function amountProblem(value: number): string | null {
  if (value >= limits.least && value <= limits.most) return null;
  return `the price of a GPU-hour is a number from ${String(limits.least)} to ${String(limits.most)}, not ${String(value)}`;
}

function currencyProblem(text: string): string | null {
  if (/^[\p{L}\p{Sc}]{1,8}$/u.test(text)) return null;
  return `a currency is up to eight letters or a sign, such as EUR or €, not "${text}"`;
}

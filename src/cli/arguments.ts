import { BlockList, isIP } from 'node:net';
import { BenchError, type Place } from '../core/errors.ts';
import { formatList } from '../core/view/format.ts';

/** What a command line, or a file that it names, may say wrongly; the program then ends with exit code 2 and this one line. */
export function usageError(message: string, nextStep?: string, where?: Place): BenchError {
  return new BenchError({ reason: 'plan-invalid', message, nextStep, where });
}

export interface NumberLimits {
  readonly least: number;
  readonly most: number;
  /** What it counts, where the option's name does not say it. */
  readonly unit?: string;
}

/** @throws BenchError plan-invalid */
export function wholeNumber(option: string, text: string, limits: NumberLimits): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= limits.least && value <= limits.most) return value;
  throw usageError(
    `${option} takes a whole number from ${String(limits.least)} to ${String(limits.most)}${limits.unit === undefined ? '' : ` (${limits.unit})`}, not "${text}".`,
  );
}

/** @throws BenchError plan-invalid */
export function seconds(option: string, text: string, limits: { zeroAllowed: boolean; most: number }): number {
  const value = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if ((value > 0 || (value === 0 && limits.zeroAllowed)) && value <= limits.most) return value;
  const least = limits.zeroAllowed ? 'from 0' : 'above 0 and';
  throw usageError(`${option} takes a number of seconds ${least} up to ${String(limits.most)}, not "${text}".`);
}

/** @throws BenchError plan-invalid */
export function positiveNumber(option: string, text: string, most: number): number {
  const value = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= most) return value;
  throw usageError(`${option} takes a number above 0 and up to ${String(most)}, not "${text}".`);
}

/**
 * @param text as curl takes it: "Name: value"
 * @throws BenchError plan-invalid; the value is not repeated, it may be a secret
 */
export function header(text: string): { name: string; value: string } {
  const colon = text.indexOf(':');
  if (colon < 1)
    throw usageError(
      `--header takes "Name: value"; what was given${colon === 0 ? ' has no name before its colon' : ' has no colon'}.`,
    );
  return { name: text.slice(0, colon).trim(), value: text.slice(colon + 1).trim() };
}

/** Of options by their keys, the names of those that were given. */
export function given(names: Readonly<Record<string, string>>, options: object): string[] {
  const all = options as Readonly<Record<string, unknown>>;
  return Object.entries(names).flatMap(([key, name]) => (all[key] === undefined ? [] : [name]));
}

/**
 * A repeat takes all of its plan from its record.
 * @param changing what was given that says something else, by name
 * @throws BenchError plan-invalid where there is any
 */
export function refuseChanges(id: string, changing: readonly string[]): void {
  if (changing.length === 0) return;
  throw usageError(
    `--repeat takes the plan of run ${id} as it was, and ${formatList(changing)} would change it.`,
    'Leave one or the other out.',
  );
}

/** @param hostname as in URL.hostname, so that "127.1" is "127.0.0.1" and an IPv6 address is in brackets */
export function isLoopback(hostname: string): boolean {
  const name = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  const version = isIP(name);
  if (version === 0) return false;
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8);
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(name, version === 4 ? 'ipv4' : 'ipv6');
}

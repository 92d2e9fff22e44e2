import type { Interval } from '../record.ts';

/** Numbers and times as texts: the same in every locale, with units. */

/** What stands where there is no number. */
export const insufficientSamples = 'insufficient samples';

/** Three significant digits, and never more than the integer part above 1000. */
export function significant(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  return value.toFixed(2);
}

export function formatMs(value: number | null): string {
  return value === null ? insufficientSamples : `${significant(value)} ms`;
}

export function formatRps(value: number): string {
  return `${significant(value)} RPS`;
}

/** Whether there is an interval. */
export function isKnown(interval: Interval | undefined): interval is Exclude<Interval, { unknown: string }> {
  return interval !== undefined && !('unknown' in interval);
}

/** "[39.8–43.0]"; null where there is no interval. */
export function formatInterval(interval: Interval | undefined): string | null {
  if (!isKnown(interval)) return null;
  return `[${significant(interval.low)}–${significant(interval.high)}]`;
}

/** Decimals that all numbers of a column get, so that they align: enough for the smallest, not too many for the largest. */
export function columnDecimals(values: readonly (number | null)[]): 0 | 1 | 2 {
  const sizes = values.filter((value) => value !== null && value !== 0).map((value) => Math.abs(value ?? 0));
  if (sizes.length === 0) return 0;
  const smallest = Math.min(...sizes);
  const largest = Math.max(...sizes);
  const wanted = smallest < 10 ? 2 : smallest < 100 ? 1 : 0;
  const allowed = largest >= 1000 ? 0 : largest >= 100 ? 1 : 2;
  return wanted < allowed ? wanted : allowed;
}

/** "0.4%"; a share that is not zero never reads as zero. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.001) return '<0.1%';
  return `${(share * 100).toFixed(1)}%`;
}

/** "0:07", "12:03", "1:02:03". */
export function formatClock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const pad = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${String(minutes)}:${pad(seconds % 60)}`;
  return `${String(Math.floor(minutes / 60))}:${pad(minutes % 60)}:${pad(seconds % 60)}`;
}

/** "0.8 s", "12.3 s", "2:05 min". */
export function formatSeconds(milliseconds: number): string {
  return milliseconds < 60_000 ? `${(milliseconds / 1000).toFixed(1)} s` : `${formatClock(milliseconds)} min`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${String(bytes)} B`;
  if (bytes < 1_000_000) return `${significant(bytes / 1000)} kB`;
  if (bytes < 1_000_000_000) return `${significant(bytes / 1_000_000)} MB`;
  return `${significant(bytes / 1_000_000_000)} GB`;
}

/** How one reader is told times, on a screen of theirs. */
export interface TimeWords {
  /** As Intl takes it, e.g. "en". */
  readonly locale: string;
  /** As Intl takes it, e.g. "Europe/Berlin". */
  readonly timeZone: string;
}

/**
 * "2026-11-22 16:43 UTC", for what goes to files and to anybody; "Nov 22, 2026, 5:43 PM" in the words of one reader. A text that
 * is no time is given back as it is.
 */
export function formatTime(iso: string, words?: TimeWords): string {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})/.exec(iso);
  if (match === null) return iso;
  if (words === undefined) return `${match[1] ?? ''} ${match[2] ?? ''} UTC`;
  return formatDayAndTime(new Date(iso), words);
}

const timeFormats = new Map<string, Intl.DateTimeFormat>();

/** "Nov 22, 2026, 5:43 PM"; without locale or zone those of this machine. A format takes long to make, and lists have many times. */
export function formatDayAndTime(
  time: Date,
  { locale, timeZone }: { readonly locale: string | undefined; readonly timeZone?: string },
): string {
  const key = `${locale ?? ''} ${timeZone ?? ''}`;
  const format =
    timeFormats.get(key) ?? new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone });
  timeFormats.set(key, format);
  return format.format(time);
}

/** "a, b and c". */
export function formatList(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}

/** "1 run", "3 runs". */
export function formatCount(count: number, singular: string, plural = `${singular}s`): string {
  return `${String(count)} ${count === 1 ? singular : plural}`;
}

/** The text with one full stop at its end. */
export function fullStop(text: string): string {
  const trimmed = text.trim();
  return trimmed === '' || /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

/** The text as a sentence: first letter large, unless it begins with a name such as p95. */
export function sentence(text: string): string {
  const ended = fullStop(text);
  return /^p\d/.test(ended) ? ended : ended.charAt(0).toUpperCase() + ended.slice(1);
}

/** How long ago something was, as people say it: 3 hours, not 190 minutes. */
export interface Age {
  readonly count: number;
  readonly unit: 'second' | 'minute' | 'hour' | 'day' | 'month' | 'year';
  /** Until it reads otherwise. */
  readonly nextInMs: number;
}

const minuteMs = 60_000;
const units = [
  ['year', 365 * 24 * 60 * minuteMs],
  ['month', 30 * 24 * 60 * minuteMs],
  ['day', 24 * 60 * minuteMs],
  ['hour', 60 * minuteMs],
  ['minute', minuteMs],
] as const;

/** In the largest unit that it fills; below a minute, or ahead of the clock, it is 0 seconds: now. */
export function ageOf(milliseconds: number): Age {
  const passed = Math.max(0, milliseconds);
  for (const [unit, unitMs] of units) {
    if (passed >= unitMs) return { count: Math.floor(passed / unitMs), unit, nextInMs: unitMs - (passed % unitMs) };
  }
  return { count: 0, unit: 'second', nextInMs: minuteMs - passed };
}

import { describe, expect, it } from 'vitest';
import {
  columnDecimals,
  formatBytes,
  formatClock,
  formatList,
  formatMs,
  formatSeconds,
  formatShare,
  formatTime,
  fullStop,
  sentence,
  significant,
} from '../../../src/core/view/format.ts';

describe('numbers', () => {
  it.each([
    [0, '0.00'],
    [0.4567, '0.46'],
    [9.994, '9.99'],
    [9.996, '10.0'],
    [41.26, '41.3'],
    [99.96, '100'],
    [812.4, '812'],
    [12_345.6, '12346'],
  ])('%d reads %s', (value, text) => {
    expect(significant(value)).toBe(text);
  });

  it('says in words that there are too few samples', () => {
    expect(formatMs(null)).toBe('insufficient samples');
    expect(formatMs(4.125)).toBe('4.13 ms');
  });

  it('never lets a share that is not zero read as zero', () => {
    expect(formatShare(0)).toBe('0.0%');
    expect(formatShare(0.000_01)).toBe('<0.1%');
    expect(formatShare(0.0274)).toBe('2.7%');
  });

  it.each([
    [[], 0],
    [[null, 0], 0],
    [[3.2, 8.1], 2],
    [[3.2, 41], 2],
    [[3.2, 412], 1],
    [[41, 412], 1],
    [[120, 412], 0],
    [[3.2, 4120], 0],
  ] as const)('a column of %j has %d decimals', (values, decimals) => {
    expect(columnDecimals(values)).toBe(decimals);
  });

  it('writes sizes with decimal prefixes', () => {
    expect(formatBytes(999)).toBe('999 B');
    expect(formatBytes(4_618_323)).toBe('4.62 MB');
    expect(formatBytes(268_000_000)).toBe('268 MB');
  });
});

describe('times', () => {
  it('counts like a clock', () => {
    expect(formatClock(7_900)).toBe('0:07');
    expect(formatClock(723_000)).toBe('12:03');
    expect(formatClock(3_723_000)).toBe('1:02:03');
    expect(formatClock(-5)).toBe('0:00');
    expect(formatSeconds(12_340)).toBe('12.3 s');
    expect(formatSeconds(125_000)).toBe('2:05 min');
  });

  it('is the same in every zone', () => {
    expect(formatTime('2026-11-22T16:43:10.000Z')).toBe('2026-11-22 16:43 UTC');
    expect(formatTime('yesterday')).toBe('yesterday');
    const told = (locale: string, timeZone: string): string =>
      formatTime('2026-11-22T16:43:10.000Z', { locale, timeZone });
    expect(told('en', 'Asia/Tokyo')).toMatch(/^Nov 23, 2026, 1:43\sAM$/u);
    expect(told('de', 'Europe/Berlin')).toBe('22.11.2026, 17:43');
    expect(formatTime('yesterday', { locale: 'en', timeZone: 'UTC' })).toBe('yesterday');
  });
});

describe('words', () => {
  it('lists and ends sentences', () => {
    expect(formatList(['a'])).toBe('a');
    expect(formatList(['a', 'b', 'c'])).toBe('a, b and c');
    expect(fullStop('done')).toBe('done.');
    expect(fullStop('done?')).toBe('done?');
    expect(sentence('the pod ended')).toBe('The pod ended.');
    expect(sentence('p99 is left out')).toBe('p99 is left out.');
  });
});

import { describe, expect, it } from 'vitest';
import { enteredGpuPrice, parseGpuPrice } from '../../../src/core/gpuPrice.ts';

describe('a price as people type it', () => {
  it.each([
    ['2.50', { perGpuHour: 2.5, currency: 'USD' }],
    [' 3 ', { perGpuHour: 3, currency: 'USD' }],
    ['2.50 EUR', { perGpuHour: 2.5, currency: 'EUR' }],
    ['0.0125 €', { perGpuHour: 0.0125, currency: '€' }],
    ['98000 VND', { perGpuHour: 98_000, currency: 'VND' }],
  ])('%s', (text, price) => {
    expect(parseGpuPrice(text, 'USD')).toEqual({ price, problem: null });
  });

  it.each([
    ['', 'a number such as 2.50, not ""'],
    ['NaN', 'a number such as 2.50, not "NaN"'],
    ['Infinity', 'a number such as 2.50'],
    ['1e3', 'a number such as 2.50'],
    ['-2', 'a number such as 2.50, not "-2"'],
    ['2,50', 'a number such as 2.50, not "2,50"'],
    ['2 EUR a day', 'a number such as 2.50'],
    ['0', 'from 0.0001 to 10000000, not 0'],
    ['10000001', 'from 0.0001 to 10000000, not 10000001'],
    ['2 E|R', 'a currency is up to eight letters or a sign, such as EUR or €, not "E|R"'],
  ])('"%s" is none', (text, why) => {
    const { price, problem } = parseGpuPrice(text, 'USD');
    expect(price).toBeNull();
    expect(problem).toContain(why);
  });
});

describe('a price as the settings have it', () => {
  it('may be none, which is no problem, whatever the currency is', () => {
    expect(enteredGpuPrice(null, 'no currency at all')).toEqual({ price: null, problem: null });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 0])('%d is none', (value) => {
    expect(enteredGpuPrice(value, 'USD')).toEqual({ price: null, problem: expect.stringContaining('not ') as string });
  });
});

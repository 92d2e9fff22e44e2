import { describe, expect, it } from 'vitest';
import { header, isLoopback, seconds, wholeNumber } from '../../../src/cli/arguments.ts';

describe('what the command line may say', () => {
  it.each([
    'localhost',
    'x.localhost',
    '127.0.0.1',
    '127.9.8.7',
    '[::1]',
    '[::ffff:127.0.0.1]',
    new URL('http://127.1/').hostname,
  ])('%s is this machine', (hostname) => {
    expect(isLoopback(hostname)).toBe(true);
  });

  it.each([
    'example.com',
    'localhost.example.com',
    '10.0.0.1',
    '0.0.0.0',
    '[::]',
    '[fe80::1]',
    '128.0.0.1',
    '127.0.0.1.example.com',
  ])('%s is not', (hostname) => {
    expect(isLoopback(hostname)).toBe(false);
  });

  it('takes numbers as people write them, and nothing else', () => {
    expect(wholeNumber('--n', '12', { least: 1, most: 12 })).toBe(12);
    expect(seconds('--s', '0.25', { zeroAllowed: false, most: 1 })).toBe(0.25);
    expect(seconds('--s', '0', { zeroAllowed: true, most: 1 })).toBe(0);
    for (const text of ['', ' 1', '1e3', '0x10', '+1', 'NaN', 'Infinity', '1,5', '13']) {
      expect(() => wholeNumber('--n', text, { least: 1, most: 12 })).toThrow('--n takes a whole number from 1 to 12');
      expect(() => seconds('--s', text, { zeroAllowed: true, most: 0.5 })).toThrow('--s takes a number of seconds');
    }
  });

  it('takes headers as curl does, and never repeats a value', () => {
    expect(header('Authorization:  Bearer a:b ')).toEqual({ name: 'Authorization', value: 'Bearer a:b' });
    expect(header('X-Empty:')).toEqual({ name: 'X-Empty', value: '' });
    expect(() => header('hush')).toThrow('what was given has no colon');
    expect(() => header(': hush')).toThrow('has no name before its colon');
  });
});

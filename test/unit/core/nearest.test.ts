import { expect, it } from 'vitest';
import { nearest } from '../../../src/core/nearest.ts';

const words = ['profile', 'phases', 'cores', 'seed', 'target'];

it.each([
  ['profil', 'profile'],
  ['porfile', 'profile'],
  ['Profile', 'profile'],
  ['core', 'cores'],
  ['seeds', 'seed'],
  ['taregt', 'target'],
])('takes %s for %s', (written, meant) => {
  expect(nearest(written, words)).toBe(meant);
});

it('takes the beginning of a word for the word, the shortest of several', () => {
  const fields = ['sloP95Ms', 'timeoutMs', 'target', 'tokenizer', 'max_batch_size', 'max_batch', 'generators'];
  expect(nearest('slo', fields)).toBe('sloP95Ms');
  expect(nearest('Timeout', fields)).toBe('timeoutMs');
  expect(nearest('max', fields)).toBe('max_batch');
  expect(nearest('gen', fields)).toBe('generators');
  expect(nearest('ge', fields)).toBeUndefined();
  expect(nearest('batch', fields)).toBeUndefined();
  expect(nearest('pha', ['phases', 'phasez'])).toBeUndefined();
});

it('takes a word that is like none, or like two, for none', () => {
  expect(nearest('colour', words)).toBeUndefined();
  expect(nearest('', words)).toBeUndefined();
  expect(nearest('x'.repeat(100_000), words)).toBeUndefined();
  expect(nearest('cat', ['car', 'can'])).toBeUndefined();
  expect(nearest('cat', [])).toBeUndefined();
});

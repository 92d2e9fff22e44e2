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

it('takes a word that is like none, or like two, for none', () => {
  expect(nearest('colour', words)).toBeUndefined();
  expect(nearest('', words)).toBeUndefined();
  expect(nearest('x'.repeat(100_000), words)).toBeUndefined();
  expect(nearest('cat', ['car', 'can'])).toBeUndefined();
  expect(nearest('cat', [])).toBeUndefined();
});

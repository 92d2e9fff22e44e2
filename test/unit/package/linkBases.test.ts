import { expect, test } from 'vitest';
import { contentVariable, imagesVariable, linkOptions } from '../../../.ci/linkBases.ts';

const content = 'https://example.org/topology-bench/blob/v1';
const images = 'https://example.org/topology-bench/raw/v1';
const both = { [contentVariable]: content, [imagesVariable]: images };

test('a package to try out keeps the links of README, and takes the addresses that are given', () => {
  expect(linkOptions(false, {})).toEqual(['--no-rewrite-relative-links']);
  expect(linkOptions(false, both)).toEqual(['--baseContentUrl', content, '--baseImagesUrl', images]);
});

test('a package for release takes them, too', () => {
  expect(linkOptions(true, both)).toEqual(['--baseContentUrl', content, '--baseImagesUrl', images]);
});

test.each([
  [{}, /^TOPOLOGY_BENCH_BASE_CONTENT_URL is not set: .* Set it, or package without --release\.$/u],
  [{ [contentVariable]: content }, /^TOPOLOGY_BENCH_BASE_IMAGES_URL is not set: .* pictures /u],
  [{ ...both, [imagesVariable]: 'http://example.org' }, /^TOPOLOGY_BENCH_BASE_IMAGES_URL is "http:\/\/example\.org"/u],
])('and is refused where they are %j', (environment, message) => {
  expect(() => linkOptions(true, environment)).toThrow(message);
});

test('one address without the other is refused for any package', () => {
  expect(() => linkOptions(false, { [contentVariable]: content })).toThrow(imagesVariable);
});

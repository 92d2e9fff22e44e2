import { expect, test } from 'vitest';
import { topologiesWithoutCluster } from '../../../src/core/localSupport.ts';

test.each([
  ['linux', 'x64', ['fastapi', 'triton', 'hybrid']],
  ['linux', 'arm64', ['fastapi']],
  ['darwin', 'arm64', ['fastapi']],
  ['darwin', 'x64', ['fastapi']],
  ['win32', 'x64', []],
])('without a cluster, %s on %s runs %j', (platform, arch, topologies) => {
  expect(topologiesWithoutCluster({ platform, arch })).toEqual(topologies);
});

import { defineConfig } from 'vitest/config';

/** One project a kind of test; `.ci/test.ts` runs them in turn, because two cores carry one heavy thing at a time. */
export default defineConfig({
  test: {
    passWithNoTests: false,
    allowOnly: false,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          exclude: ['test/unit/load/**'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      // Load generators need the machine for themselves, so their tests take turns.
      real('load', 120_000, 'test/unit/load/**/*.test.ts'),
      real('serving', 300_000),
      real('kubernetes', 600_000),
      real('extension', 600_000),
    ],
  },
});

/** Real servers are shared by the tests of a project: one file after the other, and long waits are theirs to bound. */
function real(name: string, timeout: number, include = `test/${name}/**/*.test.ts`) {
  return {
    test: {
      name,
      include: [include],
      fileParallelism: false,
      maxWorkers: 1,
      testTimeout: timeout,
      hookTimeout: timeout,
    },
  };
}

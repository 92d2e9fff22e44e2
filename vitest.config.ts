import { defineConfig } from 'vitest/config';

const latencies = 'test/unit/load/{truth,provoked}.test.ts';
const split = 'test/serving/split.test.ts';
const pure = 'test/unit/{core,model,topologies,view}/**';
const patient = { setupFiles: ['test/support/patience.ts'], expect: { poll: { timeout: 20_000 } } };
const unit = { ...patient, testTimeout: 60_000, hookTimeout: 120_000, maxWorkers: 2 };

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
          exclude: ['test/unit/load/**', pure],
          ...unit,
        },
      },
      // What it tests keeps no state, so that its files can share what they have loaded.
      { test: { name: 'unit-pure', include: [`${pure}/*.test.ts`], isolate: false, ...unit } },
      // What is held to a latency has the machine for itself; what counts and drives leaves it idle most of the time.
      real('truth', 300_000, { include: [latencies, split] }),
      real('load', 120_000, { include: ['test/unit/load/**/*.test.ts'], exclude: [latencies], maxWorkers: 2 }),
      real('serving', 300_000, { exclude: [split] }),
      real('kubernetes', 600_000, { include: ['test/kubernetes/*.test.ts'] }),
      // Of the same kind, for the other cluster.
      real('endings', 600_000, { include: ['test/kubernetes/endings/*.test.ts'] }),
      real('extension', 600_000),
    ],
  },
});

/** Real servers are shared by the tests of a project: one file after the other, and long waits are theirs to bound. */
function real(
  name: string,
  timeout: number,
  files: { include?: string[]; exclude?: string[]; maxWorkers?: number } = {},
) {
  const { include = [`test/${name}/**/*.test.ts`], exclude = [], maxWorkers = 1 } = files;
  return {
    test: {
      name,
      include,
      exclude,
      ...patient,
      fileParallelism: maxWorkers > 1,
      maxWorkers,
      testTimeout: timeout,
      hookTimeout: timeout,
    },
  };
}

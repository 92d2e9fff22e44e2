/**
 * A run in a process of its own, for tests that kill it: `node run-program.ts NAMESPACE [make]`. With "make" the run
 * makes the namespace. Prints each stage as it begins,
 * one a line.
 */
import { testPlan } from './plans.ts';
import { runBenchmark } from './runs.ts';

const namespace = process.argv[2] ?? '';
const plan = await testPlan(['fastapi'], namespace, {
  target: { kind: 'kubernetes', namespace, createNamespace: process.argv[3] === 'make' },
  phases: [
    { name: 'warm-up', kind: 'warm-up', loop: 'closed', connections: 1, durationSeconds: 1 },
    { name: 'c1', kind: 'measured', loop: 'closed', connections: 1, durationSeconds: 1 },
  ],
});
await runBenchmark(
  plan,
  (event) => {
    if (event.type === 'stage') process.stdout.write(`${event.stage}\n`);
  },
  new AbortController().signal,
);

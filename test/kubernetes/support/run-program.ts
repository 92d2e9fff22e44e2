/**
 * A run in a process of its own, for tests that kill it: `node run-program.ts NAMESPACE TOPOLOGY [make]`. With "make" the
 * run makes the namespace. Prints each moment of its (see stages.ts) as it begins, one a line.
 */
import type { TopologyName } from '../../../src/core/plan.ts';
import { testPlan } from './plans.ts';
import { runBenchmark } from './runs.ts';
import { momentOf } from './stages.ts';

const namespace = process.argv[2] ?? '';
const topology = process.argv[3] as TopologyName;
const plan = await testPlan([topology], namespace, {
  target: { kind: 'kubernetes', namespace, createNamespace: process.argv[4] === 'make' },
  cores: topology === 'hybrid' ? 2 : 1,
  phases: [
    { name: 'warm-up', kind: 'warm-up', loop: 'closed', connections: 1, durationSeconds: 1 },
    { name: 'c1', kind: 'measured', loop: 'closed', connections: 1, durationSeconds: 1 },
  ],
});
await runBenchmark(
  plan,
  (event) => {
    const moment = momentOf(event);
    if (moment !== undefined) process.stdout.write(`${moment}\n`);
  },
  new AbortController().signal,
);

import { expect, it } from 'vitest';
import type { RunRecord } from '../../../src/core/record.ts';
import { headlineOf } from '../../../src/core/view/headline.ts';
import { measuredRecord } from '../../../src/core/view/measured.ts';
import type { Plan } from '../../../src/core/plan.ts';
import { generatorRemedy } from '../../../src/core/view/noneValid.ts';
import { sampleEndpointPlan, sampleEndpointRecord } from '../../support/sampleEndpoint.ts';
import { sampleLocalPlan, samplePlan, sampleRecord } from '../../support/sampleRecord.ts';

/** What is said first of a run of which nothing may be believed. */

const late = 'the load generator was late: event-loop delay p99 39.7 ms, the limit is 10 ms';

function withReasons(record: RunRecord, reasonsAt: (phase: string) => readonly string[]): RunRecord {
  const topologies = record.topologies.map((result) => ({
    ...result,
    phases: result.phases.map((phase) => ({
      ...phase,
      validity: { valid: false, reasons: [...reasonsAt(phase.name)], caveats: [] },
    })),
  }));
  return { ...record, topologies };
}

const textOf = (record: RunRecord): string => headlineOf(measuredRecord(record)).text;

it('is that there is no verdict, why, and what helps', () => {
  expect(textOf(withReasons(sampleRecord(), () => [late]))).toBe(
    'No verdict, since none of the 9 measurements is valid: the load generator was late. What helps: a larger machine.',
  );
});

it('advises against a late load generator only what can be done with the plan', () => {
  const onCluster = samplePlan();
  const onMachine = sampleLocalPlan();
  const withCores = (plan: Plan, cores: number): Plan => ({
    ...plan,
    topologies: plan.topologies.map((topology) => ({ ...topology, cores })),
  });
  const ofTeam = { ...onCluster, load: { ...onCluster.load, generators: 3 } };
  const forwarded: Plan = { ...onCluster, load: { ...onCluster.load, vantage: 'this-machine' } };
  const withoutHybrid = { ...onMachine, topologies: onMachine.topologies.filter(({ name }) => name !== 'hybrid') };
  expect(generatorRemedy(onMachine)).toBe('closing other programs, or a larger machine');
  expect(generatorRemedy(withCores(onMachine, 3))).toBe(
    'closing other programs, fewer cores for the topologies (so that the load has one), or a larger machine',
  );
  expect(generatorRemedy(withoutHybrid)).toContain('fewer cores');
  expect(generatorRemedy(withCores(withoutHybrid, 1))).not.toContain('fewer cores');
  expect(generatorRemedy(withCores(onCluster, 4))).toBe('fewer cores for the topologies, or a larger machine');
  expect(generatorRemedy(ofTeam)).toBe('fewer generators per node, or a larger machine');
  expect(generatorRemedy(withCores(ofTeam, 4))).toBe(
    'fewer cores for the topologies, fewer generators per node, or a larger machine',
  );
  expect(generatorRemedy(forwarded)).toBe(
    'load from inside the cluster, or a larger or less busy machine for the load',
  );
});

it('is the most frequent reason in brief, with how many others there are', () => {
  const few = 'insufficient samples: 12 successes, and p95 needs 90';
  const reasons = (phase: string): string[] => (phase === 'c1' ? [few, late] : [few, 'errors: 5.0% failed']);
  expect(textOf(withReasons(sampleRecord(), reasons))).toBe(
    'No verdict, since none of the 9 measurements is valid: insufficient samples, and 2 other reasons. What helps: longer phases.',
  );
});

it('is said of the measurements of the one thing that was measured, by its name', () => {
  expect(textOf(withReasons(sampleEndpointRecord(), () => [late]))).toBe(
    'None of the 3 measurements of checkout is valid: the load generator was late. What helps: a larger or less busy machine for the load.',
  );
  const plan = sampleEndpointPlan({ phases: [{ rate: 20, seconds: 5 }] });
  const slow = 'the asked rate was not reached: 90 of the 100 requests scheduled were sent (90.0%)';
  expect(textOf(withReasons(sampleEndpointRecord(plan), () => [slow]))).toBe(
    'At 20 requests/s (Poisson) the measurement of checkout is not valid: the asked rate was not reached. What helps: a lower rate.',
  );
});

it('has the figures of a reason from the least to the most, and no remedy that nobody knows', () => {
  const shares: Readonly<Record<string, number>> = { c1: 5.3, c8: 8.1, c32: 6.2 };
  const unanswered = (phase: string): string[] => [
    `${String(shares[phase] ?? 0)}% of the requests sent were unanswered at the end: the slowest answers are missing`,
  ];
  expect(textOf(withReasons(sampleEndpointRecord(), unanswered))).toBe(
    'None of the 3 measurements of checkout is valid: 5.3 to 8.1% of the requests sent were unanswered at the end. What helps: longer phases.',
  );
  expect(
    textOf(
      withReasons(sampleEndpointRecord(), () => [
        'errors: 5.0% of the requests sent failed (HTTP 500: 9); the limit is 1.0%',
      ]),
    ),
  ).toBe('None of the 3 measurements of checkout is valid: 5.0% of the requests sent failed.');
});

it('names a reason of several repetitions once', () => {
  const each = [1, 2, 3].map((repetition) => `repetition ${String(repetition)}: ${late}`);
  expect(textOf(withReasons(sampleEndpointRecord(), () => each))).toMatch(/ is valid: the load generator was late\. /u);
});

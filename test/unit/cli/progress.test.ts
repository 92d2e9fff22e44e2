import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { CliContext } from '../../../src/cli/context.ts';
import { progressPrinter } from '../../../src/cli/progress.ts';
import type { RunEvent } from '../../../src/core/events.ts';
import { samplePhase, samplePlan } from '../../support/sampleRecord.ts';

/** What is said of these events where there is no terminal. */
function linesOf(events: readonly RunEvent[]): string[] {
  const stderr = new PassThrough();
  const printer = progressPrinter(samplePlan(), { stderr } as unknown as CliContext);
  for (const event of events) printer.print(event);
  printer.end();
  return String(stderr.read() ?? '')
    .trim()
    .split('\n');
}

const stages = (topology: string, ...names: readonly string[]): RunEvent[] =>
  names.map((stage) => ({ type: 'stage', topology, stage }) as RunEvent);

it('says once for each deployment that it warms up and measures, however many levels there are', () => {
  const levels = ['warm-up', 'load', 'warm-up', 'load', 'warm-up', 'load'];
  const deployed = (topology: string): RunEvent[] => stages(topology, 'apply', 'answers', ...levels, 'delete');
  const last = { type: 'stage', topology: null, stage: 'delete' } as RunEvent;
  const said = (topology: string): string[] =>
    ['deploying', 'comparing answers', 'warming up', 'measuring', 'cleaning up'].map((what) => `${topology}: ${what}`);
  // Turns: each topology is deployed anew.
  expect(linesOf([...deployed('fastapi'), ...deployed('triton'), ...deployed('fastapi'), last])).toEqual([
    ...said('fastapi'),
    ...said('triton'),
    ...said('fastapi'),
    'cleaning up',
  ]);
});

it('says of a phase that is not valid why, in brief, and of p95 that it is unknown', () => {
  const [phase] = samplePlan().load.phases;
  const [topology] = samplePlan().topologies;
  if (phase === undefined || topology === undefined) throw new Error('the sample has both');
  const sample = samplePhase(samplePlan(), topology, { ...phase, name: 'c1', kind: 'measured' }, 1);
  const { measurement } = sample;
  const few = { ...measurement, rps: 3.24, latency: { ...measurement.latency, p95Ms: null } };
  const ended = (...reasons: readonly string[]): RunEvent => ({
    type: 'phase-ended',
    topology: 'fastapi',
    phase: 0,
    result: {
      ...sample,
      measurement: few,
      validity: { valid: reasons.length === 0, reasons: [...reasons], caveats: [] },
    },
  });
  expect(
    linesOf([
      ended('the load generator was late: event-loop delay p99 39.7 ms, the limit is 10 ms', 'unstable: RPS rose'),
      ended('errors: 5.0% of the requests sent failed (HTTP 500: 9); the limit is 1.0%'),
    ]),
  ).toEqual([
    'fastapi: c1  3.2 RPS  p95 unknown  NOT VALID: the load generator was late',
    'fastapi: c1  3.2 RPS  p95 unknown  NOT VALID: 5.0% of the requests sent failed',
  ]);
});

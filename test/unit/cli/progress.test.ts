import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { CliContext } from '../../../src/cli/context.ts';
import { progressPrinter } from '../../../src/cli/progress.ts';
import type { RunEvent } from '../../../src/core/events.ts';
import { samplePlan } from '../../support/sampleRecord.ts';

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

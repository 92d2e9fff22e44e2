import { describe, expect, it } from 'vitest';
import type { PhaseMeasurement } from '../../../src/core/load.ts';
import type { Phase } from '../../../src/core/plan.ts';
import type { PhaseResult, TopologyResult } from '../../../src/core/record.ts';
import { loadTiming } from '../../../src/core/view/loadTiming.ts';
import { recordMarkdown } from '../../../src/core/view/markdown.ts';
import { recordFacts } from '../../../src/core/view/provenance.ts';
import { samplePhase, samplePlan, sampleRecord } from '../../support/sampleRecord.ts';

type Generator = PhaseMeasurement['generator'];

const plan = samplePlan();
const [topology] = plan.topologies;
const [fastapi, triton] = sampleRecord().topologies;
if (topology === undefined || fastapi === undefined || triton === undefined) throw new Error('The sample has too few.');

/** A phase of five seconds and a thousand requests. */
function phase(name: string, generator: Partial<Generator>, kind: Phase['kind'] = 'measured'): PhaseResult {
  if (topology === undefined) throw new Error('The sample has no topology.');
  const sample = samplePhase(plan, topology, { name, kind, loop: 'closed', connections: 8, durationSeconds: 5 }, 0);
  const { measurement } = sample;
  return {
    ...sample,
    measurement: {
      ...measurement,
      requests: { ...measurement.requests, sent: 1000 },
      generator: { ...measurement.generator, ...generator },
    },
  };
}

const timing = (...phases: PhaseResult[]): string | null => loadTiming([{ ...fastapi, phases }]);

describe('how well the load generator kept time', () => {
  it('is said by the phase in which it did so worst, pauses and late requests each', () => {
    const phases = [
      phase('c1', { stalledMs: 12, lateSends: null }),
      phase('slow', { stalledMs: 60.4, lateSends: 2 }),
      phase('fast', { stalledMs: 0, lateSends: 37 }),
    ];
    expect(timing(...phases)).toBe(
      'the load generator stood still for 60.4 ms of 5.0 s at worst (slow), counting what its pauses had beyond 20 ms; ' +
        '37 of 1000 requests (3.7%) went out more than 10 ms late at worst (fast)',
    );
  });

  it('says that nothing was amiss, and nothing of what nobody looked for', () => {
    const still = 'the load generator never stood still for more than 20 ms';
    expect(timing(phase('c1', { stalledMs: 0, lateSends: null }))).toBe(still);
    expect(timing(phase('slow', { stalledMs: null, lateSends: 0 }))).toBe(
      'no request of an open loop went out more than 10 ms late',
    );
    expect(timing(phase('c1', { stalledMs: null, lateSends: null }))).toBeNull();
    expect(timing()).toBeNull();
  });

  it('does not count warm-ups, and names turns and topologies where there are several', () => {
    const warmUp = phase('warm-up', { stalledMs: 900 }, 'warm-up');
    const second = { ...phase('c8', { stalledMs: 50 }), repetition: 2 };
    const results: Pick<TopologyResult, 'topology' | 'phases'>[] = [
      { ...fastapi, phases: [warmUp, phase('c8', { stalledMs: 0 })] },
      { ...triton, phases: [phase('c8', { stalledMs: 0 }), second] },
    ];
    expect(loadTiming(results)).toContain('50.0 ms of 5.0 s at worst (triton, c8, turn 2)');
    expect(loadTiming(results.slice(1))).toContain('at worst (c8, turn 2)');
  });

  it('stands in the details of a result and in its Markdown', () => {
    const record = sampleRecord({
      change: (result) =>
        result.topology.name === 'triton' ? { ...result, phases: [phase('c8', { stalledMs: 25 })] } : result,
    });
    const facts = recordFacts(record).map(({ title, facts: of }) => [
      title,
      of.find(({ term }) => term === 'Load timing')?.text,
    ]);
    const stood = 'the load generator stood still for 25.0 ms of 5.0 s at worst';
    expect(facts).toContainEqual(['triton', `${stood} (c8), counting what its pauses had beyond 20 ms`]);
    expect(facts).toContainEqual(['hybrid', 'the load generator never stood still for more than 20 ms']);
    expect(recordMarkdown(record)).toContain(`\n\nLoad timing: ${stood} (triton, c8), counting`);
  });
});

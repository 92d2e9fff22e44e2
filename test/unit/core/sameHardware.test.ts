import { describe, expect, it } from 'vitest';
import { checkSlos } from '../../../src/core/checks.ts';
import { combineRepetitions } from '../../../src/core/combineRepetitions.ts';
import type { RunRecord, TopologyResult } from '../../../src/core/record.ts';
import { markDifferentHardware } from '../../../src/core/sameHardware.ts';
import { parseSlo } from '../../../src/core/slo.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';

/** Two turns of each topology, placed where each turn says. */
function inTurns(gpus: Readonly<Record<string, readonly string[]>>, node = 'gpu-node-1'): RunRecord {
  const record = sampleRecord();
  const topologies = record.topologies.flatMap((result): TopologyResult[] => {
    const products = gpus[result.topology.name];
    if (products === undefined) return [];
    const phases = products.flatMap((_, at) => result.phases.map((phase) => ({ ...phase, repetition: at + 1 })));
    const placements = products.flatMap((gpuProduct) =>
      result.placements.map((placement) => ({ ...placement, node, gpuProduct })),
    );
    return [{ ...result, phases, placements, combined: combineRepetitions(phases) }];
  });
  return { ...record, topologies: markDifferentHardware(topologies) };
}

const validities = ({ topologies }: RunRecord): boolean[] =>
  topologies
    .flatMap(({ phases, combined }) => [...phases, ...(combined ?? [])])
    .filter(({ kind }) => kind === 'measured')
    .map(({ validity }) => validity.valid);

describe('what ran on different GPUs', () => {
  it('is not valid, in its rows over several repetitions too, and no bound is kept by it', () => {
    const record = inTurns({ fastapi: ['Tesla-T4', 'Tesla-T4'], triton: ['A100', 'A100'] });
    expect(validities(record)).not.toContain(true);
    expect(record.topologies[0]?.combined?.[0]?.validity.reasons).toEqual([
      'the topologies ran on different GPUs (A100, Tesla-T4), so they cannot be compared',
    ]);
    const { slo } = parseSlo('p95<10s');
    if (slo === undefined) throw new Error('no bound');
    expect(new Set(checkSlos([slo], record).map(({ outcome }) => outcome))).toEqual(new Set(['no number']));
  });

  it('makes one topology whose turns it were no one number', () => {
    const record = inTurns({ triton: ['Tesla-T4', 'A100'] });
    expect(validities(record)).not.toContain(true);
    expect(record.topologies[0]?.combined?.[0]?.validity.reasons).toEqual([
      'the repetitions ran on different GPUs (A100, Tesla-T4), so they cannot be compared',
    ]);
  });

  it('is nothing where all are alike', () => {
    expect(validities(inTurns({ fastapi: ['A100', 'A100'], triton: ['A100', 'A100'] }))).not.toContain(false);
  });
});

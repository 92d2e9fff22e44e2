import { describe, expect, it } from 'vitest';
import type { TopologyResult } from '../../../src/core/record.ts';
import { generatorOverhead } from '../../../src/core/view/generatorOverhead.ts';
import { recordMarkdown } from '../../../src/core/view/markdown.ts';
import { recordCaveats } from '../../../src/core/view/provenance.ts';
import { recordTable } from '../../../src/core/view/table.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';

const record = sampleRecord();

/** The phases of a topology, each with what the generator read of itself before it. */
function withOverheads(result: TopologyResult, p50s: readonly (number | null)[]): TopologyResult {
  const phases = result.phases.map((phase, index) => {
    const p50 = p50s[index] ?? null;
    const { measurement } = phase;
    const overheadMs = p50 === null ? null : { p50, p95: null };
    return { ...phase, measurement: { ...measurement, generator: { ...measurement.generator, overheadMs } } };
  });
  return { ...result, phases };
}

describe("the load generator's own overhead", () => {
  const [first] = record.topologies;
  if (first === undefined) throw new Error('The sample has a topology.');
  // Phases 0, 1, 3 and 5 are warm-ups.
  const varied = withOverheads(first, [9, 9, 0.151, 9, null, 9, 0.224]);

  it('is the range over what was measured, warm-ups left out, and says that nothing was taken off', () => {
    expect(first.phases.map(({ kind }) => kind).filter((_, at) => [2, 4, 6].includes(at))).toEqual(
      Array(3).fill('measured'),
    );
    expect(generatorOverhead([varied])).toBe(
      "The load generator's own overhead, p50 0.15 to 0.22 ms, is in each latency, not subtracted.",
    );
  });

  it('is one figure where all are alike, and nothing where nobody measured it', () => {
    expect(generatorOverhead(record.topologies)).toContain('overhead, p50 0.12 ms, is');
    expect(generatorOverhead([withOverheads(first, [])])).toBeNull();
    expect(generatorOverhead([])).toBeNull();
  });

  it('stands once in the terminal, in Markdown, and in panel and report, which show the caveats', () => {
    const measured = { ...record, topologies: [varied, ...record.topologies.slice(1)] };
    const said = (text: string): number =>
      text.replaceAll(/\s+/gu, ' ').split('overhead, p50 0.12 to 0.22 ms').length - 1;
    expect(said(recordTable(measured))).toBe(1);
    expect(said(recordMarkdown(measured))).toBe(1);
    expect(said(recordCaveats(measured).join(' '))).toBe(1);
  });
});

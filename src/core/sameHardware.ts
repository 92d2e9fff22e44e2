import type { PhaseResult, TopologyResult } from './record.ts';

/**
 * Marks results that were not measured under the same conditions: another GPU product makes every number of the run no
 * comparison, and of one topology's repetitions no one number; another node is a caveat.
 */
export function markDifferentHardware(results: readonly TopologyResult[]): TopologyResult[] {
  const measured = results.filter((result) => result.phases.some((phase) => phase.kind === 'measured'));
  const products = distinct(measured, (placement) => placement.gpuProduct);
  const nodes = distinct(measured, (placement) => placement.node);
  if (products.length < 2 && nodes.length < 2) return [...results];
  const who = measured.length > 1 ? 'topologies' : 'repetitions';
  const mark = (phase: PhaseResult): PhaseResult => marked(phase, who, products, nodes);
  return results.map((result) => ({
    ...result,
    phases: result.phases.map(mark),
    combined: result.combined?.map(mark) ?? null,
  }));
}

function marked(phase: PhaseResult, who: string, products: readonly string[], nodes: readonly string[]): PhaseResult {
  const { reasons, caveats } = phase.validity;
  if (products.length > 1) {
    const reason = `the ${who} ran on different GPUs (${products.join(', ')}), so they cannot be compared`;
    return { ...phase, validity: { valid: false, reasons: [...reasons, reason], caveats } };
  }
  const caveat = `the ${who} ran on different nodes (${nodes.join(', ')})`;
  return { ...phase, validity: { ...phase.validity, caveats: [...caveats, caveat] } };
}

/** Of the servers that run the model; the gateway and the load generator may be anywhere. */
function distinct(
  results: readonly TopologyResult[],
  pick: (placement: TopologyResult['placements'][number]) => string | null,
): string[] {
  const servers = results.flatMap((result) =>
    result.placements.filter(({ component }) => component === 'fastapi' || component === 'triton'),
  );
  return [...new Set(servers.map(pick).filter((value) => value !== null))].sort();
}

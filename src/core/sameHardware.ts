import type { PhaseResult, TopologyResult } from './record.ts';

/**
 * Marks results that were not measured under the same conditions: another GPU product makes every number of the run no
 * comparison, another node is a caveat. Results of one topology are left as they are.
 */
export function markDifferentHardware(results: readonly TopologyResult[]): TopologyResult[] {
  const measured = results.filter((result) => result.phases.some((phase) => phase.kind === 'measured'));
  const products = distinct(measured, (placement) => placement.gpuProduct);
  const nodes = distinct(measured, (placement) => placement.node);
  if (measured.length < 2 || (products.length < 2 && nodes.length < 2)) return [...results];
  return results.map((result) => ({
    ...result,
    phases: result.phases.map((phase) => marked(phase, products, nodes)),
  }));
}

function marked(phase: PhaseResult, products: readonly string[], nodes: readonly string[]): PhaseResult {
  const { reasons, caveats } = phase.validity;
  if (products.length > 1) {
    const reason = `the topologies ran on different GPUs (${products.join(', ')}), so they cannot be compared`;
    return { ...phase, validity: { valid: false, reasons: [...reasons, reason], caveats } };
  }
  const caveat = `the topologies ran on different nodes (${nodes.join(', ')})`;
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

import type { TopologyResult } from '../record.ts';
import { significant } from './format.ts';

/**
 * What the load generator adds to the latencies of a run, as the phases read it from an endpoint that answers at once.
 * @returns null where no phase knows it
 */
export function generatorOverhead(results: readonly Pick<TopologyResult, 'phases'>[]): string | null {
  const known = results
    .flatMap(({ phases }) => phases)
    .filter(({ kind }) => kind === 'measured')
    .flatMap(({ measurement }) => measurement.generator.overheadMs?.p50 ?? []);
  if (known.length === 0) return null;
  const [least, most] = [significant(Math.min(...known)), significant(Math.max(...known))];
  const range = least === most ? least : `${least} to ${most}`;
  return `The load generator's own overhead, p50 ${range} ms, is in each latency, not subtracted.`;
}

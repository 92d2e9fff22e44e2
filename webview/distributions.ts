import type { LoadName } from '../src/core/phaseLoad.ts';
import type { Distribution } from '../src/core/view/charts.ts';
import { compressedPart, distributionOf, histogramSlots } from '../src/core/view/distribution.ts';
import { phaseAt, type Measured } from '../src/core/view/measured.ts';

const read = new Map<string, Promise<Distribution | undefined>>();

/** Latency by percentile of each topology at one level, from the histograms in the record; one that cannot be read is left out. */
export async function distributionsAt(measured: Measured, level: LoadName): Promise<Distribution[]> {
  const readings = measured.topologies.flatMap((topology) => {
    const phase = phaseAt(topology, level);
    return phase === undefined ? [] : [readOnce(topology.key, phase.measurement.histogram)];
  });
  return (await Promise.all(readings)).filter((distribution) => distribution !== undefined);
}

function readOnce(topology: string, histogram: string): Promise<Distribution | undefined> {
  const key = `${topology} ${histogram}`;
  let reading = read.get(key);
  if (reading === undefined) {
    reading = readHistogram(topology, histogram).catch(() => undefined);
    read.set(key, reading);
  }
  return reading;
}

async function readHistogram(topology: string, histogram: string): Promise<Distribution> {
  const stream = new Blob([compressedPart(histogram)]).stream().pipeThrough(new DecompressionStream('deflate'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  return distributionOf(topology, histogramSlots(bytes));
}

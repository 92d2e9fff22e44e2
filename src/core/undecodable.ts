import { decodeHistogram } from './histogram.ts';
import type { PhaseMeasurement } from './load.ts';
import type { RunRecord } from './record.ts';
import { decodeWindows } from './windows.ts';

/**
 * What of a record cannot be decoded, by its place, though its shape is right; undefined where all can. Apart from the schema, because
 * to decode a record takes longer than to read it: who lists a thousand of them looks at their shape alone.
 */
export function undecodable({ topologies }: RunRecord): string | undefined {
  for (const [index, { phases, combined }] of topologies.entries()) {
    for (const [list, results] of Object.entries({ phases, combined })) {
      for (const [at, { measurement }] of (results ?? []).entries()) {
        const part = undecodablePart(measurement);
        if (part !== undefined) return `topologies.${String(index)}.${list}.${String(at)}.measurement.${part}`;
      }
    }
  }
  return undefined;
}

function undecodablePart({ histogram, windows }: PhaseMeasurement): string | undefined {
  if (!decodes(() => decodeHistogram(histogram))) return 'histogram';
  return windows === undefined || decodes(() => decodeWindows(windows)) ? undefined : 'windows';
}

function decodes(decode: () => unknown): boolean {
  try {
    decode();
    return true;
  } catch {
    return false;
  }
}

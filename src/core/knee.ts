import { verdictOf } from './verdict.ts';
import type { Interval } from './record.ts';

/** Throughput at one level of a concurrency ladder. */
export interface LadderLevel {
  readonly connections: number;
  readonly rps: number;
  readonly interval: Interval | null;
  readonly valid: boolean;
  /** Whether the load generator set the rate, and not the server. */
  readonly generatorBound: boolean;
}

export type Knee =
  /** More connections than these bring little more throughput. */
  | { readonly kind: 'knee'; readonly connections: number; readonly rps: number }
  /** The gain of the last step was not confidently small: the ladder ends too early, or its intervals are too wide. */
  | { readonly kind: 'not reached'; readonly connections: number }
  /** From these connections on the load generator had no time left, and the server may have had some. */
  | { readonly kind: 'generator'; readonly connections: number }
  | { readonly kind: 'unknown'; readonly why: string };

/** A gain below this, for twice the connections, is small. */
export const smallGainShare = 0.1;

/**
 * Where a ladder stops paying: the first level after which the gain is confidently small, which is when even the upper limit
 * of its 95% interval is less than 10% for twice the connections. Steps of other sizes are put on that scale, because ladders
 * are geometric. Levels that are not valid are left out, and so are those from the first on at which the load generator set the
 * rate: that they gain nothing is no knee of the server.
 */
export function findKnee(levels: readonly LadderLevel[]): Knee {
  const valid = levels.filter((level) => level.valid).toSorted((a, b) => a.connections - b.connections);
  const bound = valid.find(({ generatorBound }) => generatorBound);
  const ladder = bound === undefined ? valid : valid.slice(0, valid.indexOf(bound));
  if (bound === undefined && ladder.length < 2) return { kind: 'unknown', why: 'fewer than two levels are valid' };
  for (const [at, level] of ladder.entries()) {
    const next = ladder[at + 1];
    if (next === undefined) break;
    const gain = verdictOf([{ a: repetition(next), b: repetition(level) }]);
    if (gain.kind === 'none') continue;
    const doublings = Math.log2(next.connections / level.connections);
    if (gain.high ** (1 / doublings) < 1 + smallGainShare) {
      return { kind: 'knee', connections: level.connections, rps: level.rps };
    }
  }
  if (bound !== undefined) return { kind: 'generator', connections: bound.connections };
  return { kind: 'not reached', connections: ladder.at(-1)?.connections ?? 0 };
}

function repetition({ rps, interval, valid }: LadderLevel): Parameters<typeof verdictOf>[0][number]['a'] {
  return { value: rps, interval, valid };
}

import { lateSendMs, longestLoopMs } from '../lateness.ts';
import type { PhaseMeasurement } from '../load.ts';
import type { TopologyResult } from '../record.ts';
import { topologyKey } from '../topologyKey.ts';
import { formatMs, formatSeconds, formatShare } from './format.ts';

/**
 * How well the load generator kept time, where it did so worst: its pauses, and in open loops the requests that it sent late.
 * @returns null where nothing was measured, or nobody looked
 */
export function loadTiming(results: readonly Pick<TopologyResult, 'topology' | 'phases'>[]): string | null {
  const phases = timedPhases(results);
  const parts = [pausesText(phases), lateSendsText(phases)].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join('; ');
}

interface TimedPhase {
  /** What tells it apart from the others, e.g. "triton, c8, turn 2". */
  readonly where: string;
  readonly measurement: PhaseMeasurement;
}

/** Of each turn, since what is combined of them names no moment. */
function timedPhases(results: readonly Pick<TopologyResult, 'topology' | 'phases'>[]): TimedPhase[] {
  return results.flatMap(({ topology, phases }) => {
    const hasTurns = phases.some(({ repetition }) => repetition > 1);
    return phases
      .filter(({ kind }) => kind === 'measured')
      .map(({ name, repetition, measurement }) => ({
        where: [
          ...(results.length > 1 ? [topologyKey(topology)] : []),
          name,
          ...(hasTurns ? [`turn ${String(repetition)}`] : []),
        ].join(', '),
        measurement,
      }));
  });
}

function pausesText(phases: readonly TimedPhase[]): string | null {
  const worst = worstOf(phases, ({ generator: { stalledMs }, window }) =>
    stalledMs === null ? null : { part: stalledMs, of: window.endMs - window.startMs },
  );
  if (worst === null) return null;
  const { where, part, of } = worst;
  const longest = `${String(longestLoopMs)} ms`;
  return part === 0
    ? `the load generator never stood still for more than ${longest}`
    : `the load generator stood still for ${formatMs(part)} of ${formatSeconds(of)} at worst (${where}), counting what its pauses had beyond ${longest}`;
}

function lateSendsText(phases: readonly TimedPhase[]): string | null {
  const worst = worstOf(phases, ({ generator: { lateSends }, requests }) =>
    lateSends === null ? null : { part: lateSends, of: requests.sent },
  );
  if (worst === null) return null;
  const { where, part, of } = worst;
  const late = `more than ${String(lateSendMs)} ms late`;
  return part === 0
    ? `no request of an open loop went out ${late}`
    : `${String(part)} of ${String(of)} requests (${formatShare(part / of)}) went out ${late} at worst (${where})`;
}

interface Share {
  readonly part: number;
  readonly of: number;
}

/** The phase with the largest share, of those of which it is known. */
function worstOf(
  phases: readonly TimedPhase[],
  shareOf: (measurement: PhaseMeasurement) => Share | null,
): (Share & { readonly where: string }) | null {
  const known = phases.flatMap(({ where, measurement }) => {
    const share = shareOf(measurement);
    return share === null ? [] : [{ where, ...share }];
  });
  const [first, ...others] = known;
  if (first === undefined) return null;
  const size = ({ part, of }: Share): number => part / Math.max(1, of);
  return others.reduce((worst, one) => (size(one) > size(worst) ? one : worst), first);
}

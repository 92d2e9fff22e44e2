import type { PhaseLoad } from './plan.ts';

/** How a phase loads, in words; the one place that names it. */
export interface LoadName {
  /** Equal for phases that load alike, e.g. "closed 8". */
  readonly key: string;
  /** In a sentence: "8 connections", "200 requests/s (Poisson)" */
  readonly long: string;
  /** In a column or beside a point: "8", "200/s Poisson" */
  readonly short: string;
  readonly closed: boolean;
  /** Of a closed loop; null for an open one. */
  readonly connections: number | null;
  /** Closed loops come first, each kind ascending. */
  readonly order: number;
}

/** Requests of an open loop that may be unanswered at one time, wherever nobody says how many. */
export const defaultMaxInFlight = 1024;

const arrivalNames = { poisson: 'Poisson', constant: 'constant' } as const;
const afterEveryClosedLoop = 1e6;

export function nameLoad(load: PhaseLoad): LoadName {
  if (load.loop === 'closed') {
    const { connections } = load;
    return {
      key: `closed ${String(connections)}`,
      long: connections === 1 ? '1 connection' : `${String(connections)} connections`,
      short: String(connections),
      closed: true,
      connections,
      order: connections,
    };
  }
  const rate = String(load.ratePerSecond);
  const arrivals = arrivalNames[load.arrivals];
  const short = `${rate}/s ${arrivals}`;
  return {
    key: `open ${short} ${String(load.maxInFlight)}`,
    long: `${rate} ${rate === '1' ? 'request' : 'requests'}/s (${arrivals})`,
    short,
    closed: false,
    connections: null,
    order: afterEveryClosedLoop + load.ratePerSecond,
  };
}

/** All of them in one text: "closed loop, 1, 8 and 32 connections", "open loop, 100/s and 200/s Poisson". */
export function loadNames(loads: readonly PhaseLoad[], list: (items: readonly string[]) => string): string {
  const closed = loads.filter((load) => load.loop === 'closed').map((load) => nameLoad(load).short);
  const open = loads.filter((load) => load.loop === 'open').map((load) => nameLoad(load).short);
  return [
    ...(closed.length === 0
      ? []
      : [`closed loop, ${list(closed)} ${closed.join() === '1' ? 'connection' : 'connections'}`]),
    ...(open.length === 0 ? [] : [`open loop, ${list(open)}`]),
  ].join('; ');
}

import { defaultMaxInFlight } from './phaseLoad.ts';
import type { LoadPlan, Phase, TopologyName } from './plan.ts';

/** What a profile decides of a plan. */
export interface Profile extends Pick<LoadPlan, 'phases' | 'search' | 'repetitions'> {
  /** Topologies that take the place of those chosen; null where the choice stands. */
  readonly topologies: readonly ProfileTopology[] | null;
}

export interface ProfileTopology {
  readonly name: TopologyName;
  /** "no-batching": Triton with dynamic batching off, whatever the model's config says. */
  readonly variant: '' | 'no-batching';
}

/** single-stream, server and offline are MLPerf inference's scenarios, at a length for every day. */
export const profileNames = ['quick', 'standard', 'ladder', 'paper', 'single-stream', 'server', 'offline'] as const;
export type ProfileName = (typeof profileNames)[number];

/** What each is for, in a few words. */
export const profilePurposes: Readonly<Record<ProfileName, string>> = {
  quick: 'a first look, each topology once',
  standard: 'a comparison with intervals: three turns of each topology',
  ladder: 'more and more connections, until they gain little',
  paper: "the paper's rows on equal hardware, and the hybrid that it lacks",
  'single-stream': 'MLPerf SingleStream: one request at a time',
  server: 'MLPerf Server: the highest Poisson rate that keeps p95 under its bound',
  offline: 'MLPerf Offline: as fast as it goes',
};

/** Each level starts with this much load of its own that is dropped, so that no level pays for the step up. */
export const levelWarmUpSeconds = 1;
/** Bound of p95 where none is given: what a person takes for an answer at once (Nielsen, Usability Engineering, 1993). */
export const defaultSloP95Ms = 100;
/** Connections that keep every topology of a few cores and one GPU busy, and leave each request its own row. */
const offlineConnections = 64;
const paperTopologies: readonly ProfileTopology[] = [
  { name: 'fastapi', variant: '' },
  { name: 'triton', variant: 'no-batching' },
  { name: 'triton', variant: '' },
  { name: 'hybrid', variant: '' },
];

/** @param sloP95Ms bound of p95 in milliseconds, for the search of "server" */
export function profileOf(name: ProfileName, sloP95Ms = defaultSloP95Ms): Profile {
  const once = { search: null, repetitions: 1, topologies: null } as const;
  switch (name) {
    case 'quick':
      return { ...once, phases: levels(5, each(5, [1, 8, 32])) };
    case 'standard':
      return { ...once, phases: levels(10, each(20, [1, 8, 32])), repetitions: 3 };
    case 'ladder':
      return {
        ...once,
        phases: [warmUp(8, 10)],
        search: { kind: 'ladder', levelSeconds: 15, warmUpSeconds: levelWarmUpSeconds, mostConnections: 256 },
      };
    case 'paper':
      return {
        // A server of 7 RPS leaves 16 requests unanswered: under 5 % of those sent, which validity asks for, from 43 s on.
        phases: levels(10, [...each(20, [1]), ...each(60, [16])]),
        search: null,
        repetitions: 3,
        topologies: paperTopologies,
      };
    case 'single-stream':
      return { ...once, phases: levels(5, each(60, [1])) };
    case 'offline':
      return { ...once, phases: levels(5, each(60, [offlineConnections])) };
    case 'server':
      return {
        ...once,
        phases: [warmUp(8, 5)],
        search: {
          kind: 'slo',
          p95Ms: sloP95Ms,
          arrivals: 'poisson',
          maxInFlight: defaultMaxInFlight,
          highestRate: 20_000,
          precision: 0.05,
          mostTrials: 12,
          capacityConnections: 32,
          trialSeconds: 10,
          confirmationSeconds: 60,
          warmUpSeconds: 2,
        },
      };
  }
}

/** Whether a profile has topologies of its own, so that none can be chosen beside it. */
export function namesTopologies(name: ProfileName): boolean {
  return profileOf(name).topologies !== null;
}

interface LevelShape {
  readonly connections: number;
  readonly seconds: number;
}

function each(seconds: number, connections: readonly number[]): LevelShape[] {
  return connections.map((count) => ({ connections: count, seconds }));
}

function levels(warmUpSeconds: number, shape: readonly LevelShape[]): Phase[] {
  const phases = [warmUp(Math.max(...shape.map(({ connections }) => connections)), warmUpSeconds)];
  for (const { connections, seconds } of shape) {
    const level = { loop: 'closed', connections } as const;
    const name = `c${String(connections)}`;
    phases.push({ ...level, name: `warm-up ${name}`, kind: 'warm-up', durationSeconds: levelWarmUpSeconds });
    phases.push({ ...level, name, kind: 'measured', durationSeconds: seconds });
  }
  return phases;
}

function warmUp(connections: number, durationSeconds: number): Phase {
  return { name: 'warm-up', kind: 'warm-up', loop: 'closed', connections, durationSeconds };
}

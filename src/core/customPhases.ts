import * as z from 'zod';
import { defaultMaxInFlight, nameLoad } from './phaseLoad.ts';
import type { Phase, PhaseLoad } from './plan.ts';
import { levelWarmUpSeconds } from './profiles.ts';

const firstWarmUpSeconds = 5;
const defaultArrivals = 'poisson';

/** One level of a plan file's own load; each is preceded by a second of the same that is dropped. */
export const customPhaseSchema = z
  .strictObject({
    name: z.string().min(1).max(60).optional().meta({
      description: 'What the level is called in the result. Without it: after its load, "c8" or "200/s Poisson".',
    }),
    connections: z.number().int().min(1).max(4096).optional().meta({
      description:
        'Closed loop: as many connections, each of which sends its next request when the last one is answered.',
    }),
    rate: z
      .number()
      .positive()
      .max(100_000)
      .optional()
      .meta({ description: 'Open loop: requests a second, whatever the server does.' }),
    arrivals: z
      .enum(['poisson', 'constant'])
      .optional()
      .meta({
        description: 'Open loop: how the requests are spread over time.',
        default: defaultArrivals,
        enumDescriptions: ['At random and independent of each other, from the seed.', 'At equal distances.'],
      }),
    maxInFlight: z.number().int().min(1).max(4096).optional().meta({
      description:
        'Open loop: the most requests unanswered at one time. What is due beyond that is sent late, and its wait is part of its latency.',
      default: defaultMaxInFlight,
    }),
    seconds: z.number().positive().max(86_400).meta({ description: 'Length of the level in seconds.' }),
  })
  .superRefine((phase, context) => {
    const { connections, rate } = phase;
    const fault = (message: string, path: string[] = []): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    if (connections === undefined && rate === undefined)
      fault('says neither "connections" (closed loop) nor "rate" (open loop)');
    if (connections !== undefined && rate !== undefined)
      fault('has both "connections" (closed loop) and "rate" (open loop); a phase is one of them');
    if (connections === undefined) return;
    for (const key of ['arrivals', 'maxInFlight'] as const) {
      if (phase[key] !== undefined) fault(`belongs to a phase with "rate"; this one has "connections"`, [key]);
    }
  })
  .meta({ description: 'One load level. It is preceded by a second of the same load that is dropped.' });
export type CustomPhase = z.infer<typeof customPhaseSchema>;

/** The phases of a plan file's own load, with a warm-up of the deployment and one of each level. */
export function customPhases(levels: readonly CustomPhase[]): Phase[] {
  const measured = levels.map(measuredPhase);
  const [first] = measured;
  if (first === undefined) return [];
  const all: Phase[] = [{ ...first, name: 'warm-up', kind: 'warm-up', durationSeconds: firstWarmUpSeconds }];
  for (const phase of measured) {
    all.push({ ...phase, name: `warm-up ${phase.name}`, kind: 'warm-up', durationSeconds: levelWarmUpSeconds }, phase);
  }
  return all;
}

/** Places of phases that have the name of an earlier one: their numbers could not be told apart. */
export function repeatedNames(levels: readonly CustomPhase[]): { readonly index: number; readonly name: string }[] {
  const names = levels.map((level) => measuredPhase(level).name);
  return names.flatMap((name, index) => (names.indexOf(name) < index ? [{ index, name }] : []));
}

function measuredPhase(level: CustomPhase): Phase {
  const load: PhaseLoad =
    level.rate === undefined
      ? { loop: 'closed', connections: level.connections ?? 1 }
      : {
          loop: 'open',
          ratePerSecond: level.rate,
          arrivals: level.arrivals ?? defaultArrivals,
          maxInFlight: level.maxInFlight ?? defaultMaxInFlight,
        };
  return { ...load, name: level.name ?? usualName(load), kind: 'measured', durationSeconds: level.seconds };
}

/** What a level is called that was given no name. */
export function usualName(load: PhaseLoad): string {
  return load.loop === 'closed' ? `c${String(load.connections)}` : nameLoad(load).short;
}

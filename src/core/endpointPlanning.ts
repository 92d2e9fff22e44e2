import type { CustomPhase } from './customPhases.ts';
import { checkEndpointPlan, type EndpointPlan } from './endpointPlan.ts';
import { BenchError } from './errors.ts';
import { planDefaults, profileLoad } from './planning.ts';
import type { Payload } from './ports.ts';
import { profileNames, type ProfileName } from './profiles.ts';

/** Profiles that load an endpoint; "paper" compares topologies. */
export const endpointProfiles = profileNames.filter((name) => name !== 'paper');

/** What a person, or a plan file, decides of a run on an endpoint; everything else has a default. */
export interface EndpointChoices {
  readonly name?: string | undefined;
  readonly method: string;
  readonly https: boolean;
  /** How many bodies are sent in turn; 0 for requests without one. */
  readonly bodies: number;
  readonly payload: Pick<Payload, 'name' | 'sha256'>;
  readonly profile: ProfileName;
  /** In place of the profile's. */
  readonly phases?: readonly CustomPhase[] | undefined;
  readonly repetitions?: number | undefined;
  /** Milliseconds; for the profile "server". */
  readonly sloP95Ms?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly seed?: number | undefined;
}

/**
 * The complete plan of a run on an endpoint.
 * @throws BenchError plan-invalid, naming each field that is wrong
 */
export function makeEndpointPlan(choices: EndpointChoices): EndpointPlan {
  const profile = profileLoad(choices);
  if (profile.topologies !== null) {
    throw new BenchError({
      reason: 'plan-invalid',
      message: `The profile "${choices.profile}" compares topologies, and an endpoint is measured by itself.`,
      nextStep: `Take one of ${endpointProfiles.join(', ')}.`,
    });
  }
  return checkEndpointPlan({
    version: 1,
    target: {
      kind: 'endpoint',
      name: choices.name ?? 'endpoint',
      method: choices.method,
      https: choices.https,
    },
    topologies: [{ name: 'endpoint', variant: '' }],
    gpu: null,
    load: {
      vantage: 'this-machine',
      profile: choices.phases === undefined ? choices.profile : 'custom',
      phases: profile.phases,
      search: profile.search,
      repetitions: choices.repetitions ?? profile.repetitions,
      generators: 1,
      timeoutMs: choices.timeoutMs ?? planDefaults.timeoutMs,
      seed: choices.seed ?? planDefaults.seed,
      payload: { name: choices.payload.name, texts: choices.bodies, sha256: choices.payload.sha256 },
    },
  });
}

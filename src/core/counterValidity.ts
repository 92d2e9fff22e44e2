import type { AnyTopology } from './endpointPlan.ts';
import type { PhaseResult, Validity } from './record.ts';
import { formatCount } from './view/format.ts';

/** A reason: what a phase measured may be of the one before. */
export const notAtRest =
  'the server was not known to have come to rest after the phase before: it may have been at work on its requests';

/**
 * What the servers' own counters say of a phase's worth, or their absence. Servers that can be asked are meant to be: a proof that
 * could not be had is no proof.
 * @param startsBusy whether the server had not come to rest after the phase before, as far as was known
 */
export function judgeCounters(
  { serverCount, batching, measurement }: Pick<PhaseResult, 'serverCount' | 'batching' | 'measurement'>,
  topology: AnyTopology,
  startsBusy: boolean,
): Pick<Validity, 'reasons' | 'caveats'> {
  const reasons: string[] = [];
  const caveats: string[] = [];
  if (startsBusy) reasons.push(notAtRest);
  if (serverCount === null)
    caveats.push(
      "how many requests the server answered rests on the client alone: the server's own counters are not known of this phase",
    );
  if (batching === null && asksForBatches(topology))
    reasons.push(
      'whether Triton made batches, as it was asked to, is not known: its counters are not known of this phase',
    );
  const { ok } = measurement.requests;
  // Each success is one inference at least; with another model's name its counters are all 0.
  if (batching !== null && batching.inferences < ok)
    reasons.push(
      `Triton's counters are not those of this load: it counted ${formatCount(batching.inferences, 'inference')}, fewer than the ${formatCount(ok, 'success', 'successes')}`,
    );
  return { reasons, caveats };
}

function asksForBatches(topology: AnyTopology): boolean {
  return topology.name !== 'endpoint' && topology.triton !== null && topology.triton.dynamicBatching !== null;
}

import { isEndpointPlan } from './anyPlan.ts';
import { BenchError } from './errors.ts';
import { isPinned } from './images.ts';
import type { Plan } from './plan.ts';
import { checkPlan } from './planning.ts';
import type { Payload } from './ports.ts';
import type { RunRecord } from './record.ts';

export interface RepeatedPlan {
  readonly plan: Plan;
  /** Where the repeat may differ from the run after all; whole sentences. */
  readonly notes: readonly string[];
}

/** What a repeat may choose anew: not what is run, only where on the cluster. */
export interface RepeatChoices {
  /** What this program would send now. */
  readonly payload: Pick<Payload, 'name' | 'sha256'>;
  readonly namespace?: string | undefined;
  readonly createNamespace?: boolean | undefined;
}

/**
 * The plan of a run once more: the same phases, seed, texts, model and settings, and each image by the digest it had then.
 * @throws BenchError plan-invalid where the texts are not the same any more, or the run was on an endpoint
 */
export function repeatPlan(record: RunRecord, choices: RepeatChoices): RepeatedPlan {
  const plan = deployedPlan(record);
  const { payload } = plan.load;
  if (payload.sha256 !== choices.payload.sha256) {
    throw new BenchError({
      reason: 'plan-invalid',
      message: `The texts of run ${record.id} are not those that are sent now: "${payload.name}" had SHA-256 ${payload.sha256}, and "${choices.payload.name}" has ${choices.payload.sha256}.`,
      nextStep: `Repeat it with Topology Bench ${record.software.topologyBench}, which wrote it, or start a new run without --repeat.`,
    });
  }
  const notes: string[] = [];
  const target =
    plan.target.kind === 'local'
      ? plan.target
      : {
          ...plan.target,
          namespace: choices.namespace ?? plan.target.namespace,
          createNamespace: choices.createNamespace ?? plan.target.createNamespace,
        };
  if (!record.topologies.some(({ phases }) => phases.some(({ seed }) => seed !== undefined))) {
    notes.push(
      `Run ${record.id} sent its texts in the same order, and with a rate at the same moments, in every phase and turn; the repeat draws both anew for each.`,
    );
  }
  const images = plan.target.kind === 'local' ? plan.images : pinnedImages(record, plan.images, notes);
  return { plan: checkPlan({ ...plan, target, images }), notes };
}

/**
 * The plan of a record whose topologies were deployed.
 * @throws BenchError plan-invalid for one of an endpoint
 */
export function deployedPlan({ id, plan }: Pick<RunRecord, 'id' | 'plan'>): Plan {
  if (!isEndpointPlan(plan)) return plan;
  throw new BenchError({
    reason: 'plan-invalid',
    message: `Run ${id} was on an endpoint that existed already, and its record does not say where that is.`,
    nextStep: 'Name the endpoint again with --endpoint URL, and the inputs that its bodies were made of.',
  });
}

function pinnedImages(record: RunRecord, images: Plan['images'], notes: string[]): Plan['images'] {
  const pinned = (image: string): string => {
    if (isPinned(image)) return image;
    const placed = record.topologies
      .flatMap(({ placements }) => placements)
      .filter((placement) => placement.image === image);
    if (placed.length === 0) return image;
    const known = [...new Set(placed.map((placement) => placement.pinnedImage))];
    const [only] = known;
    if (known.length === 1 && only !== null && only !== undefined) return only;
    notes.push(
      known.length > 1
        ? `Run ${record.id} ran ${image} with more than one digest, so the repeat takes what that name stands for now.`
        : `Run ${record.id} does not say by which digest ${image} can be pulled, so the repeat takes what that name stands for now.`,
    );
    return image;
  };
  return {
    ...images,
    server: pinned(images.server),
    triton: pinned(images.triton),
    loadGenerator: pinned(images.loadGenerator),
  };
}

import { isEndpointPlan } from './anyPlan.ts';
import { sameJson } from './canonicalJson.ts';
import type { AnyPlan } from './endpointPlan.ts';
import type { Plan, TritonSettings } from './plan.ts';
import { planFileChoices } from './planFileChoices.ts';
import type { PlanFile } from './planFileSchema.ts';
import { makePlan } from './planning.ts';

/**
 * Whether a plan file gives a run's plan, as far as a record can tell: the model, its config and the context are in no plan,
 * and memory that the file leaves out depends on the model's config. Nothing is known of a run on an endpoint.
 */
export function stillGives(file: PlanFile, plan: AnyPlan): boolean {
  if (isEndpointPlan(plan)) return true;
  if (!isSameTarget(file, plan.target)) return false;
  try {
    const again = remade(file, plan, configuredTriton(file, plan));
    return sameJson(compared(again, file), compared(plan, file));
  } catch {
    // What can be no plan at all is none that was run.
    return false;
  }
}

/** What the model's config must have said of Triton; null where the plan comes out the same without. */
export function configuredTriton(file: PlanFile, plan: Plan): TritonSettings | null {
  const setting = ({ topologies }: Plan): unknown => topologies.map(({ triton }) => triton);
  if (sameJson(setting(remade(file, plan, null)), setting(plan))) return null;
  const named = plan.topologies.find(({ triton, variant }) => triton !== null && variant === '');
  return (named ?? plan.topologies.find(({ triton }) => triton !== null))?.triton ?? null;
}

/** The plan that the file gives for the same model and texts. @throws BenchError plan-invalid */
export function remade(file: PlanFile, plan: Plan, triton: TritonSettings | null): Plan {
  const { payload } = plan.load;
  // A plan knows how many texts there are, and not what they say.
  const texts = Array.from({ length: payload.texts }, () => ({ text: '', identifiers: false }));
  return makePlan({
    ...planFileChoices(file, plan.target),
    model: plan.model,
    triton,
    payload: { name: payload.name, sha256: payload.sha256, texts },
  });
}

function isSameTarget({ target, namespace }: PlanFile, then: Plan['target']): boolean {
  if (target !== undefined && target !== then.kind) return false;
  return namespace === undefined || (then.kind === 'kubernetes' && then.namespace === namespace);
}

function compared(plan: Plan, { memoryMiB }: PlanFile): unknown {
  const topologies =
    memoryMiB === undefined ? plan.topologies.map((topology) => ({ ...topology, memoryMiB: null })) : plan.topologies;
  // The first records named the loop of all phases beside them.
  return { ...plan, topologies, load: { ...plan.load, loop: undefined } };
}

import * as z from 'zod';
import { checkedPlan } from './checkedPlan.ts';
import { loadPlanSchema, type Plan, type TopologyPlan } from './plan.ts';

/**
 * The plan of a run that deploys nothing: its load goes to an HTTP endpoint that exists already. Like every plan it holds
 * nothing private: no address, no header, no body. Those are given to the target that carries it out.
 */

/** What an endpoint is in the place of a topology: the one thing that is measured. */
export const endpointTopologySchema = z.strictObject({ name: z.literal('endpoint'), variant: z.literal('') });

export const endpointTargetSchema = z.strictObject({
  kind: z.literal('endpoint'),
  /** As its user calls it. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'must be letters, digits, ".", "_" and "-", at most 128'),
  method: z.string().regex(/^[A-Z]{3,7}$/),
  https: z.boolean(),
});

const payloadSchema = z.strictObject({
  name: z.string(),
  /** Different bodies, sent in turn; 0 for requests without one. */
  texts: z.number().int().nonnegative(),
  /** Of all of them, as a JSON array. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export const endpointPlanSchema = z.strictObject({
  version: z.literal(1),
  target: endpointTargetSchema,
  topologies: z.array(endpointTopologySchema).length(1),
  /** What it computes on is not known. */
  gpu: z.null(),
  load: loadPlanSchema.extend({
    vantage: z.literal('this-machine'),
    generators: z.literal(1).default(1),
    payload: payloadSchema,
  }),
});

export type EndpointPlan = z.infer<typeof endpointPlanSchema>;
export type EndpointTopology = z.infer<typeof endpointTopologySchema>;

/** The plan of any run. */
export type AnyPlan = Plan | EndpointPlan;
export type AnyTopology = TopologyPlan | EndpointTopology;

/**
 * A plan from JSON of unknown origin.
 * @throws BenchError plan-invalid, naming each field that is wrong
 */
export function checkEndpointPlan(value: unknown): EndpointPlan {
  return checkedPlan(endpointPlanSchema, value);
}

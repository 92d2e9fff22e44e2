import type { AnyPlan, EndpointPlan } from './endpointPlan.ts';

/** Without the schemas, so that the webview can use it. */
export function isEndpointPlan(plan: AnyPlan): plan is EndpointPlan {
  return plan.target.kind === 'endpoint';
}

/** Equal for the runs of one model, or of one endpoint; an endpoint may bear the name of a model. */
export function planSubjectKey(plan: AnyPlan): string {
  return `${isEndpointPlan(plan) ? 'endpoint' : 'model'} ${planSubject(plan)}`;
}

/** What a run is of, by name: the model, or the endpoint as its user calls it. */
export function planSubject(plan: AnyPlan): string {
  return isEndpointPlan(plan) ? plan.target.name : plan.model.name;
}

/**
 * What a topology is called where people read of it: an endpoint, the only one of its plan, as its user calls it.
 * @param key see topologyKey
 */
export function topologyName(plan: AnyPlan, key: string): string {
  return isEndpointPlan(plan) ? plan.target.name : key;
}

/** Load through a port-forward measures the way as much as the server. */
export function isSmokeTest({ target, load }: AnyPlan): boolean {
  return target.kind === 'kubernetes' && load.vantage === 'this-machine';
}

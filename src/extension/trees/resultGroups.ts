import { isEndpointPlan, planSubject } from '../../core/anyPlan.ts';
import type { RunRecord } from '../../core/record.ts';
import type { Result } from '../results.ts';

type ReadableResult = Result & { readonly record: RunRecord };

/** The results of one model, or of one endpoint as its user calls it. */
export interface ResultGroup {
  readonly subject: string;
  readonly of: 'model' | 'endpoint';
  readonly newest: RunRecord;
  /** In the order that they came in. */
  readonly results: readonly ReadableResult[];
}

/**
 * Results by what was measured, the group with the newest one first; those that cannot be read, and so are of nobody knows
 * what, apart.
 * @param results newest first
 */
export function groupResults(results: readonly Result[]): {
  readonly groups: readonly ResultGroup[];
  readonly unreadable: readonly Result[];
} {
  const groups = new Map<string, ResultGroup & { readonly results: ReadableResult[] }>();
  const unreadable: Result[] = [];
  for (const result of results) {
    if (result.record === undefined) {
      unreadable.push(result);
      continue;
    }
    const { plan } = result.record;
    const subject = planSubject(plan);
    const of = isEndpointPlan(plan) ? 'endpoint' : 'model';
    const key = `${of}:${subject}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { subject, of, newest: result.record, results: [result] });
    else group.results.push(result);
  }
  return { groups: [...groups.values()], unreadable };
}

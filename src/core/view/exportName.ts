import { planSubject } from '../anyPlan.ts';
import type { AnyPlan } from '../endpointPlan.ts';

/**
 * What a file is called that something of a run is exported to: "tiny-sentiment-20260102-093000-5a3e.csv". Subject and run name
 * it alone, so that nothing of the machine is in it.
 * @param part e.g. a chart's title: "tiny-sentiment-20260102-093000-5a3e-percentiles-at-8-connections.png"
 */
export function exportName(plan: AnyPlan, runId: string, extension: string, part = ''): string {
  return `${[planSubject(plan), runId, slug(part)].filter((name) => name !== '').join('-')}.${extension}`;
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 80)
    .replace(/^-|-$/g, '');
}

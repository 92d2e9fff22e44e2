import type { AnyPlan } from '../core/endpointPlan.ts';
import type { GpuPrice } from '../core/gpuPrice.ts';
import { estimateSeconds, roughLength, usualLoadSeconds } from '../core/loadLength.ts';
import { formatCount } from '../core/view/format.ts';
import { gpuTimeAhead } from '../core/view/gpuTime.ts';

/** What whoever starts a run wants to know before it: "3 topologies × 26 s of load, about 4 min and about 4 GPU-minutes". */
export function expectedLength(plan: AnyPlan, gpuPrice: GpuPrice | null): string {
  const { topologies, load } = plan;
  const seconds = estimateSeconds(plan);
  const amount = [
    ...(plan.target.kind === 'endpoint' ? [] : [formatCount(topologies.length, 'topology', 'topologies')]),
    ...(load.repetitions === 1 ? [] : [`${String(load.repetitions)} repetitions`]),
    `${String(Math.round(usualLoadSeconds(load)))} s of load`,
  ];
  const gpuTime = gpuTimeAhead({ estimateSeconds: seconds, gpus: plan.gpu?.count ?? 0, price: gpuPrice });
  const { count, unit } = roughLength(seconds);
  return [`${amount.join(' × ')}, about ${String(count)} ${unit}`, ...(gpuTime === '' ? [] : [gpuTime])].join(' and ');
}

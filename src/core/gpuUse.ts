import type { AnyPlan } from './endpointPlan.ts';
import type { RuntimeReport } from './record.ts';

/** "unused": a GPU is held while the CPU computes. "unknown": no server has said yet, or ever, what it computes on. */
export type GpuUse = 'none' | 'used' | 'unused' | 'unknown';

/** What a server reports that computes on no GPU, or cannot tell. */
export const notGpu: readonly string[] = ['CPUExecutionProvider', 'unknown', 'none', ''];

/**
 * A GPU that is held while the CPU computes must not look like a GPU's result.
 * @param runtimes what the servers of one topology reported; null while it runs
 */
export function gpuUseOf(plan: AnyPlan, runtimes: readonly RuntimeReport[] | null): GpuUse {
  if (plan.gpu === null) return 'none';
  // Where the plan does not allow the CPU, a run goes on only with servers that said that they have the GPU.
  if (runtimes === null) return plan.allowCpuProvider ? 'unknown' : 'used';
  const models = runtimes.filter(({ component }) => component !== 'gateway');
  if (models.some(({ provider }) => provider === 'CPUExecutionProvider')) return 'unused';
  return models.length > 0 && models.every(({ provider }) => !notGpu.includes(provider)) ? 'used' : 'unknown';
}

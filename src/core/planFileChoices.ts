import type { GpuPlan, ImagesPlan, Plan } from './plan.ts';
import type { PlanFile } from './planFile.ts';
import { defaultGpu, planDefaults, type Choices } from './planning.ts';

/** What a plan file decides of a plan, with the defaults of what it leaves out; where the model lies is another matter. */
export function planFileChoices(file: PlanFile, target: Plan['target']): Omit<Choices, 'model' | 'triton' | 'payload'> {
  return {
    topologies: file.topologies ?? planDefaults.topologies,
    target,
    profile: file.profile ?? planDefaults.profile,
    phases: file.phases,
    repetitions: file.repetitions,
    generators: file.generators,
    sloP95Ms: file.sloP95Ms,
    cores: file.cores,
    memoryMiB: file.memoryMiB,
    gpu: planFileGpu(file),
    allowCpuProvider: file.allowCpuProvider,
    images: said<ImagesPlan>(file.images ?? {}),
    vantage: file.vantage,
    timeoutMs: file.timeoutMs,
    seed: file.seed,
    readyTimeoutSeconds: file.readyTimeoutSeconds,
  };
}

/** null: the CPU only. */
export function planFileGpu({ gpu }: Pick<PlanFile, 'gpu'>): GpuPlan | null {
  return gpu === undefined || gpu === 'none' ? null : { ...defaultGpu, ...said<GpuPlan>(gpu) };
}

/** Without fields that are there and undefined, which would hide a default. */
export function said<Group extends object>(group: {
  readonly [Key in keyof Group]?: Group[Key] | undefined;
}): Partial<Group> {
  return Object.fromEntries(Object.entries(group).filter(([, value]) => value !== undefined)) as Partial<Group>;
}

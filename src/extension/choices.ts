import type { TopologyName } from '../core/plan.ts';
import type { PlanFile } from '../core/planFile.ts';
import type { ProfileName } from '../core/profiles.ts';

/** What is benchmarked: a model config in a file, or the model that comes with the extension. */
export type Subject = { readonly kind: 'built-in' } | { readonly kind: 'config'; readonly uri: string };

/** A plan file that decides what is run, and what it said when the run was started. */
export interface PlanChoice {
  readonly uri: string;
  readonly file: PlanFile;
}

export type TargetChoice =
  | {
      readonly kind: 'kubernetes';
      readonly context: string;
      readonly namespace: string;
      /** Said yes to when the namespace did not exist. */
      readonly createNamespace: boolean;
    }
  | { readonly kind: 'local' };

export interface GpuChoice {
  readonly resource: string;
  readonly count: number;
  /** Value of the node label that names it; null: any. */
  readonly product: string | null;
  /** Key of that label; absent in an answer that was remembered without: then it is NVIDIA's. */
  readonly productLabel?: string | null;
}

/** The answers that a run starts from; plain JSON, remembered for the next time. */
export interface BenchmarkChoices {
  readonly subject: Subject;
  readonly topologies: readonly TopologyName[];
  readonly target: TargetChoice;
  /** null: the CPU only. */
  readonly gpu: GpuChoice | null;
  readonly profile: ProfileName;
  /** Bound of p95 in milliseconds that the profile "server" searches under; absent: its own. */
  readonly sloP95Ms?: number;
  /** Turns of each topology; absent: as many as the profile has. */
  readonly repetitions?: number;
  /** Decides all of the above but subject and target where it does not name them, and what else a plan holds. */
  readonly plan?: PlanChoice;
}

/** What the questions were answered with last, whether or not a run began with it. */
export interface Answers extends Pick<
  BenchmarkChoices,
  'topologies' | 'target' | 'profile' | 'sloP95Ms' | 'repetitions'
> {
  /** Absent in answers of an earlier version. */
  readonly subject?: Subject;
  /** The last one for a cluster, since this machine asks for none; absent: there was none. */
  readonly gpu?: GpuChoice | null;
}

/** A namespace is created because the user said so then, not because they said so once. */
export function withoutCreation(target: TargetChoice): TargetChoice {
  return target.kind === 'local' ? target : { ...target, createNamespace: false };
}

export const builtInName = 'tiny-sentiment';

/** Of what runs on this machine; a key, which poolName puts into words. */
export const thisMachinePool = 'this-machine';

/** A text that tells subjects and plan files apart. */
export function subjectKey(subject: Subject | Pick<PlanChoice, 'uri'>): string {
  return 'uri' in subject ? subject.uri : subject.kind;
}

/**
 * What runs use up and must not share: two runs on one GPU pool, or both loading from this machine, spoil each other.
 * @param loadsFromHere whether the load generator is a process of this machine
 */
export function poolsOf(choices: Pick<BenchmarkChoices, 'target' | 'gpu'>, loadsFromHere: boolean): readonly string[] {
  const { target, gpu } = choices;
  if (target.kind === 'local') return [thisMachinePool];
  const pool = `${target.context} / ${gpu === null ? 'CPU' : gpu.resource}`;
  return loadsFromHere ? [pool, thisMachinePool] : [pool];
}

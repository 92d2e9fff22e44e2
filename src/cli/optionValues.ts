import { nearest } from '../core/nearest.ts';
import {
  gpuSchema,
  namespaceSchema,
  topologyNames,
  type GpuPlan,
  type ImagesPlan,
  type Plan,
  type TopologyName,
} from '../core/plan.ts';
import { defaultGpu } from '../core/planning.ts';
import { namesTopologies, profileNames, type ProfileName } from '../core/profiles.ts';
import { issueText, listText } from '../core/schemaWords.ts';
import { usageError, wholeNumber, type NumberLimits } from './arguments.ts';
import type { PlanOptions } from './choices.ts';

/** What the options of a plan say, each checked by itself; undefined where an option was not given. All throw BenchError plan-invalid. */

export function topologiesOf(list: string | undefined, profile: ProfileName): TopologyName[] | undefined {
  if (list !== undefined && namesTopologies(profile)) {
    throw usageError(`The profile "${profile}" names its own topologies, and --topologies names others.`, leaveOneOut);
  }
  const names = list?.split(',').map((entry) => oneOf('--topologies', entry.trim(), topologyNames));
  const twice = names?.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw usageError(`--topologies names ${twice} twice.`, 'Name each topology once.');
  return names;
}

export function profileOf(name: string | undefined): ProfileName | undefined {
  return name === undefined ? undefined : oneOf('--profile', name, profileNames);
}

export function sloP95Of(text: string | undefined, profile: ProfileName): number | undefined {
  if (text === undefined) return undefined;
  if (profile !== 'server') {
    throw usageError(
      `--slo-p95 bounds the search of the profile "server"; this is the profile "${profile}".`,
      'Add --profile server, or bound what is measured with --slo.',
    );
  }
  return wholeNumber('--slo-p95', text, { least: 1, most: 600_000, unit: 'milliseconds' });
}

export function vantageOf(name: string | undefined, local: boolean): Plan['load']['vantage'] | undefined {
  if (name === undefined) return undefined;
  const vantage = oneOf('--vantage', name, ['in-cluster', 'this-machine']);
  if (local && vantage === 'in-cluster')
    throw usageError('--vantage in-cluster needs a cluster, and the run is on this machine.', leaveOneOut);
  return vantage;
}

/** @param fromInside whether the load comes from inside a cluster */
export function generatorsOf(text: string | undefined, fromInside: boolean): number | undefined {
  const generators = numberOf('--generators', text, numberLimits.generators);
  if (generators !== undefined && generators > 1 && !fromInside) {
    throw usageError(
      '--generators asks for several pods that make the load, and the load comes from this machine.',
      'Leave it out, or load from inside a cluster.',
    );
  }
  return generators;
}

export function namespaceOf(name: string | undefined): string | undefined {
  if (name === undefined || namespaceSchema.safeParse(name).success) return name;
  throw usageError(`--namespace takes lower-case letters, digits and "-", at most 63, not "${name}".`);
}

export function gpuOf(options: PlanOptions, fromFile: GpuPlan | null, local: boolean): GpuPlan | null {
  if (local) {
    if (options.gpu !== undefined)
      throw usageError('--gpu needs a cluster; on this machine the topologies run on the CPU.', leaveOneOut);
    return null;
  }
  const count = numberOf('--gpu-count', options.gpuCount, numberLimits.gpuCount);
  if (options.gpu === undefined && fromFile === null) {
    if (count !== undefined) throw usageError('--gpu-count says how many GPUs, and none is asked for.', 'Add --gpu.');
    return null;
  }
  const gpu = gpuSchema.safeParse({
    ...(fromFile ?? defaultGpu),
    ...(typeof options.gpu === 'string' ? { resource: options.gpu } : {}),
    ...(count === undefined ? {} : { count }),
  });
  if (!gpu.success) {
    const faults = gpu.error.issues.map((issue) => issueText(issue)).join('; ');
    throw usageError(`--gpu "${String(options.gpu)}" ${faults}.`, 'Without a value it asks for nvidia.com/gpu.');
  }
  return gpu.data;
}

export function imagesOf(options: PlanOptions): Partial<ImagesPlan> {
  const images: { -readonly [Key in keyof ImagesPlan]?: ImagesPlan[Key] } = {};
  if (options.serverImage !== undefined) images.server = options.serverImage;
  if (options.tritonImage !== undefined) images.triton = options.tritonImage;
  if (options.loadImage !== undefined) images.loadGenerator = options.loadImage;
  if (options.prebuilt === true) images.packages = 'prebuilt';
  if (options.requirements !== undefined)
    images.requirements = oneOf('--requirements', options.requirements, ['cpu', 'cpu-numpy1', 'cuda']);
  return images;
}

/** As the plan has them; the most memory is 16 TiB, beyond which it is a typing error. */
export const numberLimits = {
  cores: { least: 1, most: 256 },
  repetitions: { least: 1, most: 50 },
  generators: { least: 1, most: 100 },
  memoryMiB: { least: 256, most: 16 * 1024 * 1024, unit: 'MiB' },
  gpuCount: { least: 1, most: 16 },
  readyTimeoutSeconds: { least: 10, most: 7200, unit: 'seconds' },
  seed: { least: 0, most: 999_999_999 },
} as const satisfies Record<string, NumberLimits>;

export function numberOf(option: string, text: string | undefined, limits: NumberLimits): number | undefined {
  return text === undefined ? undefined : wholeNumber(option, text, limits);
}

const leaveOneOut = 'Leave one or the other out.';

function oneOf<Value extends string>(option: string, text: string, values: readonly Value[]): Value {
  const value = values.find((known) => known === text);
  if (value !== undefined) return value;
  const meant = nearest(text, values);
  throw usageError(
    `${option} takes ${listText(values)}, not "${text}".`,
    meant === undefined ? undefined : `Did you mean "${meant}"?`,
  );
}

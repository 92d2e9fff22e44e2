import { formatBytes, formatList } from '../view/format.ts';
import { triton, type Hint, type HintFacts, type Reading } from './hint.ts';
import { removeFields, replaceRange } from './textEdits.ts';
import { allOf, fieldsOf, last, numberOf, numbersOf, stringOf } from './textFields.ts';
import type { TextField } from './textProto.ts';
import { booleanOf, enumerator } from './tritonSchema.ts';

/**
 * Instances for which there is no GPU, or not enough memory on it.
 *
 * Sources: Triton's user guide, "Instance Groups", model_config.proto, ModelInstanceGroup, and its code (core,
 * src/model_config_utils.cc): a KIND_GPU group without a GPU, or with one that is not there, is refused
 * (ValidateInstanceGroup); a KIND_AUTO group goes to the CPU then (NormalizeInstanceGroup).
 */
export function gpuHints(reading: Reading, facts: HintFacts): Hint[] {
  const groups = allOf(reading.fields, 'instance_group').map(fieldsOf);
  return groups.flatMap((group) => {
    const kind = enumerator('InstanceKind', last(group, 'kind')) ?? 'KIND_AUTO';
    if (kind !== 'KIND_GPU' && kind !== 'KIND_AUTO') return [];
    const hints = [noGpu(group, kind, facts), missingGpu(reading, group, kind, facts), tooMany(reading, group, facts)];
    return hints.filter((hint) => hint !== undefined).slice(0, 1);
  });
}

function noGpu(group: readonly TextField[], kind: string, { cluster, gpusOfNode }: HintFacts): Hint | undefined {
  const stated = last(group, 'kind');
  if (kind !== 'KIND_GPU' || gpusOfNode > 0 || stated === undefined) return undefined;
  return {
    code: 'gpu-missing',
    severity: 'information',
    message: `The cluster ${cluster} offers no GPU, and there Triton refuses to load a model with KIND_GPU. KIND_AUTO takes the CPU where there is no GPU.`,
    start: stated.start,
    end: stated.end,
    docs: triton.instanceGroups,
    fixes: [
      {
        title: 'Use KIND_AUTO: a GPU where there is one',
        isPreferred: false,
        edits: [replaceRange(stated, 'KIND_AUTO')],
      },
    ],
  };
}

function missingGpu(
  { text }: Reading,
  group: readonly TextField[],
  kind: string,
  { cluster, gpusOfNode }: HintFacts,
): Hint | undefined {
  const stated = group.filter(({ name }) => name === 'gpus');
  const [first] = stated;
  const missing = [...new Set(numbersOf(group, 'gpus').filter((gpu) => gpu >= gpusOfNode))];
  if (first === undefined || gpusOfNode === 0 || missing.length === 0) return undefined;
  const then = kind === 'KIND_GPU' ? 'refuses to load the model' : 'runs the model on the CPU';
  const named = missing.length > 4 ? [...missing.slice(0, 3).map(String), 'more'] : missing.map(String);
  const has = `${String(gpusOfNode)} ${gpusOfNode === 1 ? 'GPU' : 'GPUs'}`;
  return {
    code: 'gpu-missing',
    severity: 'warning',
    message: `No node of the cluster ${cluster} has more than ${has}, counted from 0, so there is no GPU ${formatList(named)}, and Triton ${then}. Without "gpus" it takes every GPU that the pod has.`,
    start: first.start,
    end: first.values.at(-1)?.end ?? first.end,
    docs: triton.instanceGroups,
    fixes: [
      { title: 'Remove "gpus", so that every GPU is taken', isPreferred: false, edits: removeFields(text, stated) },
    ],
  };
}

/** By the weights alone, which each instance has for itself: what would not fit with them cannot fit. */
function tooMany(reading: Reading, group: readonly TextField[], facts: HintFacts): Hint | undefined {
  const { cluster, gpusOfNode, gpuMemoryMiB, modelBytes } = facts;
  const stated = last(group, 'count');
  const count = numberOf(stated) ?? 1;
  if (stated === undefined || count < 2 || gpusOfNode === 0 || gpuMemoryMiB === null || modelBytes === null) {
    return undefined;
  }
  if (reading.backend !== 'onnxruntime' || sharesWeights(reading.fields)) return undefined;
  const memoryBytes = gpuMemoryMiB * 1024 * 1024;
  if (count * modelBytes <= memoryBytes) return undefined;
  return {
    code: 'instances-exceed-gpu',
    severity: 'warning',
    message: `${String(count)} instances on each GPU hold ${formatBytes(count * modelBytes)} of weights, and the largest GPU of the cluster ${cluster} has ${formatBytes(memoryBytes)}: Triton cannot load them all. Lower the count.`,
    start: stated.start,
    end: stated.end,
    docs: triton.instanceGroups,
    fixes: [{ title: 'Use one instance on each GPU', isPreferred: false, edits: [replaceRange(stated, '1')] }],
  };
}

/** As ONNX Runtime's backend of 2026 can: one session for all instances of a group. */
function sharesWeights(fields: readonly TextField[]): boolean {
  return allOf(fields, 'parameters').some((entry) => {
    const parameter = fieldsOf(entry);
    if (stringOf(last(parameter, 'key')) !== 'share_session_between_instances') return false;
    const value = last(fieldsOf(last(parameter, 'value')), 'string_value');
    return stringOf(value) !== '0' && booleanOf(value) !== false;
  });
}

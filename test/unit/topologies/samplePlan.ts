import type { GpuPlan, Plan, TopologyPlan } from '../../../src/core/plan.ts';

const sha256 = (digit: string): string => digit.repeat(64);

export const sampleTopologies = {
  fastapi: { name: 'fastapi', variant: '', cores: 2, memoryMiB: 2304, split: null, triton: null },
  triton: {
    name: 'triton',
    variant: '',
    cores: 2,
    memoryMiB: 2304,
    split: null,
    triton: { dynamicBatching: { preferredBatchSizes: [4, 8], maxQueueDelayMicroseconds: 500 }, instances: 2 },
  },
  hybrid: {
    name: 'hybrid',
    variant: '',
    cores: 3,
    memoryMiB: 2304,
    split: { gatewayCores: 1, tritonCores: 2 },
    triton: { dynamicBatching: null, instances: 1 },
  },
} as const satisfies Record<string, TopologyPlan>;

export const sampleGpu: GpuPlan = {
  resource: 'nvidia.com/gpu',
  count: 1,
  nodeSelector: { 'nvidia.com/gpu.product': 'Tesla-T4' },
  tolerations: [{ key: 'sku', operator: 'Equal', value: 'gpu', effect: 'NoSchedule' }],
  runtimeClassName: 'nvidia',
};

/** A plan with nothing random in it. */
export function samplePlan(changes: Partial<Plan> = {}): Plan {
  return {
    version: 1,
    model: {
      name: 'tiny-sentiment',
      task: 'text-classification',
      files: [
        { name: 'model.onnx', sizeBytes: 4_613_231, sha256: sha256('a') },
        { name: 'tokenizer.json', sizeBytes: 466_081, sha256: sha256('b') },
        { name: 'config.json', sizeBytes: 574, sha256: sha256('c') },
      ],
      labels: ['NEGATIVE', 'POSITIVE'],
      maxBatchSize: 32,
      maxLength: 128,
      paddingBuckets: [16, 32, 64, 128],
      precision: 'int8',
    },
    topologies: Object.values(sampleTopologies),
    target: { kind: 'kubernetes', namespace: 'team', createNamespace: false },
    gpu: null,
    allowCpuProvider: false,
    images: {
      server: 'docker.io/library/python:3.12-slim',
      triton: 'nvcr.io/nvidia/tritonserver:26.07-py3',
      loadGenerator: 'docker.io/library/node:24-slim',
      packages: 'install',
      requirements: 'cpu',
    },
    load: {
      vantage: 'in-cluster',
      profile: 'quick',
      phases: [
        { name: 'warm-up', kind: 'warm-up', loop: 'closed', connections: 8, durationSeconds: 5 },
        { name: 'c8', kind: 'measured', loop: 'closed', connections: 8, durationSeconds: 5 },
      ],
      search: null,
      repetitions: 1,
      generators: 1,
      timeoutMs: 10_000,
      seed: 1,
      payload: { name: 'sample', texts: 256, sha256: sha256('d') },
    },
    readyTimeoutSeconds: 900,
    ...changes,
  };
}

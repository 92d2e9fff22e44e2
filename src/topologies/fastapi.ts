import { modelDirectory, type ServerParts } from './podTemplate.ts';
import type { RenderRequest } from './renderRequest.ts';
import { modelShare, modelThreads } from './shares.ts';

/** FastAPI with ONNX Runtime in one pod: the lightweight baseline. */
export function fastapiServer(request: RenderRequest): ServerParts {
  const { plan, topology } = request;
  const threads = modelThreads(topology, plan);
  return {
    component: 'fastapi',
    share: modelShare(topology),
    command: ['python3', '-m', 'topology_bench_serving.serve', 'fastapi'],
    environment: {
      TOPOLOGY_BENCH_MODEL_DIRECTORY: modelDirectory,
      TOPOLOGY_BENCH_MODEL_NAME: plan.model.name,
      TOPOLOGY_BENCH_WORKERS: String(threads.copies),
      TOPOLOGY_BENCH_INTRA_OP_THREADS: String(threads.intraOpThreads),
      TOPOLOGY_BENCH_MAX_BATCH_SIZE: String(plan.model.maxBatchSize),
      TOPOLOGY_BENCH_MAX_LENGTH: String(plan.model.maxLength),
      TOPOLOGY_BENCH_PADDING_BUCKETS: plan.model.paddingBuckets.join(','),
      TOPOLOGY_BENCH_PROVIDER: plan.gpu === null ? 'cpu' : 'cuda',
      // Worker s uses device s modulo this; without it all would share the first.
      ...(plan.gpu === null ? {} : { TOPOLOGY_BENCH_DEVICES: String(plan.gpu.count) }),
      TOPOLOGY_BENCH_STATE_DIRECTORY: '/tmp/state',
    },
    ports: ['http'],
    holdsModel: true,
    usesGpu: true,
    volumes: [],
    mounts: [],
  };
}

import type { TritonSettings } from '../core/plan.ts';
import {
  limitsBodies,
  pythonModelPath,
  pythonModelSource,
  renderModelConfig,
  tritonArguments,
} from './modelRepository.ts';
import { modelDirectory, packagesDirectory, serverPorts, servingDirectory, type ServerParts } from './podTemplate.ts';
import type { RenderRequest } from './renderRequest.ts';
import { modelShare, modelThreads } from './shares.ts';

const repositoryDirectory = '/opt/model-repository';
/** Keys of the repository's ConfigMap, which may hold no slash. */
const repositoryKeys = { config: 'config.pbtxt', model: 'model.py' } as const;

/** NVIDIA Triton with the classifier in its Python backend; alone, and behind the hybrid's gateway. */
export function tritonServer(request: RenderRequest, repositoryName: string): ServerParts {
  const modelRoot = `${repositoryDirectory}/${request.plan.model.name}`;
  return {
    component: 'triton',
    share: modelShare(request.topology),
    command: [
      'tritonserver',
      ...tritonArguments({
        repository: repositoryDirectory,
        ...serverPorts,
        limitsBodies: limitsBodies(request.plan.images.triton),
      }),
    ],
    // The Python backend's interpreter ignores PYTHONPATH, and its own settings come with config.pbtxt.
    environment: { TOPOLOGY_BENCH_PACKAGES: `${servingDirectory}:${packagesDirectory}` },
    ports: ['http', 'grpc', 'metrics'],
    holdsModel: true,
    usesGpu: true,
    volumes: [
      { name: 'repository', configMap: { name: repositoryName } },
      // The Python backend passes tensors through shared memory, and the default of 64 MiB is too small for it.
      { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '256Mi' } },
    ],
    mounts: [
      // Mounted file by file: a mounted folder holds links that Triton would take for models.
      {
        name: 'repository',
        mountPath: `${modelRoot}/config.pbtxt`,
        subPath: repositoryKeys.config,
        readOnly: true,
      },
      {
        name: 'repository',
        mountPath: `${modelRoot}/${pythonModelPath}`,
        subPath: repositoryKeys.model,
        readOnly: true,
      },
      { name: 'shm', mountPath: '/dev/shm' },
    ],
  };
}

/** What the repository's ConfigMap holds. */
export function modelRepositoryData(request: RenderRequest, settings: TritonSettings): Record<string, string> {
  const { plan, topology } = request;
  const { copies, intraOpThreads } = modelThreads(topology, plan);
  // Triton refuses GPU instances where it sees no GPU, which a plan that allows the CPU must survive.
  const instanceKind = plan.gpu === null || plan.allowCpuProvider ? 'cpu' : 'gpu';
  return {
    [repositoryKeys.config]: renderModelConfig({
      model: plan.model,
      settings: instanceKind === 'cpu' ? { ...settings, instances: copies } : settings,
      intraOpThreads,
      provider: plan.gpu === null ? 'cpu' : 'cuda',
      instanceKind,
      devices: instanceKind === 'cpu' ? (plan.gpu?.count ?? 1) : 1,
      modelDirectory,
      packageDirectories: [servingDirectory, packagesDirectory],
    }),
    [repositoryKeys.model]: request.servingFiles[pythonModelSource] ?? '',
  };
}

import { besideGpuScheduling, gpuAmounts, gpuScheduling } from './gpu.ts';
import { componentSelector, ownLabels } from './labels.ts';
import type { Container, EnvironmentVariable, PodTemplate, Probe, Volume, VolumeMount } from './objects.ts';
import type { RenderedServer, RenderRequest } from './renderRequest.ts';
import { containerSecurityContext, podSecurityContext } from './security.ts';
import type { Share } from './shares.ts';

export const servingDirectory = '/opt/serving';
export const packagesDirectory = '/opt/packages';
export const modelDirectory = '/models';
export const loaderContainer = 'model-loader';
export const packagesContainer = 'packages';
export const serverPorts = { http: 8000, grpc: 8001, metrics: 8002 } as const;

/** What one server needs beside what all have. */
export interface ServerParts {
  readonly component: RenderedServer['component'];
  readonly share: Share;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly (keyof typeof serverPorts)[];
  readonly holdsModel: boolean;
  readonly usesGpu: boolean;
  readonly volumes: readonly Volume[];
  readonly mounts: readonly VolumeMount[];
}

/** ConfigMaps that every server of the topology mounts. */
export interface SharedNames {
  readonly serving: string;
  readonly requirements: string;
}

/** With a GPU all three run from NVIDIA's Triton image: one pull, the same CUDA and cuDNN. */
export function serverImage(request: RenderRequest, component: RenderedServer['component']): string {
  const { gpu, images } = request.plan;
  return component === 'triton' || gpu !== null ? images.triton : images.server;
}

/**
 * The one pod template of a server: init containers that install the packages and take the model in, then the server.
 * Benchmark runs wrap it in a Job, the Deploy action in a Deployment.
 */
export function podTemplate(
  request: RenderRequest,
  names: SharedNames,
  parts: ServerParts,
  restartPolicy: 'Never' | 'Always',
): PodTemplate {
  const { plan, anchor, topology } = request;
  const image = serverImage(request, parts.component);
  const amounts = { cpu: String(parts.share.cores), memory: `${String(parts.share.memoryMiB)}Mi` };
  const gpu = parts.usesGpu ? plan.gpu : null;
  const withoutGpu = { requests: amounts, limits: amounts };
  const installs = plan.images.packages === 'install';
  const code: VolumeMount[] = [
    { name: 'serving', mountPath: `${servingDirectory}/topology_bench_serving`, readOnly: true },
    { name: 'tmp', mountPath: '/tmp' },
  ];
  const packages: VolumeMount[] = installs ? [{ name: 'packages', mountPath: packagesDirectory }] : [];
  const models: VolumeMount[] = parts.holdsModel ? [{ name: 'models', mountPath: modelDirectory }] : [];
  const python = pythonEnvironment();
  // NVIDIA's images ask for every GPU of the node, which some runtimes then give to a pod that has none.
  const withoutDevices = plan.gpu !== null && gpu === null ? { NVIDIA_VISIBLE_DEVICES: 'void' } : {};

  const install: Container = {
    name: packagesContainer,
    image,
    command: [
      ...['python3', '-m', 'pip', 'install', '--require-hashes', '--no-deps', '--only-binary=:all:', '--no-cache-dir'],
      ...['--disable-pip-version-check', '--no-warn-script-location', '--no-compile'],
      ...['--target', packagesDirectory, '--requirement', '/opt/requirements/requirements.txt'],
    ],
    env: packageIndexEnvironment(request.packageIndexUrl),
    resources: withoutGpu,
    securityContext: containerSecurityContext,
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...packages,
      { name: 'requirements', mountPath: '/opt/requirements', readOnly: true },
    ],
  };
  const loader: Container = {
    name: loaderContainer,
    image,
    command: ['python3', '-m', 'topology_bench_serving.wait_for_model', modelDirectory, request.modelManifestSha256],
    env: python,
    resources: withoutGpu,
    securityContext: containerSecurityContext,
    volumeMounts: [...code, ...models],
  };
  const server: Container = {
    name: parts.component,
    image,
    command: parts.command,
    env: [...python, ...environmentVariables({ ...withoutDevices, ...parts.environment })],
    ports: parts.ports.map((name) => ({ name, containerPort: serverPorts[name] })),
    resources: { requests: { ...amounts, ...gpuAmounts(gpu) }, limits: { ...amounts, ...gpuAmounts(gpu) } },
    securityContext: containerSecurityContext,
    volumeMounts: [...code, ...packages, ...models, ...parts.mounts],
    startupProbe: probe('/v2/health/ready', { periodSeconds: 1, failureThreshold: plan.readyTimeoutSeconds }),
    readinessProbe: probe('/v2/health/ready', { periodSeconds: 5, failureThreshold: 3 }),
    // A server under full load answers late; it must not be killed for that in the middle of a measurement.
    livenessProbe: probe('/v2/health/live', { periodSeconds: 10, failureThreshold: 6 }),
  };

  return {
    metadata: {
      labels: { ...ownLabels(anchor), ...componentSelector(anchor.id, topology, parts.component) },
    },
    spec: {
      restartPolicy,
      // A benchmark has nothing to drain, and its GPU is waited for; a deployment ends its requests first.
      terminationGracePeriodSeconds: anchor.kind === 'run' ? 2 : 30,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: podSecurityContext,
      ...(gpu === null ? besideGpuScheduling(plan.gpu) : gpuScheduling(gpu, request.runtimeClassExists)),
      initContainers: [...(installs ? [install] : []), ...(parts.holdsModel ? [loader] : [])],
      containers: [server],
      volumes: [
        { name: 'serving', configMap: { name: names.serving } },
        { name: 'tmp', emptyDir: {} },
        ...(installs
          ? [
              { name: 'packages', emptyDir: {} },
              { name: 'requirements', configMap: { name: names.requirements } },
            ]
          : []),
        ...(parts.holdsModel ? [{ name: 'models', emptyDir: { sizeLimit: modelVolumeSize(request) } }] : []),
        ...parts.volumes,
      ],
    },
  };
}

function pythonEnvironment(): EnvironmentVariable[] {
  return environmentVariables({
    PYTHONPATH: `${servingDirectory}:${packagesDirectory}`,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
    HOME: '/tmp',
  });
}

/**
 * pip reads its index from the environment. The packages' hashes are pinned, so an index without TLS, which the user
 * must have named, can withhold packages but not change them.
 */
function packageIndexEnvironment(packageIndexUrl: string | null): EnvironmentVariable[] {
  const own = { HOME: '/tmp', PIP_NO_INPUT: '1' };
  if (packageIndexUrl === null) return environmentVariables(own);
  const host = /^http:\/\/(?:[^/@]*@)?([^/:]+)/u.exec(packageIndexUrl)?.[1];
  return environmentVariables({
    ...own,
    PIP_INDEX_URL: packageIndexUrl,
    ...(host === undefined ? {} : { PIP_TRUSTED_HOST: host }),
  });
}

function environmentVariables(values: Readonly<Record<string, string>>): EnvironmentVariable[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

function probe(path: string, timing: { periodSeconds: number; failureThreshold: number }): Probe {
  return { httpGet: { path, port: 'http' }, timeoutSeconds: 10, ...timing };
}

/** An upload that begins anew stands beside what is in place, so there is room for the model twice. */
function modelVolumeSize(request: RenderRequest): string {
  const bytes = request.plan.model.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  return `${String(64 + Math.ceil((2 * bytes) / 1024 / 1024))}Mi`;
}

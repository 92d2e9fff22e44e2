import { componentSelector, objectMeta } from './labels.ts';
import type { NetworkPolicy, Secret } from './objects.ts';
import { serverPorts, type ServerParts } from './podTemplate.ts';
import type { RenderRequest } from './renderRequest.ts';
import { gatewayShare } from './shares.ts';
import { serverSuffix } from './workload.ts';

/** The header that the gateway takes its key from, and the key's name in the Secret. */
export const apiKeyHeader = 'x-api-key';
export const apiKeyName = 'api-key';
const apiKeyDirectory = '/etc/topology-bench';

/** The gateway: authenticates, de-identifies, audits, and asks Triton over gRPC. */
export function gatewayServer(request: RenderRequest, secretName: string): ServerParts {
  const { plan, anchor, topology } = request;
  const share = gatewayShare(topology);
  const triton = objectMeta(anchor, serverSuffix(topology, 'triton'), {}).name;
  return {
    component: 'gateway',
    share,
    command: ['python3', '-m', 'topology_bench_serving.serve', 'gateway'],
    environment: {
      TOPOLOGY_BENCH_MODEL_NAME: plan.model.name,
      TOPOLOGY_BENCH_WORKERS: String(share.cores),
      TOPOLOGY_BENCH_MAX_BATCH_SIZE: String(plan.model.maxBatchSize),
      TOPOLOGY_BENCH_STATE_DIRECTORY: '/tmp/state',
      TOPOLOGY_BENCH_TRITON_GRPC: `${triton}.${anchor.namespace}.svc:${String(serverPorts.grpc)}`,
      TOPOLOGY_BENCH_TRITON_TIMEOUT_SECONDS: String(Math.max(1, Math.ceil(plan.load.timeoutMs / 1000))),
      TOPOLOGY_BENCH_API_KEY_FILE: `${apiKeyDirectory}/${apiKeyName}`,
    },
    ports: ['http'],
    holdsModel: false,
    usesGpu: false,
    volumes: [{ name: 'api-key', secret: { secretName } }],
    mounts: [{ name: 'api-key', mountPath: apiKeyDirectory, readOnly: true }],
  };
}

export function apiKeySecret(request: RenderRequest): Secret {
  const { anchor, topology } = request;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: objectMeta(anchor, serverSuffix(topology, 'gateway'), componentSelector(anchor.id, topology, 'gateway')),
    type: 'Opaque',
    stringData: { [apiKeyName]: request.apiKey },
  };
}

/** Triton takes gRPC from the gateway's pods alone: what reaches it went through de-identification. */
export function gatewayOnlyPolicy(request: RenderRequest): NetworkPolicy {
  const { anchor, topology } = request;
  const triton = componentSelector(anchor.id, topology, 'triton');
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: objectMeta(anchor, serverSuffix(topology, 'triton'), triton),
    spec: {
      podSelector: { matchLabels: triton },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: componentSelector(anchor.id, topology, 'gateway') } }],
          ports: [{ protocol: 'TCP', port: serverPorts.grpc }],
        },
      ],
    },
  };
}

import { labelKeys, objectMeta, ownLabels, topologySelector, topologySlug } from './labels.ts';
import type { Job } from './objects.ts';
import { serverImage, serverPorts } from './podTemplate.ts';
import type { RenderRequest } from './renderRequest.ts';
import { containerSecurityContext, podSecurityContext } from './security.ts';
import { renderJob } from './workload.ts';

/** Needs no core of its own, so that it fits beside a topology that fills the node. */
const requests = { cpu: '0', memory: '64Mi' };
const limits = { cpu: '100m', memory: '64Mi' };

/**
 * Tries to connect, for as long as policies need to reach a new pod, and prints "blocked" or "connected". Only an attempt
 * that goes unanswered or is refused counts as blocked.
 */
const script = `
import socket, sys, time
host, port, attempts = sys.argv[1], int(sys.argv[2]), 6
for attempt in range(attempts):
    try:
        socket.create_connection((host, port), timeout=3).close()
    except (TimeoutError, ConnectionRefusedError):
        print("blocked")
        break
    except OSError as error:
        print("blocked" if error.errno in (1, 13, 113) else f"failed: {error.strerror}")
        break
    time.sleep(1)
else:
    print("connected")
`;

/**
 * A pod that is neither gateway nor load generator and tries to reach Triton's gRPC port, to learn whether the cluster
 * enforces network policies. It carries none of the labels that the policy lets through.
 * @param tritonAddress IP of Triton's pod, so that name resolution plays no part
 */
export function renderPolicyProbe(request: RenderRequest, tritonAddress: string): Job {
  const { anchor, topology } = request;
  const labels = { ...topologySelector(anchor.id, topology), [labelKeys.component]: 'probe' };
  return renderJob(objectMeta(anchor, `${topologySlug(topology)}-probe`, labels), 120, {
    metadata: { labels: { ...ownLabels(anchor), ...labels } },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: podSecurityContext,
      containers: [
        {
          name: 'probe',
          image: serverImage(request, 'gateway'),
          command: ['python3', '-c', script, tritonAddress, String(serverPorts.grpc)],
          env: [],
          resources: { requests, limits },
          securityContext: containerSecurityContext,
          volumeMounts: [],
        },
      ],
      volumes: [],
    },
  });
}

import { besideGpuScheduling } from './gpu.ts';
import { componentSelector, labelKeys, objectMeta, ownLabels, topologySelector, topologySlug } from './labels.ts';
import type { Job } from './objects.ts';
import { serverImage, serverPorts } from './podTemplate.ts';
import type { RenderRequest } from './renderRequest.ts';
import { containerSecurityContext, podSecurityContext } from './security.ts';
import { renderJob } from './workload.ts';

/** IPs of the pods, so that name resolution plays no part. */
export interface ProbeAddresses {
  readonly gateway: string;
  readonly triton: string;
}

export const probeContainer = 'probe';
/**
 * How long the probe may take to start, a pull included, and, from then on, for its tries: those of the script below take
 * at most 69 s.
 */
export const probeSeconds = { start: 300, tries: 75 } as const;

/** Needs no core of its own, so that it fits beside a topology that fills the node. */
const requests = { cpu: '0', memory: '64Mi' };
const limits = { cpu: '100m', memory: '64Mi' };

/**
 * Tries to connect, for as long as policies need to reach a new pod, and prints "blocked" or "connected" last. Being blocked
 * counts only twice in a row, because packets that are lost once look the same, and only where the same pod reaches the
 * gateway, before and after: otherwise its network lets nothing through, which says nothing of the policy, and it prints why.
 */
const script = `
import socket, sys, time
gateway, gateway_port, triton, triton_port = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])

def reach(host, port):
    try:
        socket.create_connection((host, port), timeout=3).close()
        return "connected"
    except (TimeoutError, ConnectionRefusedError):
        return "blocked"
    except OSError as error:
        return "blocked" if error.errno in (1, 13, 113) else f"failed: {error.strerror}"

def until(wanted, times, host, port, attempts):
    in_a_row = 0
    while True:
        attempts -= 1
        found = reach(host, port)
        in_a_row = in_a_row + 1 if found == wanted else 0
        # The last try is followed by one more where it alone says what is wanted.
        if in_a_row == times or (attempts <= 0 and in_a_row == 0):
            return found
        time.sleep(1)

control = until("connected", 1, gateway, gateway_port, 8)
found = until("blocked", 2, triton, triton_port, 6) if control == "connected" else ""
if found == "blocked":
    control = until("connected", 1, gateway, gateway_port, 3)
print(found if control == "connected" else f"the probe does not reach the gateway either ({control})")
`;

/**
 * A pod that is neither gateway nor load generator and tries to reach Triton's gRPC port, to learn whether the cluster
 * enforces network policies. It carries none of the labels that the policy lets through. It goes to the gateway's node,
 * where there is room: that one has the image.
 */
export function renderPolicyProbe(request: RenderRequest, addresses: ProbeAddresses): Job {
  const { plan, anchor, topology } = request;
  const labels = { ...topologySelector(anchor.id, topology), [labelKeys.component]: 'probe' };
  const metadata = objectMeta(anchor, `${topologySlug(topology)}-probe`, labels);
  return renderJob(metadata, probeSeconds.start + probeSeconds.tries, {
    metadata: { labels: { ...ownLabels(anchor), ...labels } },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: podSecurityContext,
      ...besideGpuScheduling(plan.gpu),
      affinity: besideGateway(request),
      containers: [
        {
          name: probeContainer,
          image: serverImage(request, 'gateway'),
          command: [
            ...['python3', '-c', script],
            ...[addresses.gateway, String(serverPorts.http)],
            ...[addresses.triton, String(serverPorts.grpc)],
          ],
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

function besideGateway({ anchor, topology }: RenderRequest): unknown {
  const matchLabels = componentSelector(anchor.id, topology, 'gateway');
  const podAffinityTerm = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels } };
  return { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] } };
}

import { apiKeySecret, gatewayOnlyPolicy, gatewayServer } from './hybrid.ts';
import { fastapiServer } from './fastapi.ts';
import { objectMeta, topologySelector, topologySlug } from './labels.ts';
import type { ConfigMap, Manifest } from './objects.ts';
import type { ServerParts, SharedNames } from './podTemplate.ts';
import type { RenderedServer, RenderedTopology, RenderRequest } from './renderRequest.ts';
import { modelRepositoryData, tritonServer } from './triton.ts';
import { renderServer } from './workload.ts';

/**
 * The Kubernetes objects of one topology, all but the anchor that owns them (see anchor.ts). Pure: no clock, no
 * randomness, no cluster; the same request always gives the same objects.
 */
export function renderTopology(request: RenderRequest): RenderedTopology {
  const { topology, plan, servingFiles } = request;
  const serving = configMap(request, 'serving', flatKeys(servingFiles));
  const requirements = configMap(request, 'requirements', { 'requirements.txt': request.requirements });
  const names: SharedNames = { serving: serving.metadata.name, requirements: requirements.metadata.name };
  const objects: Manifest[] = [serving, ...(plan.images.packages === 'install' ? [requirements] : [])];
  const servers: RenderedServer[] = [];
  const add = (parts: ServerParts): void => {
    const rendered = renderServer(request, names, parts);
    objects.push(...rendered.objects);
    servers.push(rendered.server);
  };

  if (topology.triton === null) {
    add(fastapiServer(request));
  } else {
    const repository = configMap(request, 'repository', modelRepositoryData(request, topology.triton));
    objects.push(repository);
    if (topology.name === 'hybrid') {
      const secret = apiKeySecret(request);
      // The policy comes before the pods, so that Triton is never open.
      objects.push(secret, gatewayOnlyPolicy(request));
      add(gatewayServer(request, secret.metadata.name));
    }
    add(tritonServer(request, repository.metadata.name));
  }
  const [front, ...others] = servers;
  if (front === undefined) throw new Error(`The topology ${topology.name} has no server.`);
  return { objects, servers: [front, ...others] };
}

function configMap(request: RenderRequest, suffix: string, data: Readonly<Record<string, string>>): ConfigMap {
  const { anchor, topology } = request;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: objectMeta(anchor, `${topologySlug(topology)}-${suffix}`, topologySelector(anchor.id, topology)),
    data,
  };
}

/** A ConfigMap's keys are file names without folders; the package has one folder alone. */
function flatKeys(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path.replace(/^topology_bench_serving\//u, ''), text]),
  );
}

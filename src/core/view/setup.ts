import { isEndpointPlan, topologyName } from '../anyPlan.ts';
import type { Machine, RunRecord, TopologyResult } from '../record.ts';
import { topologyKey } from '../topologyKey.ts';
import { formatCount } from './format.ts';
import {
  answersText,
  configFact,
  gpuText,
  machineText,
  modelText,
  payloadText,
  resourcesText,
  runtimeText,
  type Fact,
} from './provenance.ts';

/** Where the servers ran, "servers on this machine (linux x64, 4 cores)"; null of an endpoint, of which that is not known. */
export function serversText({ environment, plan: { target } }: RunRecord): string | null {
  if (target.kind === 'endpoint') return null;
  return target.kind === 'local' ? `servers on this machine (${environment.machine})` : 'servers in the cluster';
}

/**
 * What a reviewer asks before a figure is believed: of what, on what, with which versions. It is made for a pull request, so
 * that nodes, namespace and cluster, which `recordFacts` tells apart for their owner, are left out.
 */
export function setupFacts(record: RunRecord): Fact[] {
  const { plan, environment, modelConfig, software } = record;
  const { machines } = environment;
  const alike = new Map<string, Machine[]>();
  for (const machine of machines) {
    const key = `${machine.node === null ? 'machine' : 'node'} ${machineText(machine)}`;
    alike.set(key, [...(alike.get(key) ?? []), machine]);
  }
  return [
    ...(isEndpointPlan(plan) ? [] : [{ term: 'Model', text: modelText(plan) }]),
    ...(modelConfig === null ? [] : [configFact(modelConfig)]),
    { term: 'Same answers', text: answersText(record) },
    ...(environment.target === 'kubernetes'
      ? [{ term: 'Kubernetes', text: environment.serverVersion ?? 'version not known' }]
      : []),
    ...(machines.length === 0 && plan.target.kind !== 'kubernetes'
      ? [{ term: 'This machine', text: environment.machine }]
      : [...alike.values()].flatMap(alikeFact)),
    ...(plan.gpu === null ? [] : [{ term: 'GPU', text: gpuText(record) }]),
    ...record.topologies.flatMap((result) => topologyFact(record, result)),
    { term: isEndpointPlan(plan) ? 'Payload' : 'Texts', text: payloadText(plan) },
    { term: 'Software', text: `Topology Bench ${software.topologyBench}, Node.js ${software.node}` },
  ];
}

/** Machines that nothing but their names tells apart. */
function alikeFact(machines: readonly Machine[]): Fact[] {
  const [first] = machines;
  if (first === undefined) return [];
  if (first.node === null) return [{ term: 'This machine', text: machineText(first) }];
  const each = machines.length === 1 ? '' : ', each';
  return [{ term: `${formatCount(machines.length, 'node')}${each}`, text: machineText(first) }];
}

function topologyFact({ plan }: RunRecord, { topology, runtimes }: TopologyResult): Fact[] {
  const parts = [
    ...(topology.name === 'endpoint' ? [] : [resourcesText(topology)]),
    ...runtimes.map((runtime) =>
      runtime.component === topology.name ? runtimeText(runtime) : `${runtime.component} (${runtimeText(runtime)})`,
    ),
  ];
  return parts.length === 0 ? [] : [{ term: topologyName(plan, topologyKey(topology)), text: parts.join(', ') }];
}

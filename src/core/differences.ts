import { isEndpointPlan } from './anyPlan.ts';
import { configDifferences } from './configSettings.ts';
import type { AnyPlan } from './endpointPlan.ts';
import type { ModelFile, TopologyPlan } from './plan.ts';
import type { RunRecord } from './record.ts';
import { topologyKey } from './topologyKey.ts';

/** Why the numbers of two plans mean different things whatever they are; whole clauses, none where they can be compared. */
export function incomparable(before: AnyPlan, after: AnyPlan): string[] {
  const facts: readonly Fact<AnyPlan>[] = [
    ['the method is', ({ target }) => (target.kind === 'endpoint' ? target.method : null)],
    ['the load comes from', ({ load }) => (load.vantage === 'in-cluster' ? 'inside the cluster' : 'this machine')],
    ['it runs on', ({ target }) => targetTexts[target.kind]],
    ['the texts have SHA-256', ({ load }) => load.payload.sha256],
    ['the GPU asked for is', ({ gpu }) => gpu?.resource ?? 'none'],
    ['the bound of p95 that rates are searched for is', boundText],
  ];
  return changed(facts, before, after).map(([term, from, to]) => `${term} ${from} in one and ${to} in the other`);
}

/** What else than chance may have changed the figures of two runs: "GPU driver: 570.1, now 580.2", each of them once. */
export function differencesOf(before: RunRecord, after: RunRecord): string[] {
  return [...configDifferences(before, after), ...differenceTexts(recordFacts(before, after), before, after)];
}

/** The same, by what they are of. */
export function differencesByAspect(before: RunRecord, after: RunRecord): Record<Aspect | 'config', string[]> {
  const facts = recordFacts(before, after);
  const of = (wanted: Aspect): string[] =>
    differenceTexts(
      facts.filter(([, , aspect = 'plan']) => aspect === wanted),
      before,
      after,
    );
  const config = configDifferences(before, after);
  return { config, plan: of('plan'), hardware: of('hardware'), software: of('software') };
}

function differenceTexts(facts: readonly Fact<RunRecord>[], before: RunRecord, after: RunRecord): string[] {
  return changed(facts, before, after).map(([term, from, to]) => `${term}: ${from}, now ${to}`);
}

const targetTexts: Readonly<Record<AnyPlan['target']['kind'], string>> = {
  kubernetes: 'a cluster',
  local: 'this machine',
  endpoint: 'an endpoint',
};

/** What a difference is of: of the plan, if nothing else is said. */
export type Aspect = 'plan' | 'hardware' | 'software';

type Fact<Value> = readonly [term: string, text: (value: Value) => string | null, aspect?: Aspect];

/** A fact that one of the two does not say is no difference. */
function changed<Value>(facts: readonly Fact<Value>[], before: Value, after: Value): [string, string, string][] {
  return facts.flatMap(([term, text]): [string, string, string][] => {
    const [from, to] = [text(before), text(after)];
    return from === null || to === null || from === to ? [] : [[term, from, to]];
  });
}

function recordFacts(before: RunRecord, after: RunRecord): Fact<RunRecord>[] {
  const shared = after.plan.topologies
    .map(topologyKey)
    .filter((key) => before.plan.topologies.some((topology) => topologyKey(topology) === key));
  const files = new Set([...filesOf(before.plan), ...filesOf(after.plan)].map(({ name }) => name));
  return [
    ['Topology Bench', ({ software }) => software.topologyBench, 'software'],
    ['code of the servers', ({ software }) => shortened(software.servingSha256), 'software'],
    ['Node.js of the load generator', ({ software }) => software.node, 'software'],
    ['autocannon', ({ software }) => software.autocannon, 'software'],
    ...[...files].map((name): Fact<RunRecord> => [
      `the model's ${name}`,
      ({ plan }) => shortened(filesOf(plan).find((file) => file.name === name)?.sha256 ?? 'absent'),
    ]),
    ['endpoint', ({ plan }) => (isEndpointPlan(plan) ? plan.target.name : null)],
    ['scheme', ({ plan }) => (isEndpointPlan(plan) ? (plan.target.https ? 'https' : 'http') : null)],
    ['GPUs of each model server', ({ plan }) => (plan.gpu === null ? null : String(plan.gpu.count))],
    ['load generators', ({ plan }) => String(plan.load.generators)],
    ['turns of each topology', ({ plan }) => String(plan.load.repetitions)],
    ['seed', ({ plan }) => String(plan.load.seed)],
    ['timeout', ({ plan }) => `${String(plan.load.timeoutMs)} ms`],
    ['phases', ({ plan }) => phasesText(plan)],
    ['search', ({ plan }) => searchText(plan)],
    ['cluster', ({ environment }) => environment.cluster, 'hardware'],
    ['Kubernetes', ({ environment }) => environment.serverVersion, 'software'],
    ['machines', machinesText, 'hardware'],
    ['GPU', ({ environment }) => listText(environment.gpuProducts), 'hardware'],
    ['GPU driver', ({ environment }) => listText(environment.driverVersions), 'software'],
    ...shared.flatMap(topologyFacts),
  ];
}

function topologyFacts(key: string): Fact<RunRecord>[] {
  const planned = ({ plan }: RunRecord): TopologyPlan | undefined =>
    isEndpointPlan(plan) ? undefined : plan.topologies.find((topology) => topologyKey(topology) === key);
  const measured = ({ topologies }: RunRecord) => topologies.find(({ topology }) => topologyKey(topology) === key);
  return [
    [`cores of ${key}`, (record) => String(planned(record)?.cores ?? 0)],
    [`cores of the gateway of ${key}`, (record) => gatewayCoresText(planned(record))],
    [`memory of ${key}`, (record) => `${String(planned(record)?.memoryMiB ?? 0)} MiB`],
    [
      `runtimes of ${key}`,
      (record) =>
        listText(
          (measured(record)?.runtimes ?? []).map(
            ({ component, runtime, runtimeVersion, serverVersion, provider }) =>
              `${component} ${serverVersion}, ${runtime} ${runtimeVersion} (${provider})`,
          ),
        ),
      'software',
    ],
    [
      `images of ${key}`,
      (record) =>
        listText(
          (measured(record)?.placements ?? []).flatMap(({ component, imageDigest }) =>
            imageDigest === null ? [] : [`${component} ${shortened(imageDigest) ?? ''}`],
          ),
        ),
      'software',
    ],
  ];
}

function gatewayCoresText(topology: TopologyPlan | undefined): string | null {
  const split = topology?.split ?? null;
  return split === null ? null : `${String(split.gatewayCores)} of ${String(topology?.cores ?? 0)}`;
}

/** An endpoint's model is not known. */
function filesOf(plan: AnyPlan): readonly ModelFile[] {
  return isEndpointPlan(plan) ? [] : plan.model.files;
}

function phasesText({ load }: AnyPlan): string {
  return load.phases.map(({ name, durationSeconds }) => `${name} ${String(durationSeconds)} s`).join(', ');
}

function boundText({ load: { search } }: AnyPlan): string | null {
  return search?.kind === 'slo' ? `${String(search.p95Ms)} ms` : null;
}

/** What else than its bound decides what a search finds; null without one. */
function searchText({ load: { search } }: AnyPlan): string | null {
  if (search === null) return null;
  if (search.kind === 'ladder')
    return `levels of ${String(search.levelSeconds)} s up to ${String(search.mostConnections)} connections`;
  const { arrivals, highestRate, precision, trialSeconds, confirmationSeconds } = search;
  return `${arrivals} rates up to ${String(highestRate)}/s within ${String(precision * 100)}%, trials of ${String(trialSeconds)} s, confirmation of ${String(confirmationSeconds)} s`;
}

/** Of machines of one kind one is named: which node it was says nothing. */
function machinesText({ environment }: RunRecord): string | null {
  return listText(
    environment.machines.map(({ architecture, system, kernel, cpuModel, cores, memoryMiB, instanceType }) =>
      [instanceType, cpuModel, `${String(cores)} cores`, `${String(memoryMiB)} MiB`, architecture, system, kernel]
        .filter((part) => part !== null)
        .join(' '),
    ),
  );
}

/** null for none: what a record does not say is no difference. */
function listText(texts: readonly string[]): string | null {
  return texts.length === 0 ? null : [...new Set(texts)].sort().join('; ');
}

function shortened(hash: string | null): string | null {
  return hash === null ? null : hash.replace(/^(sha256:)?([0-9a-f]{12})[0-9a-f]{52}$/, '$1$2');
}

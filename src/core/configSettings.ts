import { isEndpointPlan } from './anyPlan.ts';
import { configSince } from './modelConfig.ts';
import type { Plan, TritonSettings } from './plan.ts';
import type { RunRecord } from './record.ts';
import { topologyKey } from './topologyKey.ts';

/** What records hold of their model configs: the settings that a run took from one, by the names that they have there. */

type Setting = readonly [name: string, value: string];

/**
 * How the model configs of two runs differ, as far as the records say: "max_batch_size 8 → 16", "dynamic batching off → on,
 * max_queue_delay 100 µs". Clauses; none for runs on an endpoint, whose model is not known.
 */
export function configDifferences(before: RunRecord, after: RunRecord): string[] {
  if (isEndpointPlan(before.plan) || isEndpointPlan(after.plan)) return [];
  const settings = [
    ...changes(modelSettings(before.plan), modelSettings(after.plan)),
    ...tritonChanges(before.plan, after.plan),
  ];
  return [...settings, ...textChange(before, after, settings.length > 0)];
}

/**
 * The settings that a run took from its model config, one a line: what stands in the place of a text that is not kept any more.
 * Empty for a run on an endpoint.
 */
export function configSettingsText({ plan, modelConfig }: RunRecord): string {
  if (isEndpointPlan(plan)) return '';
  const settings: Setting[] = [
    ['format', modelConfig?.format ?? 'not known'],
    ['SHA-256 of the text', modelConfig?.sha256 ?? 'not known'],
    ...modelSettings(plan),
    ...tritonTopologies(plan).flatMap(([key, triton]) =>
      tritonSettings(triton).map(([name, value]): Setting => [`${name} in ${key}`, value]),
    ),
  ];
  return settings.map(([name, value]) => `${name}: ${value}\n`).join('');
}

function modelSettings({ model }: Plan): Setting[] {
  return [
    ['max_batch_size', String(model.maxBatchSize)],
    ['longest text', `${String(model.maxLength)} tokens`],
    ['labels', model.labels.join(', ')],
  ];
}

/** A delay and preferred sizes are of dynamic batching, and there are none without it. */
function tritonSettings({ dynamicBatching, instances }: TritonSettings): Setting[] {
  return [...batchingSettings(dynamicBatching), ['instances', String(instances)]];
}

function batchingSettings(batching: TritonSettings['dynamicBatching']): Setting[] {
  if (batching === null) return [['dynamic batching', 'off']];
  return [
    ['dynamic batching', 'on'],
    ['max_queue_delay', `${String(batching.maxQueueDelayMicroseconds)} µs`],
    ['preferred_batch_size', batching.preferredBatchSizes.join(', ') || 'none'],
  ];
}

function tritonTopologies({ topologies }: Plan): [key: string, settings: TritonSettings][] {
  return topologies.flatMap((topology): [string, TritonSettings][] =>
    topology.triton === null ? [] : [[topologyKey(topology), topology.triton]],
  );
}

/** Once where every topology that both runs have has changed in the same way, else with where. */
function tritonChanges(before: Plan, after: Plan): string[] {
  const earlier = new Map(tritonTopologies(before));
  const where = new Map<string, string[]>();
  const shared: string[] = [];
  for (const [key, settings] of tritonTopologies(after)) {
    const then = earlier.get(key);
    if (then === undefined) continue;
    shared.push(key);
    const texts = [
      ...batchingChanges(then.dynamicBatching, settings.dynamicBatching),
      ...changes([['instances', String(then.instances)]], [['instances', String(settings.instances)]]),
    ];
    for (const text of texts) where.set(text, [...(where.get(text) ?? []), key]);
  }
  // A variant without batching has none whatever the config says.
  const isAll = (keys: readonly string[], text: string): boolean =>
    shared.every((key) => keys.includes(key) || (!text.startsWith('instances') && !isBatched(before, after, key)));
  return [...where].map(([text, keys]) => (isAll(keys, text) ? text : `${text} in ${keys.join(', ')}`));
}

function isBatched(before: Plan, after: Plan, key: string): boolean {
  return [before, after].some((plan) =>
    tritonTopologies(plan).some(([other, { dynamicBatching }]) => other === key && dynamicBatching !== null),
  );
}

function batchingChanges(
  before: TritonSettings['dynamicBatching'],
  after: TritonSettings['dynamicBatching'],
): string[] {
  const [from, to] = [batchingSettings(before), batchingSettings(after)];
  if ((before === null) === (after === null)) return changes(from, to);
  const details = to.slice(1).filter(([, value]) => value !== 'none');
  return [[...changes(from.slice(0, 1), to.slice(0, 1)), ...details.map((setting) => setting.join(' '))].join(', ')];
}

function changes(before: readonly Setting[], after: readonly Setting[]): string[] {
  const earlier = new Map(before);
  return after.flatMap(([name, value]) => {
    const from = earlier.get(name);
    return from === undefined || from === value ? [] : [`${name} ${from} → ${value}`];
  });
}

/** What is to be said of the texts themselves; a record that does not know its config's says no difference. */
function textChange(before: RunRecord, after: RunRecord, isExplained: boolean): string[] {
  const [from, to] = [before.modelConfig, after.modelConfig];
  if (from === null || to === null) return [];
  const format = from.format === to.format ? [] : [`${from.format} → ${to.format}`];
  const since = configSince(before, to);
  if (from.sha256 === to.sha256) return format;
  const hashes = `SHA-256 of the model config's text ${from.sha256.slice(0, 12)} → ${to.sha256.slice(0, 12)}`;
  if (since === 'the same') return [...format, `${hashes}: comments, spacing or the order of fields alone`];
  return [...format, isExplained ? hashes : `${hashes}: what changed in it is not in the records`];
}

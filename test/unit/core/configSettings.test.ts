import { describe, expect, it } from 'vitest';
import { configDifferences, configSettingsText } from '../../../src/core/configSettings.ts';
import { differencesByAspect, differencesOf } from '../../../src/core/differences.ts';
import type { Plan, TritonSettings } from '../../../src/core/plan.ts';
import { makePlan } from '../../../src/core/planning.ts';
import type { ModelConfig, RunRecord } from '../../../src/core/record.ts';
import { choices } from '../../support/choices.ts';
import { sampleEndpointRecord } from '../../support/sampleEndpoint.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';

const batching = { preferredBatchSizes: [], maxQueueDelayMicroseconds: 100 };
const config: ModelConfig = { format: 'config.pbtxt', sha256: '1'.repeat(64), settingsSha256: '2'.repeat(64) };
const edited: ModelConfig = { ...config, sha256: '3'.repeat(64), settingsSha256: '4'.repeat(64) };

/** A run with a config that says so. */
function run(
  triton: TritonSettings,
  more: {
    readonly model?: Partial<Plan['model']>;
    readonly config?: ModelConfig | null;
    readonly profile?: 'paper';
  } = {},
): RunRecord {
  const { model = {}, profile = 'quick', config: modelConfig = config } = more;
  const plan = makePlan({ ...choices, triton, profile, model: { ...choices.model, ...model } });
  return sampleRecord({ plan, record: { modelConfig } });
}

const plain = run({ dynamicBatching: null, instances: 1 });

describe('the model configs of two runs', () => {
  it('differ by what the runs took from them, in their own words', () => {
    const before = run({ dynamicBatching: null, instances: 1 }, { model: { maxBatchSize: 8 } });
    const after = run({ dynamicBatching: batching, instances: 2 }, { model: { maxBatchSize: 16 }, config: edited });
    expect(configDifferences(before, after)).toEqual([
      'max_batch_size 8 → 16',
      'dynamic batching off → on, max_queue_delay 100 µs',
      'instances 1 → 2',
      "SHA-256 of the model config's text 111111111111 → 333333333333",
    ]);
    expect(configDifferences(after, before)).toContain('dynamic batching on → off');
  });

  it('differ within dynamic batching', () => {
    const preferring = { ...batching, preferredBatchSizes: [4, 8], maxQueueDelayMicroseconds: 500 };
    expect(
      configDifferences(
        run({ dynamicBatching: batching, instances: 1 }),
        run({ dynamicBatching: preferring, instances: 1 }),
      ),
    ).toEqual(['max_queue_delay 100 µs → 500 µs', 'preferred_batch_size none → 4, 8']);
    expect(configDifferences(plain, run({ dynamicBatching: preferring, instances: 1 }))).toEqual([
      'dynamic batching off → on, max_queue_delay 500 µs, preferred_batch_size 4, 8',
    ]);
  });

  it('differ once, also beside a variant that has no batching whatever they say', () => {
    const before = run({ dynamicBatching: batching, instances: 1 }, { profile: 'paper' });
    const delayed = { ...batching, maxQueueDelayMicroseconds: 200 };
    const after = run({ dynamicBatching: delayed, instances: 1 }, { profile: 'paper' });
    expect(before.plan.topologies).toHaveLength(4);
    expect(configDifferences(before, after)).toEqual(['max_queue_delay 100 µs → 200 µs']);
  });

  it('say where, when only some topologies changed', () => {
    const changed = run({ dynamicBatching: null, instances: 1 });
    const topologies = (changed.plan as Plan).topologies.map((topology) =>
      topology.name === 'hybrid' ? { ...topology, triton: { dynamicBatching: null, instances: 3 } } : topology,
    );
    const after = { ...changed, plan: { ...(changed.plan as Plan), topologies } };
    expect(configDifferences(plain, after)).toEqual(['instances 1 → 3 in hybrid']);
  });

  it('may differ in what no record holds, or in nothing that counts', () => {
    const other = { ...plain, modelConfig: edited };
    expect(configDifferences(plain, other)).toEqual([
      "SHA-256 of the model config's text 111111111111 → 333333333333: what changed in it is not in the records",
    ]);
    const comment = { ...plain, modelConfig: { ...edited, settingsSha256: config.settingsSha256 } };
    expect(configDifferences(plain, comment)).toEqual([
      "SHA-256 of the model config's text 111111111111 → 333333333333: comments, spacing or the order of fields alone",
    ]);
    expect(configDifferences(plain, { ...plain, modelConfig: { ...edited, format: 'config.json' } })[0]).toBe(
      'config.pbtxt → config.json',
    );
  });

  it('are no difference where one is not known, nor of endpoints', () => {
    expect(configDifferences(plain, { ...plain, modelConfig: null })).toEqual([]);
    expect(configDifferences(plain, plain)).toEqual([]);
    const endpoint = sampleEndpointRecord();
    expect(configDifferences(endpoint, endpoint)).toEqual([]);
    expect(configSettingsText(endpoint)).toBe('');
  });

  it('stand among all that differs, and once', () => {
    const after = run({ dynamicBatching: null, instances: 2 });
    expect(differencesOf(plain, after)).toEqual(['instances 1 → 2']);
    expect(differencesByAspect(plain, after)).toEqual({
      config: ['instances 1 → 2'],
      plan: [],
      hardware: [],
      software: [],
    });
  });
});

it('what a run took from its config is a text that can be compared', () => {
  expect(configSettingsText(run({ dynamicBatching: batching, instances: 2 }, { profile: 'paper' }))).toBe(
    [
      'format: config.pbtxt',
      `SHA-256 of the text: ${'1'.repeat(64)}`,
      `max_batch_size: ${String(choices.model.maxBatchSize)}`,
      `longest text: ${String(choices.model.maxLength)} tokens`,
      `labels: ${choices.model.labels.join(', ')}`,
      'dynamic batching in triton (no-batching): off',
      'instances in triton (no-batching): 2',
      ...['triton', 'hybrid'].flatMap((key) => [
        `dynamic batching in ${key}: on`,
        `max_queue_delay in ${key}: 100 µs`,
        `preferred_batch_size in ${key}: none`,
        `instances in ${key}: 2`,
      ]),
      '',
    ].join('\n'),
  );
  expect(configSettingsText({ ...plain, modelConfig: null })).toContain('SHA-256 of the text: not known\n');
});

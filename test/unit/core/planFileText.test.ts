import { describe, expect, it } from 'vitest';
import { makeEndpointPlan } from '../../../src/core/endpointPlanning.ts';
import type { Plan } from '../../../src/core/plan.ts';
import { parsePlanFile } from '../../../src/core/planFile.ts';
import { planFileChoices } from '../../../src/core/planFileChoices.ts';
import { planFileText, type SavedModel } from '../../../src/core/planFileText.ts';
import { makePlan, type Choices } from '../../../src/core/planning.ts';
import { profileNames } from '../../../src/core/profiles.ts';
import { choices } from '../../support/choices.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';

const model: SavedModel = { path: './models/sentiment', tokenizer: null };
const { software, startedAt } = sampleRecord();
const id = '20260102-093000-5a3e';
const textOf = (plan: Parameters<typeof planFileText>[0]['plan'], of: SavedModel = model): string =>
  planFileText({ id, startedAt, plan, software }, of);

/** The plan that a plan file's text gives for the same model. */
function planOf(text: string, from: Choices): Plan {
  const { planFile, problems } = parsePlanFile(text);
  expect(problems).toEqual([]);
  return makePlan({ ...from, ...planFileChoices(planFile ?? { version: 1 }, from.target) });
}

const cases: readonly (readonly [string, Partial<Choices>])[] = [
  ['as it comes', {}],
  ...profileNames.map((profile) => [`with the profile ${profile}`, { profile }] as const),
  ['with another bound', { profile: 'server', sloP95Ms: 37.5 }],
  ['of two topologies', { topologies: ['hybrid', 'triton'] }],
  ['on this machine', { target: { kind: 'local' } }],
  ['in a namespace that is made', { target: { kind: 'kubernetes', namespace: 'team-a', createNamespace: true } }],
  [
    'with levels of its own',
    {
      phases: [
        { connections: 16, seconds: 30 },
        { name: 'peak: 200 a second', rate: 200, arrivals: 'constant', maxInFlight: 64, seconds: 60.5 },
        { rate: 0.5, seconds: 10 },
      ],
    },
  ],
  ['in other turns', { profile: 'standard', repetitions: 5, generators: 3 }],
  [
    'on GPUs',
    {
      gpu: {
        resource: 'nvidia.com/mig-1g.5gb',
        count: 2,
        nodeSelector: { 'nvidia.com/gpu.product': 'Tesla-T4', zone: 'yes' },
        tolerations: [{ operator: 'Exists' }],
        runtimeClassName: null,
      },
      allowCpuProvider: true,
    },
  ],
  [
    'with another image and packages that are there',
    { images: { server: 'registry.example/x:1', packages: 'prebuilt' } },
  ],
  [
    'with cores, memory and waits of its own',
    { cores: 6, memoryMiB: 1000, timeoutMs: 2000, readyTimeoutSeconds: 60, seed: 7 },
  ],
  ["with Triton as its model's config has it", { triton: { dynamicBatching: null, instances: 5 } }],
  ['with load from this machine', { vantage: 'this-machine' }],
];

describe('a plan saved as a plan file', () => {
  it.each(cases)('gives the same plan again: %s', (_name, change) => {
    const from = { ...choices, ...change };
    const text = textOf(makePlan(from));
    expect(planOf(text, from)).toEqual(makePlan(from));
    expect(text).not.toContain('Not as in the run');
  });

  it('says what was chosen, and leaves out what follows from it', () => {
    expect(textOf(makePlan({ ...choices, gpu: null }))).toBe(
      [
        '# From the run of tiny-sentiment, 2026-01-02 09:30 UTC (20260102-093000-5a3e), as Topology Bench 0.1.0 recorded it.',
        '',
        'version: 1',
        'model: ./models/sentiment',
        'topologies: [ fastapi, triton, hybrid ]',
        'target: kubernetes',
        'namespace: team-a',
        'profile: quick',
        'cores: 2',
        '',
      ].join('\n'),
    );
  });

  it('names the tokenizer that was chosen, and says where a model has no path', () => {
    const plan = makePlan(choices);
    const named = parsePlanFile(textOf(plan, { path: '../a: b/#1', tokenizer: './t.json' })).planFile;
    expect(named).toMatchObject({ model: '../a: b/#1', tokenizer: './t.json' });
    expect(textOf(plan, 'unknown')).toContain('# The record does not say where the model lies');
    expect(parsePlanFile(textOf(plan, 'unknown')).planFile).not.toHaveProperty('model');
    expect(textOf(plan, 'built-in')).toContain('model: built-in\n');
    expect(parsePlanFile(textOf(plan, 'built-in'))).toMatchObject({ planFile: { model: 'built-in' }, paths: [] });
  });

  it('spells out the levels of a profile that has changed since, and says what it cannot say', () => {
    const plan = makePlan(choices);
    const phases = plan.load.phases.map((phase) => ({ ...phase, durationSeconds: 7 }));
    const text = textOf({ ...plan, load: { ...plan.load, phases } });
    expect(parsePlanFile(text).planFile?.phases).toEqual([
      { connections: 1, seconds: 7 },
      { connections: 8, seconds: 7 },
      { connections: 32, seconds: 7 },
    ]);
    expect(text).toContain('# The profile "quick" has other levels by now');
    expect(text).toMatch(
      /^# Not as in the run, because a plan file cannot say it: the warm-ups between the levels\.$/m,
    );
  });

  it('says so of topologies that a plan file cannot have', () => {
    const plan = makePlan({ ...choices, profile: 'paper' });
    const text = textOf({ ...plan, load: { ...plan.load, ...makePlan(choices).load } });
    expect(text).toContain('profile: quick');
    expect(text).toMatch(/cannot say it: how the topologies are set up\.$/m);
  });

  it('says so of a search that no profile has any more', () => {
    const plan = makePlan({ ...choices, profile: 'ladder' });
    const search = { kind: 'ladder', levelSeconds: 3, warmUpSeconds: 1, mostConnections: 8 } as const;
    const text = textOf({ ...plan, load: { ...plan.load, search } });
    expect(text).toContain('profile: ladder');
    expect(text).toContain('# The profile "ladder" searched in another way than a plan file can say.');
  });

  it('holds the load of a run on an endpoint, and nothing of the endpoint', () => {
    const phases = [{ rate: 20, arrivals: 'constant' as const, seconds: 5 }];
    const from = {
      name: 'checkout',
      method: 'POST',
      https: true,
      bodies: 3,
      payload: choices.payload,
      profile: 'quick' as const,
      phases,
      repetitions: 2,
      timeoutMs: 500,
    };
    const text = textOf(makeEndpointPlan(from), 'unknown');
    const { planFile } = parsePlanFile(text);
    expect(planFile).toEqual({ version: 1, target: 'endpoint', phases, repetitions: 2, timeoutMs: 500 });
    expect(makeEndpointPlan({ ...from, ...planFile, profile: 'quick' })).toEqual(makeEndpointPlan(from));
    expect(text).toContain('# It is for an endpoint that exists already: topology-bench run FILE --endpoint URL.');
  });
});

import { expect, it } from 'vitest';
import { makeEndpointPlan } from '../../../src/core/endpointPlanning.ts';
import type { PlanFile } from '../../../src/core/planFile.ts';
import { stillGives } from '../../../src/core/planFileAgain.ts';
import { planFileChoices } from '../../../src/core/planFileChoices.ts';
import { makePlan, type Choices } from '../../../src/core/planning.ts';
import { choices } from '../../support/choices.ts';

const file: PlanFile = { version: 1, model: './m', namespace: 'team-a', topologies: ['triton'], cores: 4, seed: 7 };
/** The plan of a run of that file. */
const planOf = (change: Partial<PlanFile> = {}, model: Partial<Choices> = {}) =>
  makePlan({ ...choices, ...planFileChoices({ ...file, ...change }, choices.target), ...model });

it.each<[string, Partial<PlanFile>]>([
  ['a default that is spelt out', { profile: 'quick', generators: 1, target: 'kubernetes', gpu: 'none' }],
  ['what no plan holds', { model: './elsewhere', tokenizer: './t', context: 'other' }],
])('a plan file still gives the plan of its run with %s', (_what, change) => {
  expect(stillGives({ ...file, ...change }, planOf())).toBe(true);
});

it("a plan file still gives the plan of its run whatever the model's config said of instances, batching and so memory", () => {
  for (const topologies of [['triton'], ['fastapi'], ['fastapi', 'hybrid']] as const) {
    const triton = { dynamicBatching: null, instances: 9 };
    expect(
      stillGives({ ...file, topologies: [...topologies] }, planOf({ topologies: [...topologies] }, { triton })),
    ).toBe(true);
  }
});

it.each<[Partial<PlanFile>]>([
  [{ topologies: ['triton', 'fastapi'] }],
  [{ cores: 3 }],
  [{ seed: 8 }],
  [{ memoryMiB: 5000 }],
  [{ profile: 'standard' }],
  [{ phases: [{ connections: 3, seconds: 2 }] }],
  [{ repetitions: 2 }],
  [{ generators: 2 }],
  [{ vantage: 'this-machine' }],
  [{ timeoutMs: 5 }],
  [{ readyTimeoutSeconds: 11 }],
  [{ gpu: { count: 2 } }],
  [{ images: { server: 'other' } }],
  [{ namespace: 'team-b' }],
  [{ target: 'local' }],
  [{ topologies: ['hybrid'], cores: 1 }],
])('a plan file that says %j since gives another plan', (change) => {
  expect(stillGives({ ...file, ...change }, planOf())).toBe(false);
});

it('memory that a file says counts', () => {
  expect(stillGives({ ...file, memoryMiB: 5000 }, planOf({ memoryMiB: 5000 }))).toBe(true);
  expect(stillGives({ ...file, memoryMiB: 5001 }, planOf({ memoryMiB: 5000 }))).toBe(false);
});

it('nothing is said against a run on an endpoint, or a record of the first version', () => {
  const { payload } = choices;
  const endpoint = makeEndpointPlan({ method: 'GET', https: true, bodies: 0, payload, profile: 'quick' });
  expect(stillGives(file, endpoint)).toBe(true);
  const plan = planOf();
  expect(stillGives(file, { ...plan, load: { ...plan.load, loop: 'closed' } })).toBe(true);
});

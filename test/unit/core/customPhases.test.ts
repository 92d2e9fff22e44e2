import { describe, expect, it } from 'vitest';
import { parsePlanFile } from '../../../src/core/planFile.ts';
import { makePlan } from '../../../src/core/planning.ts';
import { choices } from '../../support/choices.ts';

const head = 'version: 1\nmodel: a\n';

function messages(yaml: string): string[] {
  return parsePlanFile(head + yaml).problems.map(({ message }) => message);
}

describe("a plan file's own phases", () => {
  it('become a plan: each level after a warm-up of its own, closed and open loops alike', () => {
    const { planFile, problems } = parsePlanFile(
      `${head}repetitions: 2\nphases:\n  - { connections: 4, seconds: 10 }\n  - { rate: 200, seconds: 20 }\n  - { rate: 50, arrivals: constant, maxInFlight: 16, seconds: 5, name: slow }\n`,
    );
    expect(problems).toEqual([]);
    const { load } = makePlan({ ...choices, phases: planFile?.phases, repetitions: planFile?.repetitions });
    expect(load).toMatchObject({ profile: 'custom', search: null, repetitions: 2 });
    expect(load.phases).toEqual([
      { name: 'warm-up', kind: 'warm-up', loop: 'closed', connections: 4, durationSeconds: 5 },
      { name: 'warm-up c4', kind: 'warm-up', loop: 'closed', connections: 4, durationSeconds: 1 },
      { name: 'c4', kind: 'measured', loop: 'closed', connections: 4, durationSeconds: 10 },
      { name: 'warm-up 200/s Poisson', kind: 'warm-up', ...open(200, 'poisson', 1024), durationSeconds: 1 },
      { name: '200/s Poisson', kind: 'measured', ...open(200, 'poisson', 1024), durationSeconds: 20 },
      { name: 'warm-up slow', kind: 'warm-up', ...open(50, 'constant', 16), durationSeconds: 1 },
      { name: 'slow', kind: 'measured', ...open(50, 'constant', 16), durationSeconds: 5 },
    ]);
  });

  it.each([
    ['neither', 'phases: [{ seconds: 5 }]', /phases, entry 1: says neither "connections".* nor "rate"/],
    ['both', 'phases: [{ seconds: 5, connections: 2, rate: 3 }]', /phases, entry 1: has both/],
    [
      'arrivals of a closed loop',
      'phases: [{ seconds: 5, connections: 2, arrivals: poisson }]',
      /phases, entry 1, arrivals: belongs to a phase with "rate"/,
    ],
    ['a rate of zero', 'phases: [{ seconds: 5, rate: 0 }]', /phases, entry 1, rate: must be above 0, and is 0/],
    ['an absurd rate', 'phases: [{ seconds: 5, rate: 1e9 }]', /phases, entry 1, rate: .*100000/],
    ['no time at all', 'phases: [{ seconds: 0, rate: 5 }]', /phases, entry 1, seconds/],
    [
      'twice the same',
      'phases: [{ seconds: 5, rate: 5 }, { seconds: 9, rate: 5 }]',
      /phases, entry 2: is named "5\/s Poisson" like an earlier one/,
    ],
    [
      'phases and a profile',
      'profile: quick\nphases: [{ seconds: 5, rate: 5 }]',
      /phases: the profile and these phases contradict/,
    ],
    ['a bound that nothing searches for', 'profile: quick\nsloP95Ms: 50', /sloP95Ms: only the profile "server"/],
    ['a GPU of this machine', 'target: local\ngpu: { count: 1 }', /gpu: a local target computes on the CPU/],
    [
      'load from a cluster that is none',
      'target: local\nvantage: in-cluster',
      /vantage: a local target has no cluster/,
    ],
    ['no phases', 'phases: []', /phases/],
  ])('are refused with %s', (_name, yaml, message) => {
    expect(messages(yaml).join('\n')).toMatch(message);
  });
});

function open(ratePerSecond: number, arrivals: 'poisson' | 'constant', maxInFlight: number): object {
  return { loop: 'open', ratePerSecond, arrivals, maxInFlight };
}

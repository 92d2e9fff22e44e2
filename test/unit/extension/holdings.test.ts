import { describe, expect, it } from 'vitest';
import { startState } from '../../../src/core/events.ts';
import { makePlan } from '../../../src/core/planning.ts';
import type { LiveRun } from '../../../src/extension/runs.ts';
import { createHoldings } from '../../../src/extension/holdings.ts';
import { choices } from '../../support/choices.ts';

const plan = makePlan(choices);

describe('holdings', () => {
  it('tells when a topology takes its GPU and when the run is over, and nothing in between', () => {
    const { changed } = createHoldings();
    expect(['queued', 'apply', 'answers', 'load', 'delete'].map((stage) => changed(run(stage)))).toEqual([
      false,
      false,
      true,
      false,
      false,
    ]);
    expect(changed(run('ended'))).toBe(true);
    expect(changed(run('ended'))).toBe(false);
  });
});

function run(stage: string): LiveRun {
  const state = startState({ type: 'run-started', id: 'a', at: '', plan });
  const [first, ...others] = state.topologies;
  return {
    id: 'a',
    plan,
    state: { ...state, topologies: [{ ...first, stage }, ...others] },
    end: null,
  } as unknown as LiveRun;
}

import { reduce, startState, type RunEvent, type RunState } from '../../src/core/events.ts';
import type { PhaseResult, RunRecord } from '../../src/core/record.ts';
import { topologyKey } from '../../src/core/topologyKey.ts';

/**
 * States of a made-up run on the way to a sample record (see sampleRecord.ts): what the panel is shown while it runs.
 * @param upTo how far: the first topology uploads its model; the second one waits for a GPU; the second one is under
 *   load; the record is there and the clean-up runs
 */
export function sampleState(
  record: RunRecord,
  upTo: 'preflight' | 'upload' | 'waiting' | 'loading' | 'cleaning',
): RunState {
  const events: RunEvent[] = [{ type: 'stage', topology: null, stage: 'preflight' }];
  const [first, second] = record.topologies;
  if (first === undefined || second === undefined) throw new Error('A sample state needs a record of two topologies.');
  const firstKey = topologyKey(first.topology);
  const secondKey = topologyKey(second.topology);
  if (upTo !== 'preflight') {
    events.push(
      { type: 'stage', topology: firstKey, stage: 'apply' },
      { type: 'stage', topology: firstKey, stage: 'upload' },
    );
    events.push({ type: 'upload', topology: firstKey, sentBytes: 171_000_000, totalBytes: 268_000_000 });
  }
  if (upTo === 'waiting' || upTo === 'loading' || upTo === 'cleaning') {
    events.push(
      { type: 'stage', topology: firstKey, stage: 'load' },
      ...first.phases.flatMap((phase, at) => endOf(firstKey, at, phase)),
    );
    events.push({ type: 'topology-ended', topology: firstKey, result: first });
    events.push({ type: 'stage', topology: secondKey, stage: 'wait' });
    events.push({
      type: 'status',
      topology: secondKey,
      message: '0/3 nodes are available: 3 Insufficient nvidia.com/gpu.',
    });
  }
  if (upTo === 'loading' || upTo === 'cleaning') {
    const under = 4;
    events.push({ type: 'stage', topology: secondKey, stage: 'load' });
    events.push(...second.phases.slice(0, under).flatMap((phase, at) => endOf(secondKey, at, phase)));
    const { requests, latency, rps } = second.phases[under]?.measurement ?? {
      requests: undefined,
      latency: undefined,
      rps: 0,
    };
    const underWay = second.phases[under];
    if (underWay !== undefined) events.push(startOf(secondKey, under, underWay));
    if (requests !== undefined) {
      const snapshot = { elapsedMs: 3000, requests, latency, rps };
      events.push({ type: 'phase-snapshot', topology: secondKey, phase: under, snapshot });
    }
  }
  if (upTo === 'cleaning') {
    for (const result of record.topologies.slice(1)) {
      events.push({ type: 'topology-ended', topology: topologyKey(result.topology), result });
    }
    events.push({ type: 'run-ended', record }, { type: 'stage', topology: null, stage: 'delete' });
  }
  const started = startState({ type: 'run-started', id: record.id, at: record.startedAt, plan: record.plan });
  return events.reduce(reduce, started);
}

function startOf(topology: string, phase: number, load: PhaseResult): RunEvent {
  return { type: 'phase-started', topology, phase, repetition: 1, load };
}

function endOf(topology: string, phase: number, result: PhaseResult): RunEvent[] {
  return [startOf(topology, phase, result), { type: 'phase-ended', topology, phase, result }];
}

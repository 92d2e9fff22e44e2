import { describe, expect, it, vi } from 'vitest';
import type { PhaseMeasurement, PhaseSnapshot } from '../../../src/core/load.ts';
import type { Phase } from '../../../src/core/plan.ts';
import { judgeMeasurement } from '../../../src/core/validity.ts';
import type { Told, Word } from '../../../src/kubernetes/loadConversation.ts';
import { LoadTeam } from '../../../src/kubernetes/loadTeam.ts';
import type { ClockReading } from '../../../src/kubernetes/podClocks.ts';
import { createPhaseRecorder } from '../../../src/load/phaseRecorder.ts';
import { samplePhase } from '../../support/sampleRecord.ts';
import { samplePlan, sampleTopologies } from '../topologies/samplePlan.ts';

const level = (connections: number): Phase => ({
  name: `c${String(connections)}`,
  kind: 'measured',
  loop: 'closed',
  connections,
  durationSeconds: 5,
});

function measured(startMs: number): PhaseMeasurement {
  const { measurement } = samplePhase(samplePlan(), sampleTopologies.fastapi, level(4), 1);
  return { ...measurement, window: { startMs, endMs: startMs + 5_000 } };
}

/** How a phase stands in which every request took so long. */
function snapshotOf(latencyMs: number, count: number): PhaseSnapshot {
  const recorder = createPhaseRecorder(1, 5, true);
  for (let request = 0; request < count; request += 1) {
    recorder.sent();
    recorder.answered(200, latencyMs);
  }
  return recorder.tick(1_000);
}

const oneNode = { nodes: [], read: () => [] };

/** A team whose members only write down what they are told. */
function makeTeam(
  members: number,
  phases: readonly Phase[],
  telling: () => void = () => undefined,
  clocks: { readonly nodes: readonly string[]; readonly read: (node: string) => readonly ClockReading[] } = oneNode,
) {
  const nodes = Array.from({ length: members }, (_, member) => clocks.nodes[member] ?? 'a');
  const clocksRead: string[] = [];
  const told: { member: number; phase: number; word: Word; lead: number | undefined }[] = [];
  const ended: PhaseMeasurement[] = [];
  const shown: PhaseSnapshot[] = [];
  const team = new LoadTeam(
    Array.from({ length: members }, (_, member) => ({
      tell: async (phase: number, word: Word, lead?: number): Promise<Told> => {
        told.push({ member, phase, word, lead });
        telling();
        const startAtMs = lead === undefined ? null : 50_000 + lead;
        return { startAtMs };
      },
      readClock: async () => {
        const node = nodes[member] ?? '';
        clocksRead.push(node);
        return clocks.read(node);
      },
    })),
    {
      nextPhase: async (index) => phases[index] ?? null,
      phaseEnded: async (_index, measurement) => {
        ended.push(measurement);
      },
      snapshot: (_index, snapshot) => {
        shown.push(snapshot);
      },
      warning: () => undefined,
    },
    nodes,
  );
  /** All together, as pods do that have nothing else to wait for. */
  const waiting = async (phase: number): Promise<void> => {
    await Promise.all(Array.from({ length: members }, (_, member) => team.handlersOf(member).waiting(phase)));
  };
  return { team, told, ended, shown, waiting, clocksRead };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('several load generators', () => {
  it('start nothing before all of them are there, and then at the moment that the first one named', async () => {
    const { team, told } = makeTeam(3, [level(7)]);
    const waits = [team.handlersOf(0).waiting(0), team.handlersOf(1).waiting(0)];
    await settled();
    expect(told).toEqual([]);
    waits.push(team.handlersOf(2).waiting(0));
    await Promise.all(waits);
    const [first, ...others] = told;
    expect(first).toMatchObject({ member: 0, word: { next: 'phase', phase: { connections: 3 } } });
    expect(first?.lead).toBeGreaterThan(1_000);
    for (const { word, lead } of others) {
      expect(lead).toBeUndefined();
      expect(word).toMatchObject({ next: 'phase', phase: { connections: 2 }, startAtMs: 50_000 + (first?.lead ?? 0) });
    }
  });

  it.each([
    ['where telling them took long before', 2_500, 10_000],
    ['the first time, when nothing is known of how long telling them takes', 100, 3_060],
  ])('have more time to hear of a start %s', async (_, tellingMs, nextLeadMs) => {
    let nowMs = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
    try {
      const { team, told, waiting } = makeTeam(2, [level(2), level(2)], () => (nowMs += tellingMs));
      await waiting(0);
      for (const member of [0, 1]) await team.handlersOf(member).ended(measured(0));
      await waiting(1);
      expect(told.flatMap(({ lead }) => lead ?? [])).toEqual([6_060, nextLeadMs]);
    } finally {
      clock.mockRestore();
    }
  });

  it('let those rest for whom there is no connection, and count phases each by itself', async () => {
    const { team, told, ended, waiting } = makeTeam(2, [level(1), level(2)]);
    await waiting(0);
    expect(told.map(({ member, word }) => [member, word.next])).toEqual([
      [0, 'phase'],
      [1, 'rest'],
    ]);
    // With one generator there is nothing to agree on.
    expect(told[0]).toMatchObject({ lead: undefined, word: { startAtMs: null } });
    const rested = team.handlersOf(1).waiting(1);
    await team.handlersOf(0).ended(measured(0));
    expect(ended[0]?.generator.team).toBeNull();
    await Promise.all([team.handlersOf(0).waiting(1), rested]);
    await team.handlersOf(0).ended(measured(10));
    await team.handlersOf(1).ended(measured(14));
    expect(ended).toHaveLength(2);
    expect(ended[1]?.generator.team).toMatchObject({ generators: 2, lost: 0, startSpreadMs: 4 });
    await waiting(2);
    expect(told.slice(-2).map(({ word }) => word.next)).toEqual(['end', 'end']);
  });

  it('are not valid when one of them started late, however many the others are', async () => {
    const { team, ended, waiting } = makeTeam(3, [level(3), level(3)]);
    for (const [phase, lateMs] of [0, 400].entries()) {
      await waiting(phase);
      for (const [member, afterMs] of [0, 3, lateMs].entries())
        await team.handlersOf(member).ended(measured(10_000 * phase + afterMs));
    }
    expect(ended.map(({ generator }) => generator.team?.startSpreadMs)).toEqual([3, 400]);
    const [together, apart] = ended.map((measurement) => judgeMeasurement(measurement));
    expect(together?.reasons.join()).not.toContain('start together');
    expect(apart?.valid).toBe(false);
    expect(apart?.reasons).toContainEqual(
      expect.stringMatching(/^the load generators did not start together: 400 ms lay between the first and the last/),
    );
  });

  it('are shown together once a second: their histograms make the percentiles, and go no further', async () => {
    const { team, shown, waiting } = makeTeam(2, [level(2)]);
    await waiting(0);
    // One answers in 10 ms, ten times as often as the other in 100 ms.
    const told = [snapshotOf(10, 1_000), snapshotOf(100, 100)] as const;
    team.handlersOf(0).snapshot(told[0]);
    team.handlersOf(1).snapshot(told[1]);
    team.handlersOf(0).snapshot(told[0]);
    expect(shown).toHaveLength(2);
    expect(shown[1]?.latency).toMatchObject({ samples: 1_100 });
    expect(shown[1]?.latency.p50Ms).toBeCloseTo(10, 1);
    expect(shown[1]?.latency.p95Ms).toBeCloseTo(100, 0);
    expect(shown.every((snapshot) => !('histogram' in snapshot))).toBe(true);
  });

  it('bring the phase of a lost one to its end, not valid, and then end with what it died of', async () => {
    const { team, ended, waiting } = makeTeam(3, [level(6), level(6)]);
    await waiting(0);
    await team.handlersOf(0).ended(measured(0));
    await team.lose(1, new Error('the pod was deleted'));
    expect(ended).toEqual([]);
    await team.handlersOf(2).ended(measured(3));
    expect(ended[0]?.generator.team).toMatchObject({ generators: 3, lost: 1 });
    await expect(team.handlersOf(0).waiting(1)).rejects.toThrow('the pod was deleted');
    await expect(team.handlersOf(2).waiting(1)).rejects.toThrow('the pod was deleted');
  });

  it('end at once when one is lost before the first phase', async () => {
    const { team } = makeTeam(2, [level(6)]);
    const waiting = team.handlersOf(0).waiting(0);
    const outcome = expect(waiting).rejects.toThrow('no room');
    await team.lose(1, new Error('no room'));
    await outcome;
  });

  it('hand on what goes wrong between phases', async () => {
    const member = { tell: async () => undefined, readClock: async () => [] };
    const handlers = {
      nextPhase: () => Promise.reject(new Error('the counters are gone')),
      phaseEnded: async () => undefined,
      snapshot: () => undefined,
      warning: () => undefined,
    };
    const team = new LoadTeam([member], handlers, ['a']);
    await expect(team.handlersOf(0).waiting(0)).rejects.toThrow('the counters are gone');
  });

  it('on one node go by one clock, which nobody needs to read', async () => {
    const { team, ended, waiting, clocksRead } = makeTeam(2, [level(2)]);
    await waiting(0);
    for (const member of [0, 1]) await team.handlersOf(member).ended(measured(member));
    expect(clocksRead).toEqual([]);
    expect(ended[0]?.generator.team).toMatchObject({ clockSkewMs: 0, clockSkewMostMs: 0 });
  });

  it.each([
    // The first reading of each takes as long as a command's start.
    ['are compared by the shortest way there and back', 3, 1, { clockSkewMs: 0, clockSkewMostMs: 9 }, [], []],
    [
      'whose clocks are far apart are not valid',
      700,
      2,
      { clockSkewMs: 694, clockSkewMostMs: 706 },
      [/differ by 694 ms/],
      [/706 ms only/],
    ],
    [
      'whose clocks cannot be read are not valid',
      null,
      2,
      { clockSkewMs: null, clockSkewMostMs: null },
      [/could not be read/],
      [],
    ],
  ] as const)('on several nodes %s', async (_name, aheadMs, turns, team, reasons, caveats) => {
    const read = (node: string): readonly ClockReading[] => {
      const offsetMs = node === 'b' ? aheadMs : 0;
      if (offsetMs === null) return [];
      return [
        { podMs: 1_060 + offsetMs, afterMs: 0, beforeMs: 150 },
        { podMs: 1_203 + offsetMs, afterMs: 200, beforeMs: 205 },
      ];
    };
    const made = makeTeam(3, [level(3)], undefined, { nodes: ['a', 'b', 'b'], read });
    await made.waiting(0);
    for (const member of [0, 1, 2]) await made.team.handlersOf(member).ended(measured(member));
    // One pod of each node reads.
    expect(made.clocksRead).toEqual(Array<string[]>(turns).fill(['a', 'b']).flat());
    const [measurement] = made.ended;
    if (measurement === undefined) throw new Error('no phase ended');
    expect(measurement.generator.team).toMatchObject(team);
    const judged = judgeMeasurement(measurement);
    expect(judged.reasons.filter((reason) => reason.includes('clock'))).toEqual(
      reasons.map((pattern) => expect.stringMatching(pattern) as string),
    );
    expect(judged.caveats.filter((caveat) => caveat.includes('clock'))).toEqual(
      caveats.map((pattern) => expect.stringMatching(pattern) as string),
    );
  });
});

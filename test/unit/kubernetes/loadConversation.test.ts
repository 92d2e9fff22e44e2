import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import type { LoadSpec } from '../../../src/core/load.ts';
import type { Cluster } from '../../../src/kubernetes/cluster.ts';
import { LoadConversation, type ConversationHandlers } from '../../../src/kubernetes/loadConversation.ts';

const of = { namespace: 'team', pod: 'tb-load', container: 'load' };
const signal = new AbortController().signal;
const spec: LoadSpec = {
  url: 'http://127.0.0.1:8000/',
  tls: null,
  method: 'POST',
  headers: {},
  secretHeader: null,
  bodies: ['{}'],
  seed: 1,
  timeoutMs: 1_000,
  phases: [],
  gate: { directory: '/gate' },
  gateTimeoutSeconds: 30,
};
const handlers: ConversationHandlers = {
  waiting: async () => undefined,
  snapshot: () => undefined,
  started: () => undefined,
  ended: async () => undefined,
  warning: () => undefined,
};

describe('a word for the load worker', () => {
  it('is taken again when the command was killed with its container, until the pod is known to have ended', async () => {
    const pod = makePod([137, 137, 137], 'Succeeded', 2);
    expect(await talk(pod.cluster).tell(3, { next: 'end' })).toBeUndefined();
    expect(pod.told).toBe(2);
  });

  it('is taken again when the command was killed, and heard then', async () => {
    const pod = makePod([137, 0], 'Running');
    expect(await talk(pod.cluster).tell(3, { next: 'end' })).toMatchObject({ startAtMs: 5 });
    expect(pod.told).toBe(2);
  });

  it('that the pod refuses to take ends the load, in the words of the command', async () => {
    const pod = makePod([1], 'Running');
    await expect(talk(pod.cluster).tell(3, { next: 'end' })).rejects.toMatchObject({
      reason: 'load-failed',
      message: expect.stringContaining('could not be told to start a phase: no room') as string,
    });
  });
});

describe("a pod's clock", () => {
  it('is read several times by one command', async () => {
    let asked = 0;
    const cluster = clockOf((hear) => {
      asked += 1;
      hear(1, `${String(Date.now() + 5_000)}\n`);
    });
    const readings = await talk(cluster).readClock();
    expect(asked).toBe(5);
    expect(readings).toHaveLength(5);
    for (const { podMs, afterMs, beforeMs } of readings) {
      expect(beforeMs).toBeGreaterThanOrEqual(afterMs);
      const aheadMs = podMs - (Date.now() - performance.now() + afterMs) - 5_000;
      // It was read between the two, as exactly as whole milliseconds and two clocks tell it.
      expect(aheadMs).toBeGreaterThan(-100);
      expect(aheadMs).toBeLessThan(beforeMs - afterMs + 100);
    }
  });

  it('that can be read only now and then leaves what was heard, and ends no load', async () => {
    let asked = 0;
    const cluster = clockOf((hear) => {
      asked += 1;
      if (asked <= 2) hear(1, '7\n');
      else hear(3, JSON.stringify({ details: { causes: [{ reason: 'ExitCode', message: '137' }] } }));
    });
    expect((await talk(cluster).readClock()).map(({ podMs }) => podMs)).toEqual([7, 7]);
  });
});

/** A container in which a command answers lines. */
function clockOf(answer: (hear: (channel: number, text: string) => void) => void): Cluster {
  return {
    openSocket: async (_path: string, onMessage: (channel: number, data: Buffer) => void) => ({
      send: async () => {
        setImmediate(() => {
          answer((channel, text) => {
            onMessage(channel, Buffer.from(text));
          });
        });
      },
      end: async () => undefined,
      closed: new Promise<void>(() => undefined),
      close: () => undefined,
    }),
  } as unknown as Cluster;
}

describe('a load generator that rests while others work', () => {
  it('may be silent for as long as they do, without a word of a stream that was lost', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const pod = makePod([0, 0], 'Running');
      const log = new PassThrough();
      let streams = 0;
      const stream = async (): Promise<PassThrough> => {
        streams += 1;
        return log;
      };
      const warnings: string[] = [];
      let goOn: () => void = () => undefined;
      const conversation: LoadConversation = new LoadConversation(
        { ...pod.cluster, stream } as unknown as Cluster,
        of,
        spec,
        {
          ...handlers,
          waiting: async (phase) => {
            if (phase === 0) await conversation.tell(0, { next: 'rest', seconds: 400 });
            // As the team does it: whoever is at the gate waits there until the others are.
            if (phase === 1) {
              await new Promise<void>((resolve) => {
                goOn = resolve;
              });
              await conversation.tell(1, { next: 'end' });
            }
          },
          warning: (message) => warnings.push(message),
        },
        signal,
      );
      const carriedOut = conversation.carryOut();
      let seq = 0;
      const say = (message: object): void => {
        log.write(`${JSON.stringify({ seq: seq++, ...message })}\n`);
      };
      say({ type: 'ready', node: 'v24', autocannon: '9' });
      say({ type: 'waiting', phase: 0 });
      await vi.waitUntil(() => pod.told === 1);
      say({ type: 'waiting', phase: 1 });
      await vi.advanceTimersByTimeAsync(400_000);
      goOn();
      await vi.waitUntil(() => pod.told === 2);
      say({ type: 'finished' });
      log.end();
      expect(await carriedOut).toEqual({ node: 'v24', autocannon: '9' });
      expect(warnings).toEqual([]);
      expect(streams).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is told to go on again and again, for as long as it waits after the rest', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const pod = makePod([0, 137, 0], 'Running');
      const log = new PassThrough();
      let told: unknown;
      const conversation: LoadConversation = new LoadConversation(
        { ...pod.cluster, stream: async () => log } as unknown as Cluster,
        of,
        spec,
        {
          ...handlers,
          waiting: async (phase) => {
            if (phase === 0) await conversation.tell(0, { next: 'rest', seconds: 400 });
            if (phase !== 1) return;
            // Longer than it waits without a rest; the first try then meets an API server that is away.
            vi.advanceTimersByTime(400_000);
            told = await conversation.tell(1, { next: 'end' });
          },
        },
        signal,
      );
      const carriedOut = conversation.carryOut();
      for (const [seq, message] of [
        { type: 'ready', node: 'v24', autocannon: '9' },
        { type: 'waiting', phase: 0 },
        { type: 'waiting', phase: 1 },
        { type: 'finished' },
      ].entries())
        log.write(`${JSON.stringify({ seq, ...message })}\n`);
      log.end();
      await carriedOut;
      expect(told).toMatchObject({ startAtMs: 5 });
      expect(pod.told).toBe(3);
    } finally {
      vi.useRealTimers();
    }
  });
});

function talk(cluster: Cluster): LoadConversation {
  return new LoadConversation(cluster, of, spec, handlers, signal);
}

/** @param endedAfter the pod's phase holds from the look after so many commands; before, it runs */
function makePod(codes: readonly number[], phase: string, endedAfter = 0): { cluster: Cluster; told: number } {
  const pod = { told: 0, cluster: {} as Cluster };
  const frames = (code: number): [number, string][] => {
    if (code === 0)
      return [
        [1, '{"startAtMs":5}'],
        [3, '{"status":"Success"}'],
      ];
    const causes = [{ reason: 'ExitCode', message: String(code) }];
    return [...(code === 1 ? [[2, 'no room'] as [number, string]] : []), [3, JSON.stringify({ details: { causes } })]];
  };
  pod.cluster = {
    get: async () => ({ status: { phase: pod.told >= endedAfter ? phase : 'Running' } }),
    openSocket: async (_path: string, onMessage: (channel: number, data: Buffer) => void) => {
      const code = codes[pod.told] ?? 1;
      pod.told += 1;
      setImmediate(() => {
        for (const [channel, text] of frames(code)) onMessage(channel, Buffer.from(text));
      });
      return { closed: new Promise<void>(() => undefined), close: () => undefined };
    },
  } as unknown as Cluster;
  return pod;
}

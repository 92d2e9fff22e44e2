import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { PhaseSnapshot } from '../../../src/core/load.ts';
import { createMessageWriter } from '../../../src/load/messageWriter.ts';

const snapshot = (elapsedMs: number): PhaseSnapshot => ({
  elapsedMs,
  requests: { sent: 0, ok: 0, errors: 0, timeouts: 0, inFlight: 0 },
  latency: { p50Ms: null, p95Ms: null, p99Ms: null, maxMs: null, meanMs: null, samples: 0 },
  rps: 0,
});

/** A stream that takes nothing until it is released. */
function slowReader(): {
  stream: Writable;
  lines: { seq: number; type: string; snapshot?: PhaseSnapshot }[];
  release(): Promise<void>;
} {
  const lines: { seq: number; type: string; snapshot?: PhaseSnapshot }[] = [];
  let go: (() => void) | undefined;
  let released = false;
  const stream = new Writable({
    highWaterMark: 1,
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      for (const line of chunk.split('\n').filter((text) => text !== ''))
        lines.push(JSON.parse(line) as (typeof lines)[number]);
      if (released) done();
      else go = done;
    },
  });
  return {
    stream,
    lines,
    release: async () => {
      released = true;
      go?.();
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
}

describe('the message writer', () => {
  it('keeps only the newest snapshot while the reader is slow, and numbers without a gap', async () => {
    const reader = slowReader();
    const writer = createMessageWriter(reader.stream);
    writer.write({ type: 'phase-started', phase: 0, startMs: 1 });
    for (let second = 1; second <= 100; second += 1)
      writer.write({ type: 'snapshot', phase: 0, snapshot: snapshot(second * 1000) });
    expect(reader.stream.writableLength).toBeLessThan(200);
    await reader.release();
    expect(reader.lines.map((line) => [line.seq, line.type, line.snapshot?.elapsedMs])).toEqual([
      [0, 'phase-started', undefined],
      [1, 'snapshot', 100_000],
    ]);
  });

  it('keeps every other message, in order, and drops a snapshot that they make out of date', async () => {
    const reader = slowReader();
    const writer = createMessageWriter(reader.stream);
    writer.write({ type: 'phase-started', phase: 0, startMs: 1 });
    writer.write({ type: 'snapshot', phase: 0, snapshot: snapshot(1000) });
    writer.write({ type: 'waiting', phase: 1 });
    writer.write({ type: 'finished' });
    await reader.release();
    expect(reader.lines.map((line) => [line.seq, line.type])).toEqual([
      [0, 'phase-started'],
      [1, 'waiting'],
      [2, 'finished'],
    ]);
  });

  it('does not wait for a reader that is gone', async () => {
    const stream = new Writable({
      write(_chunk, _encoding, done) {
        done(new Error('EPIPE'));
      },
    });
    const writer = createMessageWriter(stream);
    writer.write({ type: 'finished' });
    await new Promise((resolve) => setImmediate(resolve));
    writer.write({ type: 'finished' });
    await writer.flush();
    expect(stream.destroyed).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import type { WorkerMessage } from '../../../src/core/load.ts';
import { createWorkerMessageReader, readWorkerMessages, type WorkerOutput } from '../../../src/core/workerMessages.ts';

const waiting = (seq: number): WorkerMessage => ({ seq, type: 'waiting', phase: seq });
const line = (message: WorkerMessage): string => `${JSON.stringify(message)}\n`;
const shortly = (output: readonly WorkerOutput[]): unknown[] =>
  output.map((each) =>
    each.kind === 'message'
      ? each.message.seq
      : each.kind === 'gap'
        ? `gap ${String(each.from)}-${String(each.to)}`
        : `noise ${each.line}`,
  );

describe('reading a worker', () => {
  it('puts lines together, wherever the stream was cut', () => {
    const text = [0, 1, 2].map((seq) => line(waiting(seq))).join('');
    for (let cut = 1; cut < text.length; cut += 1) {
      const reader = createWorkerMessageReader();
      expect(shortly([...reader.push(text.slice(0, cut)), ...reader.push(text.slice(cut))])).toEqual([0, 1, 2]);
    }
  });

  it('drops what it has seen when the stream is read again from the start', () => {
    const reader = createWorkerMessageReader();
    const first = reader.push(`${line(waiting(0))}${line(waiting(1))}{"seq":2,"ty`);
    reader.restart();
    const second = reader.push([0, 1, 2, 3].map((seq) => line(waiting(seq))).join(''));
    expect(shortly([...first, ...second])).toEqual([0, 1, 2, 3]);
  });

  it('says which messages are missing', () => {
    const reader = createWorkerMessageReader();
    expect(shortly(reader.push(line(waiting(0)) + line(waiting(4)) + line(waiting(5))))).toEqual([0, 'gap 1-3', 4, 5]);
  });

  it('holds apart what is no message', () => {
    const reader = createWorkerMessageReader();
    const unknown = '{"seq":1,"type":"dance"}';
    expect(shortly(reader.push(`(node:1) Warning: x\r\n\n${line(waiting(0))}${unknown}\n${line(waiting(1))}`))).toEqual(
      ['noise (node:1) Warning: x\r', 0, `noise ${unknown}`, 1],
    );
  });

  it('takes whole lines too, and the last line of a stream without its end', async () => {
    const reader = createWorkerMessageReader();
    expect(shortly(reader.line(JSON.stringify(waiting(0))))).toEqual([0]);
    const outputs: WorkerOutput[] = [];
    const chunks = async function* (): AsyncGenerator<string> {
      yield line(waiting(0)) + JSON.stringify(waiting(1));
    };
    for await (const output of readWorkerMessages(chunks())) outputs.push(output);
    expect(shortly(outputs)).toEqual([0, 1]);
  });
});

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { PhaseMeasurement, WorkerMessage } from '../../../src/core/load.ts';
import { createWorkerMessageReader } from '../../../src/core/workerMessages.ts';

/** What a load worker said until it ended. */
export interface HeardOfWorker {
  readonly messages: readonly WorkerMessage[];
  /** Of the first phase that it ended. */
  readonly measurement: PhaseMeasurement;
  /** null when a signal ended it. */
  readonly code: number | null;
}

/**
 * Listens to a worker until it ends.
 * @param heard called with each message as it comes
 * @throws Error when no phase ended
 */
export async function heardOfWorker(
  worker: ChildProcess & { readonly stdout: Readable },
  heard: (message: WorkerMessage) => void,
): Promise<HeardOfWorker> {
  const reader = createWorkerMessageReader();
  const messages: WorkerMessage[] = [];
  worker.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    for (const output of reader.push(chunk)) {
      if (output.kind !== 'message') continue;
      messages.push(output.message);
      heard(output.message);
    }
  });
  const [code] = (await once(worker, 'close')) as [number | null];
  const ended = messages.find((message) => message.type === 'phase-ended');
  if (ended === undefined) throw new Error(`the phase did not end: ${JSON.stringify(messages)}`);
  return { messages, measurement: ended.measurement, code };
}

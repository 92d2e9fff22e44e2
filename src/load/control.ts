import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { BenchError, cancelled } from '../core/errors.ts';
import { type Go, goSchema, type LoadSpec } from '../core/load.ts';

const controlSchema = z.union([goSchema, z.strictObject({ stop: z.literal(true) })]);

const directoryPollMs = 100;

/** What the controller of a worker tells it, over standard input. */
export interface ControlInput {
  /** The first line; undefined when the input ends without one. */
  readonly firstLine: Promise<string | undefined>;
  /** Resolves with the word for phase `phase`. */
  go(phase: number): Promise<Go>;
  /** Resolves at {"stop":true}: end now and report what was measured. */
  readonly stopped: Promise<undefined>;
  /** Resolves when the input has ended: the controller is gone. */
  readonly ended: Promise<undefined>;
  close(): void;
}

/** @param firstLineIsSpec whether the first line is the spec; the others are words to go on (`goSchema`) and {"stop":true} */
export function readControl(input: Readable, firstLineIsSpec: boolean): ControlInput {
  const firstLine = moment<string | undefined>();
  const stopped = moment<undefined>();
  const ended = moment<undefined>();
  const words = new Map<number, Go>();
  const waiting = new Map<number, (word: Go) => void>();
  let expectSpec = firstLineIsSpec;

  const lines = createInterface({ input, crlfDelay: Infinity });
  lines.on('line', (line) => {
    if (expectSpec) {
      expectSpec = false;
      firstLine.resolve(line);
      return;
    }
    const control = parseControl(line);
    if (control === undefined) return;
    if ('stop' in control) {
      stopped.resolve(undefined);
      return;
    }
    words.set(control.go, control);
    waiting.get(control.go)?.(control);
  });
  lines.on('close', () => {
    firstLine.resolve(undefined);
    ended.resolve(undefined);
  });
  // A controller that was killed resets the pipe on some systems; it is gone either way.
  input.on('error', () => {
    lines.close();
  });

  return {
    firstLine: firstLine.promise,
    stopped: stopped.promise,
    ended: ended.promise,
    go: (phase) =>
      new Promise((resolve) => {
        const word = words.get(phase);
        if (word === undefined) waiting.set(phase, resolve);
        else resolve(word);
      }),
    close: () => {
      lines.close();
      input.destroy();
    },
  };
}

/**
 * Waits for the word of phase `phase`, whose number counts from 0.
 * @returns what comes next; after a rest, too, the next word has the next number
 * @throws BenchError cancelled, or connection-lost after gateTimeoutSeconds: whoever ran this worker is gone
 */
export async function nextWord(
  spec: Pick<LoadSpec, 'gate' | 'gateTimeoutSeconds' | 'phases'>,
  phase: number,
  waitSeconds: number,
  control: ControlInput | undefined,
  signal: AbortSignal,
): Promise<Go> {
  const { gate } = spec;
  if (gate === 'none') {
    const planned = spec.phases[phase];
    return planned === undefined
      ? { go: phase, next: 'end' }
      : { go: phase, next: 'phase', phase: planned, startAtMs: null, offsetMs: 0 };
  }
  const longestMs = Math.min((spec.gateTimeoutSeconds + waitSeconds) * 1000, 2_147_483_647);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(longestMs)]);
  const word =
    gate === 'stdin' ? await wordOrAbort(control?.go(phase), limit) : await wordFile(gate.directory, phase, limit);
  if (signal.aborted) throw cancelled('the load worker waited for its next phase');
  if (word !== undefined) return word;
  throw new BenchError({
    reason: 'connection-lost',
    message: `Nobody told the load worker how to go on after phase ${String(phase)} within ${String(longestMs / 1000)} s; its controller is taken to be gone.`,
  });
}

/** The file is put in place whole, so that it can be read as soon as it is there. */
async function wordFile(directory: string, phase: number, signal: AbortSignal): Promise<Go | undefined> {
  const file = join(directory, `go-${String(phase)}`);
  while (!signal.aborted) {
    if (existsSync(file)) return goSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    await sleep(directoryPollMs, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

/** A promise that something else resolves. */
function moment<Value>(): { readonly promise: Promise<Value>; readonly resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function parseControl(line: string): z.infer<typeof controlSchema> | undefined {
  try {
    const parsed = controlSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Resolves with the word, or with undefined when the signal is aborted before. */
async function wordOrAbort(word: Promise<Go> | undefined, signal: AbortSignal): Promise<Go | undefined> {
  if (signal.aborted) return undefined;
  return await new Promise((resolve) => {
    const end = (value: Go | undefined): void => {
      signal.removeEventListener('abort', aborted);
      resolve(value);
    };
    const aborted = (): void => {
      end(undefined);
    };
    signal.addEventListener('abort', aborted);
    void word?.then(end, aborted);
  });
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { BenchError, cancelled } from '../core/errors.ts';
import type { LoadSpec } from '../core/load.ts';

const controlSchema = z.union([
  z.strictObject({ go: z.number().int().nonnegative() }),
  z.strictObject({ stop: z.literal(true) }),
]);

const directoryPollMs = 100;

/** What the controller of a worker tells it, over standard input. */
export interface ControlInput {
  /** The first line; undefined when the input ends without one. */
  readonly firstLine: Promise<string | undefined>;
  /** Resolves when phase `phase` may start. */
  go(phase: number): Promise<void>;
  /** Resolves at {"stop":true}: end now and report what was measured. */
  readonly stopped: Promise<undefined>;
  /** Resolves when the input has ended: the controller is gone. */
  readonly ended: Promise<undefined>;
  close(): void;
}

/** @param firstLineIsSpec whether the first line is the spec; the others are {"go":N} and {"stop":true} */
export function readControl(input: Readable, firstLineIsSpec: boolean): ControlInput {
  const firstLine = moment<string | undefined>();
  const stopped = moment<undefined>();
  const ended = moment<undefined>();
  const allowed = new Set<number>();
  const waiting = new Map<number, () => void>();
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
    allowed.add(control.go);
    waiting.get(control.go)?.();
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
        if (allowed.has(phase)) resolve();
        else waiting.set(phase, resolve);
      }),
    close: () => {
      lines.close();
      input.destroy();
    },
  };
}

/**
 * Waits until phase `phase` may start.
 * @throws BenchError cancelled, or connection-lost after gateTimeoutSeconds: whoever ran this worker is gone
 */
export async function passGate(
  spec: Pick<LoadSpec, 'gate' | 'gateTimeoutSeconds'>,
  phase: number,
  control: ControlInput | undefined,
  signal: AbortSignal,
): Promise<void> {
  const timeoutMs = Math.min(spec.gateTimeoutSeconds * 1000, 2_147_483_647);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const { gate } = spec;
  if (gate === 'stdin') await untilAborted(control?.go(phase), limit);
  else if (gate !== 'none') {
    const file = join(gate.directory, `go-${String(phase)}`);
    while (!limit.aborted && !existsSync(file)) await untilAborted(sleep(directoryPollMs), limit);
  }
  if (signal.aborted) throw cancelled('the load worker waited for its next phase');
  if (gate !== 'none' && limit.aborted) {
    throw new BenchError({
      reason: 'connection-lost',
      message: `Nobody told the load worker to start phase ${String(phase)} within ${String(spec.gateTimeoutSeconds)} s; its controller is taken to be gone.`,
    });
  }
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

async function untilAborted(promise: Promise<unknown> | undefined, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      signal.removeEventListener('abort', end);
      resolve();
    };
    signal.addEventListener('abort', end);
    void promise?.then(end, end);
  });
}

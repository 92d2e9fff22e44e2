import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { BenchError, cancelled, type Reason, throwIfCancelled } from '../core/errors.ts';
import type { Go, LoadSpec, PhaseMeasurement, WorkerMessage } from '../core/load.ts';
import type { Phase } from '../core/plan.ts';
import type { LoadDriver, LoadOutcome, PhaseHandlers } from '../core/ports.ts';
import { readWorkerMessages } from '../core/workerMessages.ts';
import { haveRun } from './runningTime.ts';

/**
 * A worker asked to stop reports and ends in a few milliseconds, on a busy machine in a second or two; one that does not is
 * killed after this, and what it had measured is lost.
 */
const longestStopMs = 4_000;
/** What a worker that has ended had to say is read by then, unless a handler hangs. */
const longestReadMs = 800;
/** Of what the worker wrote to stderr, kept for the error message. */
const keptStderrCharacters = 4_000;

/** What the worker's process gets from this one's environment: what its runtime needs to start, and no more. */
const passedOn = [
  'PATH',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'SystemRoot',
  'windir',
  'TEMP',
  'TMP',
  'TMPDIR',
  'TZ',
  'LANG',
];

export interface LocalLoadHandlers extends PhaseHandlers {
  /** The run was cancelled in mid-phase: what had been measured by then, over its true, shorter window. */
  phaseCancelled?(phase: number, measurement: PhaseMeasurement): void;
}

export interface LocalLoadDriver extends LoadDriver {
  run(
    spec: LoadSpec,
    environment: Readonly<Record<string, string>>,
    handlers: LocalLoadHandlers,
    signal: AbortSignal,
  ): ReturnType<LoadDriver['run']>;
}

/**
 * Runs each load in a worker process of its own. The spec goes to the worker by standard input, because headers may hold
 * secrets; its gate is always standard input, whatever the spec says.
 * @param options.workerPath the bundle of src/load/worker.ts
 * @param options.nodePath a Node or Electron binary; by default the one that runs this
 */
export function createLoadDriver(options: {
  readonly workerPath: string;
  readonly nodePath?: string;
}): LocalLoadDriver {
  return {
    run: async (spec, environment, handlers, signal) => {
      throwIfCancelled(signal, 'the load was about to start');
      const worker = new WorkerProcess(options.nodePath ?? process.execPath, options.workerPath, environment);
      try {
        worker.send({ ...spec, gate: 'stdin' });
        return await worker.carryOut(handlers, signal);
      } finally {
        worker.kill();
      }
    },
  };
}

class WorkerProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #exited: Promise<void>;
  readonly #closed: Promise<string>;
  #stderr = '';

  constructor(nodePath: string, workerPath: string, environment: Readonly<Record<string, string>>) {
    const inherited = Object.fromEntries(
      passedOn.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    );
    this.#child = spawn(nodePath, [workerPath, '-'], {
      stdio: 'pipe',
      windowsHide: true,
      // In VS Code, process.execPath is Electron, which is Node only when told so.
      env: { ...inherited, ELECTRON_RUN_AS_NODE: '1', ...environment },
    });
    this.#child.stdout.setEncoding('utf8');
    this.#child.stderr.setEncoding('utf8');
    this.#child.stderr.on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-keptStderrCharacters);
    });
    // A worker that has ended takes no more input; how it ended is what counts.
    this.#child.stdin.on('error', () => undefined);
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', () => {
        resolve();
      });
      this.#child.once('exit', () => {
        resolve();
      });
    });
    this.#closed = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        resolve(`it could not be run: ${error.message}`);
      });
      this.#child.once('close', (code, killedBy) => {
        resolve(killedBy === null ? `it ended with code ${String(code)}` : `it was ended by ${killedBy}`);
      });
    });
  }

  send(line: object): void {
    // Node's readline takes these two for the end of a line as well, and a body may hold them.
    const text = JSON.stringify(line).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
    if (this.#child.stdin.writable) this.#child.stdin.write(`${text}\n`);
  }

  kill(): void {
    this.#child.stdin.destroy();
    this.#child.kill('SIGKILL');
  }

  /** Hands every message to its handler, in order, until the worker has finished. */
  async carryOut(handlers: LocalLoadHandlers, signal: AbortSignal): Promise<LoadOutcome> {
    const stopping = new AbortController();
    const work = this.#readMessages(handlers, signal, stopping.signal);
    const stop = (): void => {
      this.send({ stop: true });
    };
    signal.addEventListener('abort', stop);
    try {
      // The worker's own word comes first, with what it measured; a handler or a worker that hangs is not waited for.
      return await Promise.race([work, this.#rejectAfterAbort(signal, stopping.signal)]);
    } finally {
      signal.removeEventListener('abort', stop);
      stopping.abort();
      work.catch(() => undefined);
    }
  }

  async #rejectAfterAbort(signal: AbortSignal, over: AbortSignal): Promise<never> {
    if (!signal.aborted) await once(signal, 'abort', { signal: over });
    const read = this.#exited.then(() => haveRun(longestReadMs, over));
    await Promise.race([haveRun(longestStopMs, over), read]);
    throw cancelled('the load was under way');
  }

  async #readMessages(
    handlers: LocalLoadHandlers,
    signal: AbortSignal,
    over: AbortSignal,
  ): Promise<{ node: string; autocannon: string }> {
    let software: { node: string; autocannon: string } | undefined;
    let failed: Extract<WorkerMessage, { type: 'failed' }> | undefined;
    for await (const output of readWorkerMessages(this.#child.stdout as AsyncIterable<string>)) {
      if (over.aborted) break;
      if (output.kind !== 'message') {
        handlers.warning(
          `The load worker said something that is no message: ${output.kind === 'noise' ? output.line.slice(0, 200) : 'a gap'}`,
        );
        continue;
      }
      const { message } = output;
      if (message.type === 'ready') software = { node: message.node, autocannon: message.autocannon };
      else if (message.type === 'failed') failed = message;
      else if (message.type === 'finished') {
        if (software !== undefined) return software;
      } else await this.#handle(message, handlers, signal);
    }
    const end = await this.#closed;
    throwIfCancelled(signal, 'the load was under way');
    throw failure(failed, end, this.#stderr);
  }

  async #handle(
    message: Exclude<WorkerMessage, { type: 'ready' | 'failed' | 'finished' }>,
    handlers: LocalLoadHandlers,
    signal: AbortSignal,
  ): Promise<void> {
    switch (message.type) {
      case 'waiting':
        this.send(wordFor(message.phase, await handlers.nextPhase(message.phase)));
        break;
      case 'phase-started':
        break;
      case 'snapshot':
        handlers.snapshot(message.phase, message.snapshot);
        break;
      case 'phase-ended':
        if (signal.aborted) handlers.phaseCancelled?.(message.phase, message.measurement);
        else await handlers.phaseEnded(message.phase, message.measurement);
        break;
    }
  }
}

function wordFor(go: number, phase: Phase | null): Go {
  return phase === null ? { go, next: 'end' } : { go, next: 'phase', phase, startAtMs: null, offsetMs: 0 };
}

function failure(
  failed: { reason: string; message: string; nextStep: string | null } | undefined,
  end: string,
  stderr: string,
): BenchError {
  const lines = stderr.trim().split('\n');
  const said = lines.findLast((line) => /^\w*Error: /.test(line)) ?? lines.slice(-5).join('\n');
  // A worker that finds its input wrong says so in a word that is ours already; everything else is a failed load.
  const reason: Reason = failed?.reason === 'plan-invalid' ? 'plan-invalid' : 'load-failed';
  if (failed !== undefined) {
    return new BenchError({
      reason,
      message: `The load worker failed: ${failed.message}`,
      nextStep: failed.nextStep ?? undefined,
    });
  }
  return new BenchError({
    reason,
    message: `The load worker ended before its work was done: ${end}.${said === '' ? '' : ` Its last words: ${said}`}`,
    nextStep: 'Check that this machine has memory to spare, and that nothing ends processes.',
  });
}

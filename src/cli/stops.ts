import { type RunningTime, startRunningTime } from '../load/runningTime.ts';
import { exitCodes } from './context.ts';

/**
 * npm and other wrappers hand an interrupt on that the terminal has sent already: within this time it is the same one. Only time
 * in which this process ran counts, since a machine that stands still between the two must not make a person of npm.
 */
const sameInterruptMs = 1000;

/**
 * The signal that stops a command, which then cleans up: Ctrl-C, SIGTERM, a terminal that is closed, and output that
 * nobody reads any more (`| tee` hears Ctrl-C too, and is gone before us). Closing a terminal sends SIGHUP twice and CI
 * systems follow SIGINT with SIGTERM, so that only a second Ctrl-C, a person's, ends the program without cleaning up.
 */
export function signalOfStops(output: {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    controller.abort();
  };
  let sinceInterrupt: RunningTime | undefined;
  process.on('SIGINT', () => {
    sinceInterrupt ??= startRunningTime();
    if (sinceInterrupt.ms() > sameInterruptMs) process.exit(exitCodes.cancelled);
    stop();
  });
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
  watch(output.stdout, output.stderr, stop);
  watch(output.stderr, undefined, stop);
  return controller.signal;
}

/** Without a listener the first failed write would end the program before it has cleaned up. */
function watch(stream: NodeJS.WriteStream, complainTo: NodeJS.WriteStream | undefined, stop: () => void): void {
  let failed = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (readerIsGone(error)) {
      stop();
      return;
    }
    if (failed) return;
    failed = true;
    complainTo?.write(`topology-bench: The output could not be written: ${error.message}.\n`);
    // Such as a full disk: the work goes on, but nobody may take what was written for the whole.
    process.once('exit', () => {
      if ((process.exitCode ?? exitCodes.ok) === exitCodes.ok) process.exitCode = exitCodes.failed;
    });
  });
}

/** A pipe without a reader, or a terminal that was closed. */
function readerIsGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'EIO';
}

/** What every command gets from the program that runs it. */
export interface CliContext {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  /** Aborted by Ctrl-C, SIGTERM, a terminal that is closed, or output that nobody reads any more. */
  readonly signal: AbortSignal;
  /** Folder with package.json, src/serving, media and dist. */
  readonly root: string;
  readonly version: string;
}

/** Documented in docs/command-line.md; every command uses these alone. */
export const exitCodes = {
  ok: 0,
  /** The run or a check of it failed, or its result is not valid. */
  failed: 1,
  /** The command line, a file or a plan is wrong; nothing was started. */
  usage: 2,
  /** Stopped from outside (see CliContext.signal), after clean-up. */
  cancelled: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

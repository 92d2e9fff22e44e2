import { throwIfCancelled } from '../core/errors.ts';
import { connectionLost } from './channelSocket.ts';
import type { Cluster } from './cluster.ts';
import type { ContainerName } from './logs.ts';
import { objectPath } from './resources.ts';
import { isConnectionTrouble, refusal } from './statusError.ts';

/** Channels of an exec socket. Source: Kubernetes' v5.channel.k8s.io. */
const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3 } as const;

/** Exit code of a command that could not be started, as in a container that has just ended. */
export const notStarted = -1;

export interface ExecSession {
  /** Writes to the command's standard input. Rejects with `connection-lost`. */
  send(...data: readonly Buffer[]): Promise<void>;
  endInput(): Promise<void>;
  close(): void;
  /** Resolves with the exit code; rejects with `connection-lost` when the socket closed before it was known. */
  readonly exitCode: Promise<number>;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in a container, given as a list of arguments, to its end. */
export async function exec(
  cluster: Cluster,
  of: ContainerName,
  command: readonly string[],
  signal: AbortSignal,
): Promise<ExecResult> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const output = { stdout: (data: Buffer) => stdout.push(data), stderr: (data: Buffer) => stderr.push(data) };
  const session = await openExec(cluster, of, command, output, signal, false);
  const exitCode = await session.exitCode;
  return { exitCode, stdout: Buffer.concat(stdout).toString('utf8'), stderr: Buffer.concat(stderr).toString('utf8') };
}

/**
 * Starts a command in a container. The session is closed when the signal is aborted.
 * @throws BenchError forbidden, rejected-by-cluster, connection-lost or cancelled; StatusError while the API server cannot
 * answer
 */
export async function openExec(
  cluster: Cluster,
  of: ContainerName,
  command: readonly string[],
  output: { stdout: (data: Buffer) => void; stderr: (data: Buffer) => void },
  signal: AbortSignal,
  withInput = true,
): Promise<ExecSession> {
  const asked = new URLSearchParams({
    container: of.container,
    stdin: String(withInput),
    stdout: 'true',
    stderr: 'true',
    tty: 'false',
  });
  for (const argument of command) asked.append('command', argument);
  let finish: (code: number) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const exitCode = new Promise<number>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  // Callers that stop on another error never look at it.
  exitCode.catch(() => undefined);
  const socket = await cluster
    .openSocket(
      `${objectPath('Pod', of.namespace, of.pod)}/exec?${asked.toString()}`,
      (channel, data) => {
        if (channel === channels.stdout) output.stdout(data);
        else if (channel === channels.stderr) output.stderr(data);
        else if (channel === channels.status) finish(exitCodeFrom(data));
      },
      signal,
    )
    .catch((error: unknown) => {
      throw isConnectionTrouble(error) ? error : refusal(error, `run a command in the pod ${of.pod}`);
    });
  const onAbort = (): void => {
    socket.close();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  void socket.closed.then(() => {
    signal.removeEventListener('abort', onAbort);
    try {
      throwIfCancelled(signal, 'a command ran in a pod');
      fail(connectionLost());
    } catch (error) {
      fail(error);
    }
  });
  return {
    send: (...data) => socket.send(channels.stdin, ...data),
    endInput: () => socket.end(channels.stdin),
    close: () => {
      socket.close();
    },
    exitCode,
  };
}

interface ExecStatus {
  readonly status?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] };
}

/** The last message of a command: a Status object. */
function exitCodeFrom(data: Buffer): number {
  const parsed = JSON.parse(data.toString('utf8')) as ExecStatus;
  if (parsed.status === 'Success') return 0;
  const cause = parsed.details?.causes?.find(({ reason }) => reason === 'ExitCode');
  return Number(cause?.message ?? notStarted);
}

import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError, cancelled, throwIfCancelled } from '../core/errors.ts';
import type { ModelFile } from '../core/plan.ts';
import { sha256 } from '../hashes/sha256.ts';
import { modelDirectory } from '../topologies/podTemplate.ts';
import type { Pod } from './apiObjects.ts';
import { connectionLost } from './channelSocket.ts';
import type { Cluster } from './cluster.ts';
import { endedPod } from './diagnose.ts';
import { notStarted, openExec, type ExecSession } from './exec.ts';
import type { ContainerName } from './logs.ts';
import { failure, isContainerDone } from './ready.ts';
import { objectPath } from './resources.ts';
import { isConnectionTrouble, isStatus, refusal } from './statusError.ts';

/** Files and where they are on this machine: file name to absolute path. */
export interface ModelSource {
  readonly files: readonly ModelFile[];
  readonly paths: Readonly<Record<string, string>>;
}

/** The exec stream has no backpressure, so each frame waits for its acknowledgement; this is all that is under way. */
const frameBytes = 1 << 20;
const answerTimeoutMs = 60_000;
/** How slowly a pod with few cores and a slow disk may hash what it received. */
const slowestHashBytesPerSecond = 20e6;
const lookWithinMs = 10_000;

/**
 * Uploads a model into a container that waits for it, by src/serving's receive_model, which checks every hash before it
 * puts anything in place. A connection that drops is opened again, and the upload goes on where it was; the receiver of
 * the one that dropped may be at work still, and may even finish it, after which the container ends.
 * @throws BenchError upload-failed, pod-failed, model-not-found, connection-lost or cancelled
 */
export async function uploadModel(
  cluster: Cluster,
  of: ContainerName,
  source: ModelSource,
  progress: (sentBytes: number, totalBytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const totalBytes = sizeOf(source);
  const patienceMs = commitTimeoutMs(totalBytes);
  let giveUpAtMs = performance.now() + patienceMs;
  let furthestBytes = 0;
  let mismatches = 0;
  const watched = (sentBytes: number): void => {
    if (sentBytes > furthestBytes) {
      furthestBytes = sentBytes;
      giveUpAtMs = performance.now() + patienceMs;
    }
    progress(sentBytes, totalBytes);
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      await uploadOnce(cluster, of, source, watched, signal);
      return;
    } catch (error) {
      throwIfCancelled(signal, 'uploading the model');
      if (await isDone(cluster, of, signal)) {
        progress(totalBytes, totalBytes);
        return;
      }
      const { problem, cause } = judge(error);
      if (cause === 'mismatch') mismatches += 1;
      if (cause === 'final' || mismatches > 1 || performance.now() > giveUpAtMs) throw problem;
    }
    await sleep(Math.min(500 * attempt, 3_000), undefined, { signal }).catch(() => {
      throw cancelled('uploading the model');
    });
  }
}

/** One hash over all files of a model: what wait_for_model waits for and receive_model answers with. */
export function modelManifestSha256(files: readonly ModelFile[]): string {
  const lines = files
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
    .map((file) => `${file.sha256}  ${file.name}\n`);
  return sha256(lines.join(''));
}

async function uploadOnce(
  cluster: Cluster,
  of: ContainerName,
  source: ModelSource,
  progress: (sentBytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const receiver = await Receiver.open(cluster, of, signal);
  try {
    const { held, manifest } = await receiver.ready();
    const sent = new Map(source.files.map((file) => [file.name, heldOf(file, held)]));
    const report = (): void => {
      progress([...sent.values()].reduce((sum, bytes) => sum + bytes, 0));
    };
    report();
    if (manifest !== modelManifestSha256(source.files)) {
      for (const file of source.files) {
        await sendFile(receiver, file, source.paths[file.name], heldOf(file, held), (bytes) => {
          sent.set(file.name, bytes);
          report();
        });
      }
      await receiver.commit(source.files, commitTimeoutMs(sizeOf(source)));
    }
    progress(sizeOf(source));
  } finally {
    receiver.close();
  }
}

/** Whether the container has ended well, with the model in place; false while it runs, and while that cannot be known. */
async function isDone(cluster: Cluster, of: ContainerName, signal: AbortSignal): Promise<boolean> {
  const path = objectPath('Pod', of.namespace, of.pod);
  let pod: Pod;
  try {
    pod = (await cluster.get(path, signal, { onceWithinMs: lookWithinMs })) as Pod;
  } catch (error) {
    if (isStatus(error, 404)) throw failed('its pod was deleted');
    if (isConnectionTrouble(error)) return false;
    throw refusal(error, `read the pod ${of.pod}`);
  }
  if (isContainerDone(pod, of.container)) return true;
  const loader = pod.status?.initContainerStatuses?.find(({ name }) => name === of.container);
  if (pod.status?.phase !== 'Failed' && loader?.state?.terminated === undefined) return false;
  const finding = endedPod(of.container, pod);
  if (finding.state === 'failed') throw await failure(cluster, finding, of.namespace, pod, signal);
  return false;
}

function sizeOf(source: ModelSource): number {
  return source.files.reduce((sum, file) => sum + file.sizeBytes, 0);
}

/** Nothing is heard of the receiver while it hashes all files. */
function commitTimeoutMs(totalBytes: number): number {
  return answerTimeoutMs + (totalBytes / slowestHashBytesPerSecond) * 1000;
}

async function sendFile(
  receiver: Receiver,
  file: ModelFile,
  path: string | undefined,
  held: number,
  sent: (bytes: number) => void,
): Promise<void> {
  const handle = await openModelFile(file, path);
  try {
    const buffer = Buffer.alloc(Math.min(frameBytes, file.sizeBytes));
    let offset = held;
    if (file.sizeBytes === 0) await receiver.frame(file.name, 0, Buffer.alloc(0));
    while (offset < file.sizeBytes) {
      const length = Math.min(frameBytes, file.sizeBytes - offset);
      const { bytesRead } = await handle.read(buffer, 0, length, offset);
      if (bytesRead === 0) throw changed(file);
      offset = await receiver.frame(file.name, offset, buffer.subarray(0, bytesRead));
      sent(offset);
    }
  } finally {
    await handle.close();
  }
}

/** Bytes of a file that the pod has already; more than the file has are of another file, and it begins anew. */
function heldOf(file: ModelFile, held: Readonly<Record<string, number>>): number {
  const bytes = held[file.name] ?? 0;
  return bytes <= file.sizeBytes ? bytes : 0;
}

async function openModelFile(file: ModelFile, path: string | undefined): Promise<FileHandle> {
  try {
    if (path === undefined) throw new Error('no path is known');
    return await open(path, 'r');
  } catch (error) {
    throw new BenchError({
      reason: 'model-not-found',
      message: `The model's file ${file.name} cannot be read.`,
      nextStep: 'Check that the model folder is still there.',
      cause: error,
    });
  }
}

/** The receiver's side of the protocol, one answer for each thing said. */
class Receiver {
  readonly #session: ExecSession;
  readonly #lines: LineQueue;

  private constructor(session: ExecSession, lines: LineQueue) {
    this.#session = session;
    this.#lines = lines;
  }

  static async open(cluster: Cluster, of: ContainerName, signal: AbortSignal): Promise<Receiver> {
    throwIfCancelled(signal, 'uploading the model');
    const lines = new LineQueue();
    const command = ['python3', '-m', 'topology_bench_serving.receive_model', modelDirectory];
    let errors = '';
    const output = {
      stdout: (data: Buffer): void => {
        lines.push(data);
      },
      stderr: (data: Buffer): void => {
        errors = `${errors}${data.toString('utf8')}`.slice(-2000);
      },
    };
    const session = await openExec(cluster, of, command, output, signal);
    session.exitCode.then(
      (code) => {
        const words = errors.trim();
        const why = `the receiver in the pod ended with ${String(code)}${words === '' ? '' : `: ${words}`}`;
        if (code === notStarted) lines.end(new UploadProblem('passing', failed(why)));
        else lines.end(failed(why, code === killed ? memoryStep : undefined));
      },
      (error: unknown) => {
        lines.end(error);
      },
    );
    return new Receiver(session, lines);
  }

  async ready(): Promise<{ held: Readonly<Record<string, number>>; manifest: string | null }> {
    // What keeps it from beginning is most likely the receiver of a connection that dropped.
    const { ready } = await this.#answer('passing');
    if (ready?.protocol !== 1) throw failed('the receiver in the pod speaks another protocol');
    return { held: ready.held, manifest: ready.manifest };
  }

  async frame(file: string, offset: number, data: Buffer): Promise<number> {
    const header = Buffer.from(`${JSON.stringify({ file, offset, length: data.length })}\n`);
    await this.#session.send(header, data);
    const { ack } = await this.#answer('final');
    if (ack !== offset + data.length) throw failed(`the receiver acknowledged ${String(ack)} bytes of ${file}`);
    return ack;
  }

  async commit(files: readonly ModelFile[], timeoutMs: number): Promise<void> {
    const named = Object.fromEntries(files.map(({ name, sha256 }) => [name, sha256]));
    await this.#session.send(Buffer.from(`${JSON.stringify({ commit: { files: named } })}\n`));
    const { manifest } = await this.#answer('mismatch', timeoutMs);
    if (manifest !== modelManifestSha256(files)) throw failed('the receiver put other files in place than were sent');
  }

  close(): void {
    this.#session.close();
  }

  /** @param cause what an error means here */
  async #answer(cause: Cause, timeoutMs = answerTimeoutMs): Promise<Answer> {
    const line = await this.#lines.next(timeoutMs);
    const answer = JSON.parse(line) as Answer;
    if (answer.error !== undefined) throw new UploadProblem(cause, failed(answer.error, nextSteps[cause]));
    return answer;
  }
}

interface Answer {
  readonly ready?: {
    readonly protocol: number;
    readonly held: Readonly<Record<string, number>>;
    readonly manifest: string | null;
  };
  readonly ack?: number;
  readonly manifest?: string;
  readonly error?: string;
}

/** Lines of a byte stream, one at a time. */
class LineQueue {
  #rest = '';
  #lines: string[] = [];
  #ended: unknown;
  #wake: (() => void) | undefined;

  push(data: Buffer): void {
    // Answers are ASCII, so a chunk's border never splits a character.
    const parts = `${this.#rest}${data.toString('latin1')}`.split('\n');
    this.#rest = parts.pop() ?? '';
    this.#lines.push(...parts);
    this.#wake?.();
  }

  end(error: unknown): void {
    this.#ended = error;
    this.#wake?.();
  }

  async next(timeoutMs: number): Promise<string> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      if (this.#ended !== undefined) throw this.#ended as Error;
      const left = deadline - performance.now();
      if (left <= 0) throw connectionLost();
      const timer = new AbortController();
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([woken, sleep(left, undefined, { signal: timer.signal }).catch(() => undefined)]);
      timer.abort();
    }
  }
}

/**
 * What an upload that did not succeed means. "passing": the connection dropped, or the receiver of one that dropped is at
 * work still. "mismatch": a file arrived otherwise than it was planned, which is tried once more. "final": no other try helps.
 */
type Cause = 'passing' | 'mismatch' | 'final';

class UploadProblem extends Error {
  readonly problemCause: Cause;
  readonly problem: BenchError;

  constructor(problemCause: Cause, problem: BenchError) {
    super(problem.message);
    this.problemCause = problemCause;
    this.problem = problem;
  }
}

function judge(error: unknown): { readonly problem: unknown; readonly cause: Cause } {
  if (error instanceof UploadProblem) return { problem: error.problem, cause: error.problemCause };
  return { problem: refusal(error, 'take the model in'), cause: isConnectionTrouble(error) ? 'passing' : 'final' };
}

const nextSteps: Readonly<Record<Cause, string>> = {
  passing: 'Start again; the message above says what to change.',
  mismatch: 'Check that the model files are not being changed, and start again.',
  final: 'Start again; the message above says what to change.',
};

/** Exit code after SIGKILL, by which a node ends what has too little memory. */
const killed = 137;
const memoryStep = 'It was killed. If memory ran out, give the topology more.';

function failed(why: string, nextStep = nextSteps.final): BenchError {
  return new BenchError({
    reason: 'upload-failed',
    message: `The model could not be uploaded: ${why}.`,
    nextStep,
  });
}

function changed(file: ModelFile): BenchError {
  return new BenchError({
    reason: 'upload-failed',
    message: `The model's file ${file.name} has become shorter since the run was planned.`,
    nextStep: 'Start again when the file is complete.',
  });
}

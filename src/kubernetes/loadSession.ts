import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError, isCancelled, throwIfCancelled } from '../core/errors.ts';
import type { LoadSpec, WorkerMessage } from '../core/load.ts';
import type { LoadOutcome, PhaseHandlers } from '../core/ports.ts';
import { createWorkerMessageReader, type WorkerMessageReader } from '../core/workerMessages.ts';
import type { Anchor } from '../topologies/labels.ts';
import { gateDirectory, loadContainer, renderLoadGenerator } from '../topologies/loadGenerator.ts';
import type { RenderRequest } from '../topologies/renderRequest.ts';
import type { Pod } from './apiObjects.ts';
import { apply } from './apply.ts';
import { connectionLost } from './channelSocket.ts';
import type { Cluster } from './cluster.ts';
import { endedPod } from './diagnose.ts';
import { exec, notStarted } from './exec.ts';
import { followLog, type ContainerName } from './logs.ts';
import { failure, isContainerRunning, waitForPods } from './ready.ts';
import { deleteOne } from './remove.ts';
import { objectPath } from './resources.ts';
import { isConnectionTrouble, isStatus, refusal } from './statusError.ts';

export interface LoadJob {
  readonly plan: RenderRequest['plan'];
  readonly topology: RenderRequest['topology'];
  readonly anchor: Anchor;
  readonly spec: LoadSpec;
  readonly workerName: string;
  readonly secretName: string | null;
}

/** A load generator that still waits for its node or image after this long is worth a word. */
const quietWaitMs = 20_000;
/** Whoever cancels does not wait for an API server that is away; what is left goes with the topology. */
const endLoadWithinMs = 1_000;
/** One try to open a gate, from connecting to the command's exit code. */
const gateAttemptMs = 15_000;
const lookWithinMs = 10_000;
/** The worker says how a phase stands each second, save at its end, so a stream that is silent for longer is dead. */
const silenceMs = 30_000;

/**
 * Runs the load from a Job inside the cluster and reads its messages from its log; a log stream that breaks is read again
 * from the start, and what was seen before is dropped by its sequence number. While the API server is away the load goes on
 * in its pod, so nothing is given up before the worker itself would give up waiting.
 * @param running is told the load generator's pod once it runs
 * @returns the software that made the load
 * @throws BenchError load-failed, or what kept the pod from running; cancelled at once on abort
 */
export async function runLoadJob(
  cluster: Cluster,
  job: LoadJob,
  handlers: PhaseHandlers,
  running: (pod: Pod) => void,
  signal: AbortSignal,
): Promise<LoadOutcome> {
  const rendered = renderLoadGenerator(job);
  const { namespace } = job.anchor;
  const changes = await apply(cluster, [rendered.spec, rendered.job], signal);
  try {
    const pod = await waitForLoadPod(cluster, job, rendered.job.metadata, handlers, signal);
    running(pod);
    const of = { namespace, pod: pod.metadata.name, container: loadContainer };
    return await new LoadConversation(cluster, of, job.spec, handlers, signal).carryOut();
  } finally {
    const created = changes.find(({ kind }) => kind === 'Job');
    if (created !== undefined) await endLoad(cluster, { ...created, kind: 'Job' });
  }
}

/** Ends the load at once where the API server answers; a change is not torn down, so it may go on in the background. */
async function endLoad(cluster: Cluster, job: Parameters<typeof deleteOne>[1]): Promise<void> {
  const limit = new AbortController();
  const deleting = deleteOne(cluster, job, AbortSignal.timeout(endLoadWithinMs)).catch(() => undefined);
  await Promise.race([deleting, sleep(endLoadWithinMs, undefined, { signal: limit.signal }).catch(() => undefined)]);
  limit.abort();
}

async function waitForLoadPod(
  cluster: Cluster,
  job: LoadJob,
  metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
  handlers: PhaseHandlers,
  signal: AbortSignal,
): Promise<Pod> {
  const waiting = waitForPods(
    cluster,
    {
      namespace: job.anchor.namespace,
      selector: metadata.labels,
      pods: [{ component: 'load generator', name: metadata.name, selector: metadata.labels }],
      // A worker that has failed already says why in its log.
      reached: (pod) =>
        isContainerRunning(pod, loadContainer) || pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded',
      timeoutSeconds: job.plan.readyTimeoutSeconds,
    },
    signal,
  );
  const began = Date.now();
  for (;;) {
    const { done, value } = await waiting.next();
    if (done === true) {
      const [pod] = value;
      if (pod !== undefined) return pod;
      throw new BenchError({ reason: 'load-failed', message: 'The load generator has no pod.' });
    }
    if (Date.now() - began > quietWaitMs) handlers.warning(`Still waiting for the ${value}`);
  }
}

/** One talk with the worker in a pod: it says what it does in its log, and is told to go on by files. */
class LoadConversation {
  readonly #cluster: Cluster;
  readonly #of: ContainerName;
  readonly #spec: LoadSpec;
  readonly #handlers: PhaseHandlers;
  readonly #signal: AbortSignal;
  #software: LoadOutcome | undefined;
  #failed: string | undefined;
  #finished = false;
  #nextPhase = 0;
  /** Until then (Unix time in milliseconds) the worker waits for its next word at the least. */
  #waitsUntilMs: number;
  readonly #noise: string[] = [];

  constructor(cluster: Cluster, of: ContainerName, spec: LoadSpec, handlers: PhaseHandlers, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#of = of;
    this.#spec = spec;
    this.#handlers = handlers;
    this.#signal = signal;
    this.#waitsUntilMs = Date.now() + this.#gateTimeoutMs;
  }

  async carryOut(): Promise<LoadOutcome> {
    const reader = createWorkerMessageReader();
    for (let silent = 0; ; silent += 1) {
      const end = await this.#end();
      const heard = await this.#readStream(reader);
      throwIfCancelled(this.#signal, 'the load was under way');
      if (this.#failed !== undefined) throw loadFailed(this.#failed);
      if (this.#finished && this.#software !== undefined) return this.#software;
      // Only a log read after the end is known to be whole.
      if (end !== undefined) throw await this.#endedEarly(end);
      if (Date.now() > this.#waitsUntilMs) throw loadFailed('nothing could be heard of it for too long');
      // One word for each outage, however often the stream is tried meanwhile.
      if (heard) {
        this.#handlers.warning('The log stream of the load generator was lost and is read again.');
        silent = 0;
      }
      reader.restart();
      await this.#pause(silent);
    }
  }

  get #gateTimeoutMs(): number {
    return this.#spec.gateTimeoutSeconds * 1000;
  }

  /**
   * Reads one stream to its end; a broken one looks like one that is finished.
   * @returns whether anything came
   */
  async #readStream(reader: WorkerMessageReader): Promise<boolean> {
    const dead = new AbortController();
    const silence = (): NodeJS.Timeout =>
      setTimeout(() => {
        dead.abort();
      }, silenceMs + this.#spec.timeoutMs);
    let timer = silence();
    let heard = false;
    try {
      const lines = followLog(this.#cluster, this.#of, {}, AbortSignal.any([this.#signal, dead.signal]));
      for await (const line of lines) {
        clearTimeout(timer);
        heard = true;
        for (const output of reader.line(line)) {
          if (output.kind === 'noise') this.#noise.push(output.line);
          else if (output.kind === 'gap') this.#handlers.warning("Lines of the load generator's log are missing.");
          else await this.#take(output.message);
        }
        if (this.#finished || this.#failed !== undefined) return true;
        timer = silence();
      }
    } catch (error) {
      const lost = dead.signal.aborted && isCancelled(error) && !this.#signal.aborted;
      if (!lost && !isBrokenStream(error)) throw refusal(error, "read the load generator's log");
    } finally {
      clearTimeout(timer);
    }
    return heard;
  }

  async #take(message: WorkerMessage): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#software = { node: message.node, autocannon: message.autocannon };
        return;
      case 'waiting':
        if (message.phase !== this.#nextPhase)
          throw loadFailed(`the result of phase ${String(this.#nextPhase)} is missing from its log`);
        this.#waitsUntilMs = Date.now() + this.#gateTimeoutMs;
        await this.#handlers.beforePhase(message.phase);
        await this.#openGate(message.phase);
        return;
      case 'phase-started':
        return;
      case 'snapshot':
        this.#handlers.snapshot(message.phase, message.snapshot);
        return;
      case 'phase-ended':
        this.#nextPhase = message.phase + 1;
        this.#waitsUntilMs = Date.now() + this.#gateTimeoutMs;
        await this.#handlers.phaseEnded(message.phase, message.measurement);
        return;
      case 'finished':
        this.#finished = true;
        return;
      case 'failed':
        this.#failed = message.message;
        return;
    }
  }

  /**
   * Node itself writes the file: nothing else is known to be in the image. Tried again for as long as the worker waits; to
   * write the file twice is the same as once.
   */
  async #openGate(phase: number): Promise<void> {
    const file = `${gateDirectory}/go-${String(phase)}`;
    const command = ['node', '-e', 'require("node:fs").writeFileSync(process.argv[1], "")', file];
    for (let attempt = 1; ; attempt += 1) {
      const limit = AbortSignal.timeout(gateAttemptMs);
      try {
        const both = AbortSignal.any([this.#signal, limit]);
        const { exitCode, stderr } = await exec(this.#cluster, this.#of, command, both);
        if (exitCode === 0) break;
        if (exitCode === notStarted) throw connectionLost();
        throw loadFailed(`it could not be told to start a phase: ${stderr.trim()}`);
      } catch (error) {
        throwIfCancelled(this.#signal, 'a phase was about to start');
        // A worker that has ended meanwhile says why at the end of its log.
        if ((await this.#end()) !== undefined) return;
        const unknownYet = isConnectionTrouble(error) || (limit.aborted && isCancelled(error));
        if (!unknownYet) throw error;
        if (Date.now() > this.#waitsUntilMs)
          throw loadFailed('it could not be told to start a phase for as long as it waited');
      }
      await this.#pause(attempt);
      throwIfCancelled(this.#signal, 'a phase was about to start');
    }
    const seconds = this.#spec.phases[phase]?.durationSeconds ?? 0;
    this.#waitsUntilMs = Date.now() + seconds * 1000 + this.#spec.timeoutMs + this.#gateTimeoutMs;
  }

  /** The pod, when its container has ended; undefined while it runs, and while that cannot be known. */
  async #end(): Promise<Pod | 'deleted' | undefined> {
    const path = objectPath('Pod', this.#of.namespace, this.#of.pod);
    try {
      const pod = (await this.#cluster.get(path, this.#signal, { onceWithinMs: lookWithinMs })) as Pod;
      return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded' ? pod : undefined;
    } catch (error) {
      if (isStatus(error, 404)) return 'deleted';
      if (isConnectionTrouble(error)) return undefined;
      throw refusal(error, "read the load generator's pod");
    }
  }

  async #pause(tries: number): Promise<void> {
    await sleep(Math.min(200 * tries, 2_000), undefined, { signal: this.#signal }).catch(() => undefined);
  }

  async #endedEarly(pod: Pod | 'deleted'): Promise<BenchError> {
    if (pod === 'deleted') return loadFailed('its pod was deleted');
    const finding = endedPod('the load generator', pod);
    if (finding.state === 'waiting') return loadFailed('it ended before its work was done');
    const error = await failure(this.#cluster, finding, this.#of.namespace, pod, this.#signal);
    return loadFailed(error.message.replace(/\.$/u, ''));
  }
}

function loadFailed(why: string): BenchError {
  return new BenchError({
    reason: 'load-failed',
    message: `The load generator in the cluster failed: ${why}.`,
    nextStep: 'Check its image and the resources of its node, or load from this machine.',
  });
}

/** The API server answers 400 while a container has not started and 404 when its pod is gone: the pod itself tells more. */
function isBrokenStream(error: unknown): boolean {
  return isConnectionTrouble(error) || isStatus(error, 400) || isStatus(error, 404);
}

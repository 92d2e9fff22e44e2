import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError, isCancelled, throwIfCancelled } from '../core/errors.ts';
import type { LoadSpec, WorkerMessage } from '../core/load.ts';
import type { LoadHandlers } from '../core/ports.ts';
import { createWorkerMessageReader, type WorkerMessageReader } from '../core/workerMessages.ts';
import type { Anchor } from '../topologies/labels.ts';
import { gateDirectory, loadContainer, renderLoadGenerator } from '../topologies/loadGenerator.ts';
import type { RenderRequest } from '../topologies/renderRequest.ts';
import type { Pod } from './apiObjects.ts';
import { apply } from './apply.ts';
import type { Cluster } from './cluster.ts';
import { endedPod } from './diagnose.ts';
import { exec } from './exec.ts';
import { followLog, type ContainerName } from './logs.ts';
import { failure, isContainerRunning, waitForPods } from './ready.ts';
import { deleteOne } from './remove.ts';
import { objectPath } from './resources.ts';
import { isStatus } from './statusError.ts';

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
const gateAttempts = 4;

/**
 * Runs the load from a Job inside the cluster and reads its messages from its log; a log stream that breaks is read again
 * from the start, and what was seen before is dropped by its sequence number.
 * @returns the software that made the load, and the pod it ran in
 * @throws BenchError load-failed, or what kept the pod from running; cancelled at once on abort
 */
export async function runLoadJob(
  cluster: Cluster,
  job: LoadJob,
  handlers: LoadHandlers,
  signal: AbortSignal,
): Promise<{ node: string; autocannon: string; pod: Pod }> {
  const rendered = renderLoadGenerator(job);
  const { namespace } = job.anchor;
  const changes = await apply(cluster, [rendered.spec, rendered.job], signal);
  try {
    const pod = await waitForLoadPod(cluster, job, rendered.job.metadata, handlers, signal);
    const of = { namespace, pod: pod.metadata.name, container: loadContainer };
    const software = await new LoadConversation(cluster, of, handlers, signal).carryOut();
    return { ...software, pod };
  } finally {
    // What is left goes with the topology; this only ends the load at once.
    const created = changes.find(({ kind }) => kind === 'Job');
    if (created !== undefined) {
      await deleteOne(cluster, { ...created, kind: 'Job' }, AbortSignal.timeout(2_000)).catch(() => undefined);
    }
  }
}

async function waitForLoadPod(
  cluster: Cluster,
  job: LoadJob,
  metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
  handlers: LoadHandlers,
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
  readonly #handlers: LoadHandlers;
  readonly #signal: AbortSignal;
  #software: { node: string; autocannon: string } | undefined;
  #failed: string | undefined;
  #finished = false;
  #nextPhase = 0;
  readonly #noise: string[] = [];

  constructor(cluster: Cluster, of: ContainerName, handlers: LoadHandlers, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#of = of;
    this.#handlers = handlers;
    this.#signal = signal;
  }

  async carryOut(): Promise<{ node: string; autocannon: string }> {
    const reader = createWorkerMessageReader();
    for (let lost = 0; ; lost += 1) {
      const ended = await this.#hasEnded();
      await this.#readStream(reader);
      throwIfCancelled(this.#signal, 'the load was under way');
      if (this.#failed !== undefined) throw loadFailed(this.#failed);
      if (this.#finished && this.#software !== undefined) return this.#software;
      // Only a log read after the end is known to be whole.
      if (ended !== undefined) throw await this.#endedEarly(ended);
      this.#handlers.warning('The log stream of the load generator was lost and is read again.');
      reader.restart();
      await sleep(Math.min(200 * lost, 2_000), undefined, { signal: this.#signal }).catch(() => undefined);
    }
  }

  /** Reads one stream to its end; a broken one looks like one that is finished. */
  async #readStream(reader: WorkerMessageReader): Promise<void> {
    try {
      for await (const line of followLog(this.#cluster, this.#of, {}, this.#signal)) {
        for (const output of reader.line(line)) {
          if (output.kind === 'noise') this.#noise.push(output.line);
          else if (output.kind === 'gap') this.#handlers.warning("Lines of the load generator's log are missing.");
          else await this.#take(output.message);
        }
        if (this.#finished || this.#failed !== undefined) return;
      }
    } catch (error) {
      if (isCancelled(error) || !isConnectionTrouble(error)) throw error;
    }
  }

  async #take(message: WorkerMessage): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#software = { node: message.node, autocannon: message.autocannon };
        return;
      case 'waiting':
        if (message.phase !== this.#nextPhase)
          throw loadFailed(`the result of phase ${String(this.#nextPhase)} is missing from its log`);
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

  /** Node itself writes the file: nothing else is known to be in the image. */
  async #openGate(phase: number): Promise<void> {
    const file = `${gateDirectory}/go-${String(phase)}`;
    const command = ['node', '-e', 'require("node:fs").writeFileSync(process.argv[1], "")', file];
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { exitCode, stderr } = await exec(this.#cluster, this.#of, command, this.#signal);
        if (exitCode === 0) return;
        throw loadFailed(`it could not be told to start a phase: ${stderr.trim()}`);
      } catch (error) {
        if (attempt >= gateAttempts || isCancelled(error) || !isConnectionTrouble(error)) throw error;
      }
      await sleep(300 * attempt, undefined, { signal: this.#signal }).catch(() => undefined);
    }
  }

  /** The pod, when its container has ended; undefined while it runs. */
  async #hasEnded(): Promise<Pod | 'deleted' | undefined> {
    try {
      const pod = (await this.#cluster.get(objectPath('Pod', this.#of.namespace, this.#of.pod), this.#signal)) as Pod;
      return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded' ? pod : undefined;
    } catch (error) {
      if (isStatus(error, 404)) return 'deleted';
      throw error;
    }
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

function isConnectionTrouble(error: unknown): boolean {
  if (error instanceof BenchError) return error.reason === 'connection-lost' || error.reason === 'api-unreachable';
  // The API server answers 400 while a container has not started and 5xx while its kubelet is away.
  return error instanceof Error && 'status' in error && Number(error.status) !== 403 && Number(error.status) !== 404;
}

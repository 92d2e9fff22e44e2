import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/kubernetes/cluster.ts';
import { StatusError } from '../../../src/kubernetes/statusError.ts';
import { modelManifestSha256, uploadModel, type ModelSource } from '../../../src/kubernetes/upload.ts';
import { findPython } from '../../../src/local/python.ts';

const servingDirectory = join(import.meta.dirname, '../../../src/serving');
const of = { namespace: 'team', pod: 'tb-x', container: 'model-loader' };
const signal = new AbortController().signal;
const sizeBytes = (5 << 20) + 17;

/** The real receiver, over a connection that can fail. */
describe('an upload', () => {
  let folder: string;
  let source: ModelSource;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'topology-bench-upload-'));
    const content = randomBytes(sizeBytes);
    await writeFile(join(folder, 'model.onnx'), content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    source = {
      files: [{ name: 'model.onnx', sizeBytes, sha256 }],
      paths: { 'model.onnx': join(folder, 'model.onnx') },
    };
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('arrives whole, and has no more than one frame on its way that is not acknowledged', async () => {
    const pod = await makePod(folder, source);
    const progress: number[] = [];
    await uploadModel(pod.cluster, of, source, (sentBytes) => progress.push(sentBytes), signal);
    expect(await pod.manifest()).toBe(modelManifestSha256(source.files));
    expect(progress.at(-1)).toBe(sizeBytes);
    expect(pod.mostUnanswered).toBeGreaterThan(1 << 20);
    expect(pod.mostUnanswered).toBeLessThan((1 << 20) + 1024);
  });

  it('is done when the receiver has finished it though the connection dropped, and the container has ended', async () => {
    const pod = await makePod(folder, source, { dropAtCommit: true });
    await uploadModel(pod.cluster, of, source, () => undefined, signal);
    expect(await pod.manifest()).toBe(modelManifestSha256(source.files));
  });

  it('waits for a receiver that is at work still after the connection dropped', async () => {
    const pod = await makePod(folder, source, { dropAtCommit: true, commitEndsAt: 4 });
    await uploadModel(pod.cluster, of, source, () => undefined, signal);
    expect(await pod.manifest()).toBe(modelManifestSha256(source.files));
    // The first, and those that found it at work.
    expect(pod.connections).toBeGreaterThanOrEqual(4);
  });

  it('of another file than was planned is tried once more, and fails', async () => {
    const [file] = source.files;
    const other = { ...source, files: [{ name: 'model.onnx', sizeBytes, ...file, sha256: '0'.repeat(64) }] };
    const pod = await makePod(folder, other);
    await expect(uploadModel(pod.cluster, of, other, () => undefined, signal)).rejects.toMatchObject({
      reason: 'upload-failed',
      message: expect.stringContaining('hash mismatch: model.onnx') as string,
      nextStep: expect.stringContaining('not being changed') as string,
    });
    expect(pod.connections).toBe(2);
  });

  it('whose receiver is killed says what that may mean', async () => {
    const pod = await makePod(folder, source, { killed: true });
    await expect(uploadModel(pod.cluster, of, source, () => undefined, signal)).rejects.toMatchObject({
      reason: 'upload-failed',
      message: expect.stringContaining('ended with 137') as string,
      nextStep: expect.stringContaining('memory') as string,
    });
  });

  it('into a pod that is gone says so', async () => {
    const pod = await makePod(folder, source, { gone: true });
    const failed = uploadModel(pod.cluster, of, source, () => undefined, signal);
    await expect(failed).rejects.toMatchObject({ message: expect.stringContaining('was deleted') as string });
  });
});

interface Faults {
  /** The connection is lost once the word to put the files in place has arrived. */
  readonly dropAtCommit?: boolean;
  /** The receiver is at work on it until somebody connects for so many times. */
  readonly commitEndsAt?: number;
  readonly gone?: boolean;
  /** As a node does when memory runs out. */
  readonly killed?: boolean;
}

interface FakePod {
  readonly cluster: Cluster;
  connections: number;
  /** Most bytes that were on their way without an answer. */
  mostUnanswered: number;
  manifest(): Promise<string | undefined>;
}

/** A pod whose loader runs until the model is in place, as far as an upload sees of it. */
async function makePod(folder: string, source: ModelSource, faults: Faults = {}): Promise<FakePod> {
  const { executable } = await findPython(signal);
  const directory = join(folder, 'pod');
  const pod: FakePod = {
    connections: 0,
    mostUnanswered: 0,
    manifest: async () => (await readFile(join(directory, '.complete'), 'utf8').catch(() => undefined))?.trim(),
    cluster: {
      async get() {
        if (faults.gone === true) throw new StatusError(404, 'NotFound', 'pods "tb-x" not found');
        const state = (await isDone()) ? { terminated: { exitCode: 0 } } : { running: {} };
        return { status: { phase: 'Pending', initContainerStatuses: [{ name: of.container, state }] } };
      },
      async openSocket(_path, onMessage) {
        if (faults.gone === true || (await isDone()))
          throw new StatusError(500, '', 'the API server answered HTTP 500');
        pod.connections += 1;
        if (pod.connections === faults.commitEndsAt) goOn();
        return connection(onMessage);
      },
    } as Partial<Cluster> as Cluster,
  };
  const isDone = async (): Promise<boolean> => (await pod.manifest()) === modelManifestSha256(source.files);
  let hasDropped = false;
  let goOn: () => unknown = () => undefined;

  function connection(onMessage: (channel: number, data: Buffer) => void): Awaited<ReturnType<Cluster['openSocket']>> {
    const module = ['-m', 'topology_bench_serving.receive_model', directory];
    const child = spawn(executable, module, { env: { PYTHONPATH: servingDirectory }, stdio: 'pipe' });
    let unanswered = 0;
    let isClosed = false;
    let close: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => {
      close = () => {
        isClosed = true;
        resolve();
      };
    });
    const tell = (channel: number, data: Buffer): void => {
      if (!isClosed) onMessage(channel, data);
    };
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', (data: Buffer) => {
      unanswered = 0;
      tell(1, data);
    });
    child.stderr.on('data', (data: Buffer) => {
      tell(2, data);
    });
    child.on('close', (code) => {
      const causes = [{ reason: 'ExitCode', message: String(code ?? 137) }];
      tell(3, Buffer.from(JSON.stringify(code === 0 ? { status: 'Success' } : { details: { causes } })));
      close();
    });
    return {
      closed,
      async send(_channel, ...data) {
        const all = Buffer.concat(data);
        unanswered += all.length;
        pod.mostUnanswered = Math.max(pod.mostUnanswered, unanswered);
        if (faults.killed === true) child.kill('SIGKILL');
        const isCommit = all.length < 1000 && all.includes('"commit"');
        if (isCommit && faults.commitEndsAt !== undefined && !hasDropped) {
          child.kill('SIGSTOP');
          goOn = () => child.kill('SIGCONT');
        }
        await new Promise<void>((resolve) => {
          child.stdin.write(all, () => {
            resolve();
          });
        });
        if (!isCommit || faults.dropAtCommit !== true || hasDropped) return;
        hasDropped = true;
        close();
      },
      async end() {
        child.stdin.end();
      },
      close() {
        child.stdin.end();
        close();
      },
    };
  }
  return pod;
}

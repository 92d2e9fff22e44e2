import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { testCluster } from './testCluster.ts';

/** A network between this program and the API server that can fail; nothing else goes through it. */
export interface Link extends AsyncDisposable {
  /** The administrator's, with this link in place of the API server's address. */
  readonly kubeconfigPath: string;
  /** Breaks every connection, and each that is tried from now on. */
  cut(): void;
  /** Takes what is sent, passes nothing on and answers nothing. */
  hold(): void;
  /** Bytes sent by this program that are held back. */
  readonly heldBytes: number;
  mend(): void;
}

export async function openLink(): Promise<Link> {
  const text = await readFile(testCluster().kubeconfig, 'utf8');
  const config = parse(text) as { clusters: { cluster: { server: string } }[] };
  const address = new URL(config.clusters[0]?.cluster.server ?? '');
  const pairs = new Set<HeldPair>();
  let state: 'whole' | 'cut' | 'held' = 'whole';
  const server = createServer((near) => {
    near.on('error', () => undefined);
    if (state === 'cut') {
      near.destroy();
      return;
    }
    const pair = new HeldPair(near, connect(Number(address.port), address.hostname), state === 'held');
    pairs.add(pair);
    near.on('close', () => pairs.delete(pair));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const folder = await mkdtemp(join(tmpdir(), 'topology-bench-link-'));
  const kubeconfigPath = join(folder, 'kubeconfig');
  const clusters = config.clusters.map((entry) => ({
    ...entry,
    cluster: { ...entry.cluster, server: `https://127.0.0.1:${String(port)}` },
  }));
  await writeFile(kubeconfigPath, stringify({ ...config, clusters }), { mode: 0o600 });
  return {
    kubeconfigPath,
    get heldBytes() {
      return [...pairs].reduce((sum, pair) => sum + pair.heldBytes, 0);
    },
    cut() {
      state = 'cut';
      for (const pair of pairs) pair.destroy();
    },
    hold() {
      state = 'held';
      for (const pair of pairs) pair.hold();
    },
    mend() {
      state = 'whole';
      for (const pair of pairs) pair.release();
    },
    async [Symbol.asyncDispose]() {
      for (const pair of pairs) pair.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      await rm(folder, { recursive: true });
    },
  };
}

/** One connection, near and far; what is held back waits in memory. */
class HeldPair {
  readonly #near: Socket;
  readonly #far: Socket;
  #isHeld: boolean;
  #toFar: Buffer[] = [];
  #toNear: Buffer[] = [];

  constructor(near: Socket, far: Socket, isHeld: boolean) {
    this.#near = near;
    this.#far = far;
    this.#isHeld = isHeld;
    near.on('data', (data) => {
      if (this.#isHeld) this.#toFar.push(data);
      else far.write(data);
    });
    far.on('data', (data) => {
      if (this.#isHeld) this.#toNear.push(data);
      else near.write(data);
    });
    far.on('error', () => near.destroy());
    near.on('close', () => far.destroy());
    far.on('close', () => near.end());
  }

  get heldBytes(): number {
    return this.#toFar.reduce((sum, { length }) => sum + length, 0);
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    for (const data of this.#toFar.splice(0)) this.#far.write(data);
    for (const data of this.#toNear.splice(0)) this.#near.write(data);
  }

  destroy(): void {
    this.#near.destroy();
    this.#far.destroy();
  }
}

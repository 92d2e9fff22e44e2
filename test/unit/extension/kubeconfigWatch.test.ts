import { mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ClusterPlace } from '../../../src/extension/cluster.ts';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { KubeconfigWatch } = await import('../../../src/extension/kubeconfigWatch.ts');

class Watcher {
  readonly path: string;
  readonly written = new fakeVscode.EventEmitter<undefined>();
  isDisposed = false;
  readonly onDidChange = this.written.event;
  readonly onDidCreate = this.written.event;
  readonly onDidDelete = this.written.event;
  constructor(path: string) {
    this.path = path;
  }
  dispose(): void {
    this.isDisposed = true;
  }
}

let watchers: Watcher[] = [];
let extension: { isActive: boolean; exports: unknown } | undefined;
Object.assign(fakeVscode, {
  RelativePattern: class {
    readonly path: string;
    constructor({ fsPath }: { readonly fsPath: string }, pattern: string) {
      this.path = join(fsPath, pattern);
    }
  },
  extensions: { getExtension: () => extension },
});
Object.assign(fakeVscode.workspace, {
  createFileSystemWatcher: ({ path }: { readonly path: string }) => {
    const watcher = new Watcher(path);
    watchers.push(watcher);
    return watcher;
  },
});

const looked = new fakeVscode.EventEmitter<ClusterPlace | undefined>();
const changed = vi.fn();
let files: readonly string[] = [];
let watch: InstanceType<typeof KubeconfigWatch>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  changed.mockClear();
  watchers = [];
  extension = undefined;
  files = ['/home/me/.kube/config'];
  watch = new KubeconfigWatch({
    onDidLook: looked.event as never,
    kubeconfigFiles: async () => files,
    changed,
  });
});
afterEach(() => {
  watch.dispose();
  looked.dispose();
  vi.useRealTimers();
});

const pathsInView = (): string[] => watchers.filter(({ isDisposed }) => !isDisposed).map(({ path }) => path);

/** The kubeconfig is read; waits until what follows from that is done, for which the file system is asked. */
async function look(isDone = (): boolean => pathsInView().length >= files.length, limitMs = 20_000): Promise<void> {
  looked.fire(undefined);
  const began = performance.now();
  while (!isDone() && performance.now() - began < limitMs) await new Promise((resolve) => setImmediate(resolve));
}

describe('a kubeconfig', () => {
  test('is watched once it was read, and told of once when it was written in several steps', async () => {
    expect(watchers).toEqual([]);
    await look();
    await look(() => watchers.length > 1, 100);
    expect(pathsInView()).toEqual(['/home/me/.kube/config']);
    watchers[0]?.written.fire(undefined);
    watchers[0]?.written.fire(undefined);
    expect(changed).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(changed).toHaveBeenCalledTimes(1);
  });

  test('of several files is watched in each, and in others once the settings name others', async () => {
    files = ['/a/config', '/b/with[brackets].yaml'];
    await look();
    expect(pathsInView()).toEqual(['/a/config', '/b/with?brackets?.yaml']);
    files = ['/c/config'];
    await look(() => watchers.length > 2);
    expect(pathsInView()).toEqual(['/c/config']);
  });

  test('that is a link is watched where it points to, too', async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'topology-bench-watch-')));
    try {
      await writeFile(join(folder, 'real'), '');
      await symlink(join(folder, 'real'), join(folder, 'link'));
      files = [join(folder, 'link')];
      await look(() => watchers.length > 1);
      expect(pathsInView()).toEqual([join(folder, 'link'), join(folder, 'real')]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('that is written as the window closes tells nobody', async () => {
    await look();
    watchers[0]?.written.fire(undefined);
    watch.dispose();
    vi.advanceTimersByTime(1_000);
    expect(changed).not.toHaveBeenCalled();
    expect(pathsInView()).toEqual([]);
  });
});

describe('the Kubernetes extension', () => {
  const contextChosen = new fakeVscode.EventEmitter<string | null>();
  const asked = vi.fn();
  const broker = {
    get(component: string, version: string): unknown {
      asked(component, version);
      return { available: true, api: { onDidChangeContext: contextChosen.event } };
    },
  };

  test('is heard as soon as it runs, and not started for it', async () => {
    extension = {
      isActive: false,
      get exports(): unknown {
        throw new Error('It does not run.');
      },
    };
    await look();
    extension = { isActive: true, exports: broker };
    await look(() => asked.mock.calls.length > 0);
    await look(() => asked.mock.calls.length > 1, 100);
    expect(asked.mock.calls).toEqual([['configuration', 'v1_1']]);
    contextChosen.fire('production');
    vi.advanceTimersByTime(1_000);
    expect(changed).toHaveBeenCalledTimes(1);
  });

  test.each([
    ['nothing', undefined],
    ['another API', { get: () => ({ available: false, reason: 'version-unknown' }) }],
    [
      'a fault',
      {
        get: () => {
          throw new Error('Its own fault.');
        },
      },
    ],
  ])('that offers %s leaves the watching as it is', async (_what, exports) => {
    extension = { isActive: true, exports };
    await look();
    expect(pathsInView()).toEqual(['/home/me/.kube/config']);
  });
});

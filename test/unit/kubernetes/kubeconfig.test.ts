import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { BenchError, explain } from '../../../src/core/errors.ts';
import { defaultNamespaceOf, kubeconfigFiles, listContexts, readInventory } from '../../../src/kubernetes/index.ts';
import { clusterName, loadKubeconfig } from '../../../src/kubernetes/kubeconfig.ts';
import { startStopwatch } from '../../support/stopwatch.ts';

const secret = 'c2VjcmV0LXRva2Vu';

describe('kubeconfig', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'topology-bench-kubeconfig-'));
    vi.stubEnv('HOME', folder);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.stubEnv('HOME', folder);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  it('that is nowhere is missing, and one that was named says its name', () => {
    vi.stubEnv('KUBECONFIG', '');
    expect(errorOf(() => listContexts({}))).toMatchObject({ reason: 'kubeconfig-missing' });
    vi.stubEnv('KUBECONFIG', join(folder, 'a'));
    expect(errorOf(() => listContexts({})).message).toContain(join(folder, 'a'));
    const named = errorOf(() => listContexts({ kubeconfigPath: join(folder, 'b') }));
    expect(named.message).toContain(join(folder, 'b'));
    expect(named.nextStep).toContain('topologyBench.kubeconfig');
  });

  it('is made of the files that are named, else of those of KUBECONFIG, else of the one in the home folder', () => {
    vi.stubEnv('KUBECONFIG', '/a:/b::');
    expect(kubeconfigFiles('/named')).toEqual(['/named']);
    expect(kubeconfigFiles(undefined)).toEqual(['/a', '/b']);
    vi.stubEnv('KUBECONFIG', '');
    expect(kubeconfigFiles(undefined)).toEqual([join(folder, '.kube', 'config')]);
  });

  it.each([
    ['no YAML', `users: [{ token: ${secret}`, /^The kubeconfig is not YAML at line 1, column \d+\.$/u],
    ['nothing', ' \n', /^The kubeconfig cannot be understood: it is empty\.$/u],
    ['no mapping', 'just words', /broken has no contexts: it is empty, or no kubeconfig\.$/u],
    ['a list', '- 1\n- 2\n', /broken has no contexts/u],
    [
      'entries without names',
      `clusters:\n- {}\nusers:\n- {}\ncontexts:\n- {}\n`,
      /^The kubeconfig cannot be understood: /u,
    ],
    ['no context at all', `apiVersion: v1\nkind: Config\n`, /broken has no contexts/u],
  ])('with %s is broken, and no part of it is shown', async (_, text, message) => {
    const path = await write('broken', text);
    const error = errorOf(() => loadKubeconfig({ kubeconfigPath: path }));
    expect(error.reason).toBe('kubeconfig-broken');
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain(secret);
  });

  it('that is broken names the file and the place in it, for whoever opens it', async () => {
    const path = await write('broken', 'contexts: []\nusers: [}');
    const error = errorOf(() => loadKubeconfig({ kubeconfigPath: path }));
    expect(error.where).toEqual({ file: path, line: 2, column: 9 });
    expect(explain(error)).toMatch(/broken:2:9: The kubeconfig is not YAML at line 2, column 9\. Repair it/u);
    await writeFile(path, '');
    expect(errorOf(() => loadKubeconfig({ kubeconfigPath: path })).where).toEqual({ file: path });
  });

  it('tells a cluster apart by its server, whatever its context is called, and shows nothing of that', async () => {
    const nameOf = async (context: string, server: string): Promise<ReturnType<typeof clusterName>> =>
      clusterName({ kubeconfigPath: await write('cluster', config(context, server)) });
    const { key, context } = await nameOf('one', 'https://server.example:6443');
    expect([key, context]).toEqual([expect.stringMatching(/^[0-9a-f]{12}$/u), 'one']);
    expect(await nameOf('two', 'https://server.example:6443')).toEqual({ key, context: 'two' });
    expect((await nameOf('one', 'https://other.example:6443')).key).not.toBe(key);
  });

  it('with a context that is not there, or that names what is not there, is broken', async () => {
    const path = await write('dangling', config('here', 'https://127.0.0.1:1').replace('user: me', 'user: nobody'));
    expect(errorOf(() => loadKubeconfig({ kubeconfigPath: path, context: 'other' })).message).toContain(
      'It has: here.',
    );
    expect(errorOf(() => loadKubeconfig({ kubeconfigPath: path })).message).toMatch(/names a user that/u);
  });

  it('is merged from several files as kubectl does: the first that names something decides', async () => {
    const first = await write('first', config('one', 'https://127.0.0.1:1', 'team-a'));
    const second = await write(
      'second',
      config('two', 'https://127.0.0.1:2').replaceAll('cluster: c', 'cluster: d').replace('name: c', 'name: d'),
    );
    vi.stubEnv('KUBECONFIG', [join(folder, 'not-there'), first, second].join(':'));
    expect(listContexts({})).toEqual([
      { name: 'one', namespace: 'team-a', current: true },
      { name: 'two', namespace: 'default', current: false },
    ]);
    expect(await defaultNamespaceOf('two', undefined)).toBe('default');
    expect(await defaultNamespaceOf(undefined, first)).toBe('team-a');
  });

  describe('with a token that lies in a file', () => {
    const user = (fields: string): string =>
      config('here', 'https://127.0.0.1:1').replace(`user: { token: ${secret} }`, `user: { ${fields} }`);
    const sent = async ({ config: of }: ReturnType<typeof loadKubeconfig>): Promise<unknown> => {
      const options: RequestOptions = {};
      await of.applyToHTTPSOptions(options);
      return (options.headers as Record<string, unknown> | undefined)?.['Authorization'];
    };
    afterEach(() => {
      vi.restoreAllMocks();
    });

    it('sends it, found from the folder of the kubeconfig that names the user, before a token of its own', async () => {
      await mkdir(join(folder, 'inner'));
      await writeFile(join(folder, 'inner', 'token'), ' of-a-file\n');
      const path = await write('inner/config', user(`tokenFile: token, token: ${secret}`));
      expect(await sent(loadKubeconfig({ kubeconfigPath: path }))).toBe('Bearer of-a-file');
      const first = await write('first-of-two', 'apiVersion: v1\nkind: Config\n');
      vi.stubEnv('KUBECONFIG', [first, path].join(':'));
      expect(await sent(loadKubeconfig({}))).toBe('Bearer of-a-file');
    });

    it('reads it again each minute, and goes on with the last one while the file is away', async () => {
      const now = vi.spyOn(performance, 'now').mockReturnValue(0);
      const token = await write('renewed', 'first');
      const chosen = loadKubeconfig({ kubeconfigPath: await write('renewing', user('tokenFile: renewed')) });
      expect(await sent(chosen)).toBe('Bearer first');
      await writeFile(token, 'second');
      now.mockReturnValue(59_000);
      expect(await sent(chosen)).toBe('Bearer first');
      now.mockReturnValue(61_000);
      expect(await sent(chosen)).toBe('Bearer second');
      await rm(token);
      now.mockReturnValue(200_000);
      expect(await sent(chosen)).toBe('Bearer second');
    });

    it('says which file has none, and needs none where the kubeconfig has a token, too', async () => {
      const path = await write('nowhere', user('tokenFile: ./not-there'));
      await expect(readInventory({ kubeconfigPath: path }, new AbortController().signal)).rejects.toMatchObject({
        reason: 'unauthenticated',
        message: `There is no token in ${join(folder, 'not-there')}, which the kubeconfig names as the tokenFile of this context's user: it is not there.`,
        nextStep: expect.stringContaining('correct "tokenFile"') as string,
      });
      await write('blank', ' \n');
      const blank = loadKubeconfig({ kubeconfigPath: await write('of-blank', user('tokenFile: blank')) });
      await expect(sent(blank)).rejects.toThrow(/it is empty\.$/u);
      const both = await write('both', user(`tokenFile: not-there, token: ${secret}`));
      expect(await sent(loadKubeconfig({ kubeconfigPath: both }))).toBe(`Bearer ${secret}`);
    });
  });

  describe('and an API server that cannot be reached', () => {
    let silent: Server;
    beforeAll(async () => {
      silent = createServer(() => undefined);
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    });
    afterAll(() => {
      silent.close();
    });

    it('says so at once when the connection is refused, without its address', async () => {
      const path = await write('refused', config('here', 'https://127.0.0.1:1'));
      const sinceAsked = startStopwatch();
      const error = await readInventory({ kubeconfigPath: path }, new AbortController().signal).catch(
        (reason: unknown) => reason,
      );
      expect(sinceAsked()).toBeLessThan(2_000);
      expect(error).toMatchObject({ reason: 'api-unreachable' });
      expect(String(error)).toContain('ECONNREFUSED');
      expect(String(error)).not.toContain('127.0.0.1');
    });

    it('gives up after ten seconds of silence', async () => {
      const { port } = silent.address() as AddressInfo;
      const path = await write('silent', config('here', `https://127.0.0.1:${String(port)}`));
      const began = performance.now();
      const sinceAsked = startStopwatch();
      const error = await readInventory({ kubeconfigPath: path }, new AbortController().signal).catch(
        (reason: unknown) => reason,
      );
      expect(sinceAsked()).toBeLessThan(13_000);
      expect(error).toMatchObject({ reason: 'api-unreachable' });
      expect(performance.now() - began).toBeGreaterThan(9_000);
    });

    it('stops at once when it is cancelled', async () => {
      const { port } = silent.address() as AddressInfo;
      const path = await write('cancelled', config('here', `https://127.0.0.1:${String(port)}`));
      const controller = new AbortController();
      setTimeout(() => {
        controller.abort();
      }, 100);
      const sinceAsked = startStopwatch();
      const error = await readInventory({ kubeconfigPath: path }, controller.signal).catch((reason: unknown) => reason);
      expect(sinceAsked()).toBeLessThan(1_000);
      expect(error).toMatchObject({ reason: 'cancelled' });
    });

    it('with a credential helper that fails says that, and not what the helper said', async () => {
      const helper = `exec: { apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, 'echo ${secret} >&2; exit 1'], interactiveMode: Never }`;
      const path = await write('helper', config('here', 'https://127.0.0.1:1').replace(`token: ${secret}`, helper));
      const error = await readInventory({ kubeconfigPath: path }, new AbortController().signal).catch(
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ reason: 'unauthenticated' });
      expect(String(error)).not.toContain(secret);
    });
  });

  async function write(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  }
});

function config(context: string, server: string, namespace?: string): string {
  return `apiVersion: v1
kind: Config
current-context: ${context}
clusters:
- name: c
  cluster: { server: "${server}", insecure-skip-tls-verify: true }
users:
- name: me
  user: { token: ${secret} }
contexts:
- name: ${context}
  context: { cluster: c, user: me${namespace === undefined ? '' : `, namespace: ${namespace}`} }
`;
}

function errorOf(action: () => unknown): BenchError {
  try {
    action();
  } catch (error) {
    if (error instanceof BenchError) return error;
    throw error;
  }
  throw new Error('it should have thrown');
}

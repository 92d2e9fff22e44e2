import { readFile } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';
import { resolve } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { BenchError } from '../core/errors.ts';

type Authenticator = Parameters<KubeConfig['addAuthenticator']>[0];
type User = KubeConfig['users'][number];

/** A user whose token lies in a file, as the client's library hands it to an authenticator. */
interface TokenFileProvider {
  readonly name: typeof providerName;
  readonly path: string;
  /** From the kubeconfig itself, for as long as the file cannot be read. */
  readonly token: string | undefined;
}

const providerName = 'topology-bench-token-file';
/** Whoever renews the token writes it there well before the old one ends. */
const readEveryMs = 60_000;

/**
 * Has users authenticate by the `tokenFile` that the kubeconfig names for them, which the client's library passes over: read again
 * once a minute, and before a token or a credential plugin of the same user, as kubectl does it.
 * Source: client-go's clientcmd and transport/token_source.go
 * @param text the kubeconfig that `config` was read from, valid YAML
 * @param folder of that file, from where its paths go out
 */
export function useTokenFiles(config: KubeConfig, text: string, folder: string): void {
  config.addAuthenticator(tokenFileAuthenticator());
  const paths = tokenFilesIn(text);
  config.users = config.users.map((user) => {
    const path = paths.get(user.name);
    return path === undefined ? user : byTokenFile(user, resolve(folder, path));
  });
}

function byTokenFile({ token, ...user }: User, path: string): User {
  const authProvider: TokenFileProvider = { name: providerName, path, token };
  return { ...user, exec: null, authProvider };
}

/** By the name of their user. */
function tokenFilesIn(text: string): Map<string, string> {
  const found = new Map<string, string>();
  // Most kubeconfigs have none, and are read by the library alone.
  if (!text.includes('tokenFile')) return found;
  const { users } = parse(text, { merge: true }) as { readonly users?: unknown };
  for (const entry of Array.isArray(users) ? (users as unknown[]) : []) {
    const { name, user } = entry as {
      readonly name?: unknown;
      readonly user?: { readonly tokenFile?: unknown } | null;
    };
    const path = user?.tokenFile;
    if (typeof name === 'string' && typeof path === 'string' && path !== '') found.set(name, path);
  }
  return found;
}

function tokenFileAuthenticator(): Authenticator {
  const last = new Map<string, { readonly token: string; readonly readAtMs: number }>();
  return {
    isAuthProvider: (user) => providerOf(user) !== undefined,
    async applyAuthentication(user, options: RequestOptions) {
      const provider = providerOf(user);
      if (provider === undefined) return;
      const headers = options.headers as OutgoingHttpHeaders | undefined;
      options.headers = { ...headers, Authorization: `Bearer ${await tokenOf(provider)}` };
    },
  };

  async function tokenOf({ path, token: fallback }: TokenFileProvider): Promise<string> {
    const known = last.get(path);
    if (known !== undefined && performance.now() - known.readAtMs < readEveryMs) return known.token;
    try {
      const token = await readToken(path);
      last.set(path, { token, readAtMs: performance.now() });
      return token;
    } catch (error) {
      // One that is away for a moment, as while it is renewed, ends nothing.
      const before = known?.token ?? fallback;
      if (before !== undefined) return before;
      throw error;
    }
  }
}

function providerOf(user: User): TokenFileProvider | undefined {
  const provider: unknown = user.authProvider;
  const isOurs =
    typeof provider === 'object' && provider !== null && 'name' in provider && provider.name === providerName;
  return isOurs ? (provider as TokenFileProvider) : undefined;
}

async function readToken(path: string): Promise<string> {
  let why = 'it is empty';
  try {
    const token = (await readFile(path, 'utf8')).trim();
    if (token !== '') return token;
  } catch (error) {
    why =
      error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'it is not there' : 'it cannot be read';
  }
  throw new BenchError({
    reason: 'unauthenticated',
    message: `There is no token in ${path}, which the kubeconfig names as the tokenFile of this context's user: ${why}.`,
    nextStep:
      'Log in again, or correct "tokenFile" in the kubeconfig, and check that "kubectl get pods" works with this context.',
  });
}

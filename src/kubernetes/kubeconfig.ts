import { accessSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { BenchError, type Place } from '../core/errors.ts';
import type { ClusterName } from '../core/pools.ts';
import { sha256 } from '../hashes/sha256.ts';
import { filesOfEnvironment, kubeconfigFiles } from './kubeconfigFiles.ts';
import { useTokenFiles } from './tokenFile.ts';

export interface KubeconfigChoice {
  /** A kubeconfig file; otherwise KUBECONFIG, then ~/.kube/config, then the account of the pod that this runs in. */
  readonly kubeconfigPath?: string;
  /** A context of it; otherwise its current one. */
  readonly context?: string;
}

export interface ChosenContext {
  readonly config: KubeConfig;
  readonly context: string;
  /** The context's own namespace, or "default". */
  readonly namespace: string;
}

export interface KubeContext {
  readonly name: string;
  readonly namespace: string;
  readonly current: boolean;
}

const serviceAccountToken = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * Reads the kubeconfig and chooses a context; touches no network. Messages name files and contexts, never servers, users
 * or tokens.
 * @throws BenchError kubeconfig-missing or kubeconfig-broken
 */
export function loadKubeconfig(choice: KubeconfigChoice): ChosenContext {
  const config = readConfig(choice);
  const context = choice.context ?? config.currentContext;
  const names = config.contexts.map((entry) => entry.name);
  if (names.length === 0)
    throw broken(`${kubeconfigWords(choice)} has no contexts: it is empty, or no kubeconfig.`, setUp);
  const available = `It has: ${names.join(', ')}.`;
  if (context === '' || typeof context !== 'string') {
    throw broken(`The kubeconfig names no current context. ${available}`, 'Choose one of its contexts.');
  }
  const entry = config.getContextObject(context);
  if (entry === null) {
    throw broken(`The kubeconfig has no context "${context}". ${available}`, 'Choose one of its contexts.');
  }
  config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw broken(`The context "${context}" names the cluster "${entry.cluster}", which the kubeconfig does not have.`);
  }
  if (config.getCurrentUser() === null) {
    throw broken(`The context "${context}" names a user that the kubeconfig does not have.`);
  }
  if (!/^https?:\/\//u.test(cluster.server)) {
    throw broken(`The cluster of the context "${context}" has no server address that begins with http:// or https://.`);
  }
  return { config: allowPlainHttp(config), context, namespace: entry.namespace ?? 'default' };
}

/** The contexts to choose from. */
export function listContexts(choice: KubeconfigChoice): KubeContext[] {
  const config = readConfig(choice);
  return config.contexts.map((entry) => ({
    name: entry.name,
    namespace: entry.namespace ?? 'default',
    current: entry.name === config.currentContext,
  }));
}

/** The namespace that a context works in, "default" where it names none. Touches no network. */
export async function defaultNamespaceOf(
  context: string | undefined,
  kubeconfigPath: string | undefined,
): Promise<string> {
  return loadKubeconfig({
    ...(context === undefined ? {} : { context }),
    ...(kubeconfigPath === undefined ? {} : { kubeconfigPath }),
  }).namespace;
}

/**
 * Tells the cluster of a context apart from others, whatever its context is called; by its server's address, which is not in it.
 * Touches no network.
 * @throws BenchError kubeconfig-missing or kubeconfig-broken
 */
export function clusterName(choice: KubeconfigChoice): ClusterName {
  const { config, context } = loadKubeconfig(choice);
  const server = config.getCurrentCluster()?.server ?? '';
  return { key: sha256(server).slice(0, 12), context };
}

function readConfig(choice: KubeconfigChoice): KubeConfig {
  const { kubeconfigPath } = choice;
  if (kubeconfigPath !== undefined && !isReadable(kubeconfigPath)) {
    throw missing(
      `The kubeconfig file ${kubeconfigPath} cannot be read.`,
      'Correct its path (in VS Code the setting topologyBench.kubeconfig, on the command line --kubeconfig), or name none: then KUBECONFIG or ~/.kube/config counts.',
    );
  }
  const [first, ...others] = kubeconfigFiles(kubeconfigPath).filter(isReadable);
  if (first === undefined) {
    const named = filesOfEnvironment();
    if (named.length === 0 && isReadable(serviceAccountToken)) return inCluster();
    throw missing(
      named.length > 0
        ? `KUBECONFIG names ${named.join(', ')}, ${named.length === 1 ? 'which cannot' : 'and none of these can'} be read.`
        : 'There is no kubeconfig: KUBECONFIG is not set and ~/.kube/config cannot be read.',
    );
  }
  const config = readFile(first);
  for (const path of others) mergeFirstWins(config, readFile(path));
  return config;
}

function readFile(path: string): KubeConfig {
  const config = new KubeConfig();
  try {
    const text = readFileSync(path, 'utf8');
    if (text.trim() === '') throw new Error('it is empty');
    config.loadFromString(text);
    config.makePathsAbsolute(dirname(path));
    useTokenFiles(config, text, dirname(path));
  } catch (error) {
    throw brokenFile(path, error);
  }
  // A file without contexts leaves the lists out.
  config.contexts = Array.isArray(config.contexts) ? config.contexts : [];
  return config;
}

function inCluster(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromCluster();
  return config;
}

/** As kubectl merges: the first file that names something decides. */
function mergeFirstWins(config: KubeConfig, other: KubeConfig): void {
  const has = (list: readonly { readonly name: string }[], name: string): boolean =>
    list.some((entry) => entry.name === name);
  config.clusters = [...config.clusters, ...other.clusters.filter((entry) => !has(config.clusters, entry.name))];
  config.users = [...config.users, ...other.users.filter((entry) => !has(config.users, entry.name))];
  config.contexts = [...config.contexts, ...other.contexts.filter((entry) => !has(config.contexts, entry.name))];
  if (!config.currentContext) config.setCurrentContext(other.currentContext);
}

/** The client refuses plain http, as `kubectl proxy` offers it, unless verification is off; there is none to turn off. */
function allowPlainHttp(config: KubeConfig): KubeConfig {
  config.clusters = config.clusters.map((cluster) =>
    cluster.server.startsWith('http://') ? { ...cluster, skipTLSVerify: true } : cluster,
  );
  return config;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The file that was named, or whichever it was. */
function kubeconfigWords({ kubeconfigPath }: KubeconfigChoice): string {
  return `The kubeconfig${kubeconfigPath === undefined ? '' : ` ${kubeconfigPath}`}`;
}

/** Without the text around the mistake, with which a YAML parser's message goes on and which may be a token. */
function brokenFile(path: string, error: unknown): BenchError {
  if (error instanceof Error && 'code' in error && error.code === 'EISDIR')
    return broken(`The kubeconfig ${path} is a folder.`);
  const place = error instanceof Error ? yamlPlace(error) : undefined;
  if (place === undefined)
    return broken(`The kubeconfig cannot be understood: ${whyNot(error)}.`, repair, { file: path });
  const at = `line ${String(place.line)}, column ${String(place.column)}`;
  return broken(`The kubeconfig is not YAML at ${at}.`, repair, { file: path, ...place });
}

function whyNot(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error.message.split('\n')[0] ?? '').slice(0, 200).replace(/\.$/u, '');
}

/** Where the client's YAML parser gave up, from 1; undefined for any other error. */
function yamlPlace(error: Error): { readonly line: number; readonly column: number } | undefined {
  const mark = 'mark' in error ? error.mark : undefined;
  if (typeof mark !== 'object' || mark === null || !('line' in mark) || !('column' in mark)) return undefined;
  const { line, column } = mark;
  return typeof line === 'number' && typeof column === 'number' ? { line: line + 1, column: column + 1 } : undefined;
}

const setUp =
  'Set up access with your cloud provider\'s command line or "kubectl config", or run on this machine, which needs no cluster.';

function missing(message: string, nextStep = setUp): BenchError {
  return new BenchError({ reason: 'kubeconfig-missing', message, nextStep });
}

const repair = 'Repair it, for example with "kubectl config".';

function broken(message: string, nextStep = repair, where?: Place): BenchError {
  return new BenchError({ reason: 'kubeconfig-broken', message, nextStep, where });
}

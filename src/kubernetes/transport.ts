import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { BenchError, cancelled } from '../core/errors.ts';

export interface RawRequest {
  readonly method: string;
  /** With its query, e.g. "/api/v1/namespaces?limit=1". */
  readonly path: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly body?: string;
  /** Longest time until the response's headers have arrived. */
  readonly timeoutMs: number;
}

/** Sends one request and resolves with the response's headers, its body unread. */
export type Transport = (request: RawRequest, signal: AbortSignal) => Promise<IncomingMessage>;

/** The connection broke or never came about; worth another try. */
export class ConnectionError extends BenchError {
  /** Its own, because what it inherits takes every BenchError for one, also those that no other try will cure. */
  static override [Symbol.hasInstance](value: unknown): value is ConnectionError {
    return value instanceof Object && Object.prototype.isPrototypeOf.call(ConnectionError.prototype, value);
  }
}

/**
 * HTTP to the API server over kept connections, with whatever credentials the kubeconfig names. Its errors hold no server
 * address, user or token.
 */
export function createTransport(config: KubeConfig): { send: Transport; close: () => void } {
  const cluster = config.getCurrentCluster();
  const server = new URL(cluster?.server ?? 'https://unknown');
  const plain = server.protocol === 'http:';
  const keepAlive = { keepAlive: true, keepAliveMsecs: 30_000 };
  const ownAgent = plain ? new HttpAgent(keepAlive) : new HttpsAgent(keepAlive);

  const send: Transport = async (raw, signal) => {
    const options = await authenticated(config);
    // Behind a proxy the kubeconfig's own agent knows the way.
    if (cluster?.proxyUrl === undefined) options.agent = ownAgent;
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(cancelled('talking to the cluster'));
        return;
      }
      const begin = plain ? httpRequest : httpsRequest;
      const request = begin(new URL(joinPath(server, raw.path)), {
        ...options,
        method: raw.method,
        signal,
        headers: {
          ...(options.headers as OutgoingHttpHeaders | undefined),
          accept: raw.accept ?? 'application/json',
          'user-agent': 'topology-bench',
          ...(raw.body === undefined
            ? {}
            : {
                'content-type': raw.contentType ?? 'application/json',
                'content-length': String(Buffer.byteLength(raw.body)),
              }),
        },
      });
      const timer = setTimeout(() => {
        request.destroy(unreachable('it did not answer in time', 'ETIMEDOUT'));
      }, raw.timeoutMs);
      request.on('response', (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        if (signal.aborted) reject(cancelled('talking to the cluster'));
        else reject(error instanceof BenchError ? error : connectionError(error));
      });
      request.end(raw.body);
    });
  };
  return {
    send,
    close: () => {
      ownAgent.destroy();
    },
  };
}

/**
 * The whole body as text.
 * @throws ConnectionError when the connection breaks, or the body has not come to its end within `withinMs`
 */
export async function readText(response: IncomingMessage, withinMs: number): Promise<string> {
  const chunks: Buffer[] = [];
  const timer = setTimeout(() => {
    response.destroy(unreachable('its answer did not come to an end in time', 'ETIMEDOUT'));
  }, withinMs);
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    throw error instanceof BenchError ? error : connectionError(error as NodeJS.ErrnoException);
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What is wrong with a connection, by its code alone: Node's messages hold the server's address. */
export function connectionError(error: NodeJS.ErrnoException): BenchError {
  const code = error.code ?? '';
  if (/CERT|SSL|TLS|SELF_SIGNED|ALTNAME|UNABLE_TO|ISSUER/u.test(code)) {
    return new BenchError({
      reason: 'api-unreachable',
      message: `The cluster's API server has a certificate that the kubeconfig does not trust (${code}).`,
      nextStep: "Check the context's certificate-authority-data.",
    });
  }
  return unreachable(connectionWords[code] ?? 'the connection broke', code);
}

const connectionWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'its host name is unknown',
  EAI_AGAIN: 'its host name could not be looked up',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ETIMEDOUT: 'it did not answer in time',
};

function unreachable(why: string, code: string): ConnectionError {
  return new ConnectionError({
    reason: 'api-unreachable',
    message: `The cluster's API server cannot be reached: ${why}${code === '' ? '' : ` (${code})`}.`,
    nextStep: 'Check that the cluster runs, and your network or VPN, and try again.',
  });
}

async function authenticated(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    if (error instanceof BenchError) throw error;
    if (usesOidc(config)) {
      throw new BenchError({
        reason: 'unauthenticated',
        message: 'The OIDC token of this context has run out, and Topology Bench does not renew it.',
        nextStep: 'Renew it with "kubectl get pods", which writes it to the kubeconfig, or log in again.',
      });
    }
    // The helper's own message may hold an account or a token.
    throw new BenchError({
      reason: 'unauthenticated',
      message: 'The credentials of this context could not be had: its certificate file or credential helper failed.',
      nextStep: 'Log in again, and check that "kubectl get pods" works with this context.',
    });
  }
  return options;
}

function usesOidc(config: KubeConfig): boolean {
  const provider: unknown = config.getCurrentUser()?.authProvider;
  return typeof provider === 'object' && provider !== null && 'name' in provider && provider.name === 'oidc';
}

/** A server address may have a path of its own, as behind Rancher. */
function joinPath(server: URL, path: string): string {
  return `${server.origin}${server.pathname.replace(/\/$/u, '')}${path}`;
}

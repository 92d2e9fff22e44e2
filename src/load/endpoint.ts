import { X509Certificate } from 'node:crypto';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { BenchError, explain } from '../core/errors.ts';
import type { LoadSpec } from '../core/load.ts';

/** Where requests go, and how its sockets are opened. */
export interface Endpoint {
  readonly secure: boolean;
  /** A new socket; "connect" or "secureConnect" says that it is open. */
  connect(): Socket;
}

/** @throws BenchError plan-invalid when the authorities are no certificates */
export function openEndpoint({ url: text, tls }: Pick<LoadSpec, 'url' | 'tls'>): Endpoint {
  const url = new URL(text);
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  if (!secure) return { secure, connect: () => connectTcp({ host, port, noDelay: true }) };
  const secureContext = contextOf(tls?.caPem ?? null);
  return {
    secure,
    connect() {
      const socket = connectTls({
        host,
        port,
        secureContext,
        rejectUnauthorized: tls?.verify ?? true,
        ALPNProtocols: ['http/1.1'],
        // A name is what TLS asks for; an address has none.
        ...(isIP(host) === 0 ? { servername: host } : {}),
      });
      socket.setNoDelay(true);
      return socket;
    },
  };
}

function contextOf(caPem: string | null): SecureContext {
  try {
    if (caPem === null) return createSecureContext();
    // A secure context takes what is no certificate without a word.
    new X509Certificate(caPem);
    return createSecureContext({ ca: caPem });
  } catch (error) {
    throw new BenchError({
      reason: 'plan-invalid',
      message: `The certificate authorities cannot be read: ${explain(error)}.`,
      nextStep: 'Give a file of PEM certificates.',
    });
  }
}

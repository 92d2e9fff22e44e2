import { validateHeaderName, validateHeaderValue } from 'node:http';
import { BenchError } from '../core/errors.ts';
import type { LoadSpec } from '../core/load.ts';
import { seededOrder } from '../core/seededOrder.ts';

/** Methods whose answers can have a body; autocannon's parser would wait for one after HEAD and CONNECT. */
export const loadMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Set by the load generator itself: they frame the message or say what becomes of the connection. */
const ownHeaders = ['connection', 'content-length', 'transfer-encoding', 'expect', 'upgrade', 'keep-alive'];

/** @throws BenchError plan-invalid, saying what is wrong with the header; its value is not repeated, it may be a secret */
export function checkHeader(name: string, value: string): void {
  try {
    validateHeaderName(name);
  } catch {
    throw invalid(`"${name}" is no header name: it is made of letters, digits and signs such as "-", without a space.`);
  }
  try {
    validateHeaderValue(name, value);
  } catch {
    throw invalid(
      `The value of the header "${name}" is not allowed: it has a line end, or a character beyond Latin-1.`,
    );
  }
  if (ownHeaders.includes(name.toLowerCase()))
    throw invalid(`The header "${name}" is set by the load generator itself.`);
}

/**
 * The requests of a load as the bytes that go over the wire, one for each body, in the order drawn from the seed.
 * @throws BenchError plan-invalid
 */
export function requestBytes(
  spec: Pick<LoadSpec, 'url' | 'method' | 'headers' | 'secretHeader' | 'bodies' | 'seed'>,
  environment: Readonly<Record<string, string | undefined>>,
): Buffer[] {
  const url = new URL(spec.url);
  if (!loadMethods.some((method) => method === spec.method))
    throw invalid(`The method ${spec.method} is not supported.`);
  const lines = [`${spec.method} ${url.pathname}${url.search} HTTP/1.1`];
  const headers = allHeaders(spec, environment);
  if (!headers.some(([name]) => name.toLowerCase() === 'host')) lines.push(`Host: ${url.host}`);
  lines.push('Connection: keep-alive');
  for (const [name, value] of headers) {
    checkHeader(name, value);
    lines.push(`${name}: ${value}`);
  }
  const head = lines.join('\r\n');
  if (spec.bodies.length === 0) return [withBody(head, undefined, spec.method)];
  return seededOrder(spec.bodies.length, spec.seed).map((index) => withBody(head, spec.bodies[index], spec.method));
}

function withBody(head: string, body: string | undefined, method: string): Buffer {
  const bytes = Buffer.from(body ?? '', 'utf8');
  const withoutBody = body === undefined && (method === 'GET' || method === 'DELETE' || method === 'OPTIONS');
  const length = withoutBody ? '' : `\r\nContent-Length: ${String(bytes.length)}`;
  return Buffer.concat([Buffer.from(`${head}${length}\r\n\r\n`, 'latin1'), bytes]);
}

function allHeaders(
  spec: Pick<LoadSpec, 'headers' | 'secretHeader'>,
  environment: Readonly<Record<string, string | undefined>>,
): [name: string, value: string][] {
  const headers = Object.entries(spec.headers);
  if (spec.secretHeader === null) return headers;
  const { name, environmentVariable } = spec.secretHeader;
  const value = environment[environmentVariable];
  if (value === undefined)
    throw invalid(`The header "${name}" is to come from ${environmentVariable}, which is not set.`);
  return [...headers, [name, value]];
}

function invalid(message: string): BenchError {
  return new BenchError({ reason: 'plan-invalid', message });
}

import { STATUS_CODES } from 'node:http';
import { BenchError } from '../core/errors.ts';
import type { LoadSpec } from '../core/load.ts';
import type { Answer } from '../load/askOnce.ts';

type Sent = Pick<LoadSpec, 'method' | 'headers' | 'bodies'>;

/**
 * What would make a whole run worthless, told by one answer: an error, or something other than JSON to a request of JSON.
 * @param name what the record calls the endpoint
 * @returns undefined where the answer may be what the endpoint is to give; an error never holds its text
 */
export function problemOf({ status, headers, body }: Answer, sent: Sent, name: string): BenchError | undefined {
  const type = mediaTypeOf(headers['content-type']);
  const withJson = isJsonRequest(sent);
  const failed = (came: string, nextStep: string): BenchError =>
    new BenchError({
      reason: 'load-failed',
      message: `The endpoint ${name === 'endpoint' ? '' : `"${name}" `}answered ${came} to one ${requestText(sent, withJson)}, which was sent to see what comes back before any load.`,
      nextStep,
    });
  const statusText = `${String(status)} ${STATUS_CODES[status] ?? 'of no known meaning'}`.trim();
  if (status < 200 || status >= 300) return failed(`${statusText} (${type ?? 'no media type'})`, whatToDo(status));
  if (!withJson || body?.length === 0 || isAccepted(type, sent.headers)) return undefined;
  const content = isEncoded(headers['content-encoding']) ? null : body;
  if (type !== null && /[/+]json$/.test(type)) {
    if (content === null || isJson(content)) return undefined;
    return failed(
      `${statusText} with a body that is called JSON (${type}) and is not`,
      'See what answers at this address.',
    );
  }
  // Lines of JSON, as streams of answers have them, say so by their type.
  if (type?.includes('json') === true || (content !== null && isJson(content))) return undefined;
  const accept = `--header "Accept: ${type ?? '*/*'}"`;
  return failed(
    `${statusText} with a body that is not JSON (${type ?? 'no media type'})`,
    `Check that the address is the one of the model, and no start or login page; if this is what it is to answer, say so with ${accept}.`,
  );
}

function requestText({ method, bodies: [body] }: Sent, withJson: boolean): string {
  if (body === undefined) return `${method} without a body`;
  return `${method} with ${withJson ? 'JSON' : 'a body'} of ${String(Buffer.byteLength(body))} bytes`;
}

function whatToDo(status: number): string {
  if (status < 400) return 'Name the address that it redirects to; redirects are not followed.';
  switch (status) {
    case 401:
    case 403:
    case 407:
      return 'Give what it knows you by, with --secret-header NAME=VARIABLE.';
    case 404:
    case 410:
      return 'Check the path of the address, and the name of the model in it.';
    case 405:
      return 'Choose another --method, or check the path of the address.';
    case 415:
      return 'Say what the bodies are with --header "Content-Type: TYPE".';
    case 429:
    case 503:
      return 'Wait until it takes requests again; its log may say why it does not.';
    default:
      return status < 500
        ? 'Check the bodies (--body-file, or --inputs and --body-template) against what it takes; its log may say more.'
        : 'See its log for the reason.';
  }
}

/** A type alone, without what its parameters may say; null where there is none that can be read. */
function mediaTypeOf(header = ''): string | null {
  return /^\s*([\w!#$&^.+-]{1,80}\/[\w!#$&^.+-]{1,80})\s*(?:;|$)/.exec(header)?.[1]?.toLowerCase() ?? null;
}

function isJsonRequest({ headers, bodies: [body] }: Sent): boolean {
  if (body === undefined) return false;
  const type = mediaTypeOf(valueOf(headers, 'content-type'));
  return type === null ? isJson(Buffer.from(body)) : /[/+]json$/.test(type);
}

/** Whether the user has said that this is what the endpoint is to answer. */
function isAccepted(type: string | null, headers: Sent['headers']): boolean {
  const accepted = (valueOf(headers, 'accept') ?? '')
    .split(',')
    .map((entry) => entry.split(';')[0]?.trim().toLowerCase());
  return (
    accepted.includes('*/*') ||
    (type !== null && [type, type.replace(/\/.*/, '/*')].some((one) => accepted.includes(one)))
  );
}

function valueOf(headers: Sent['headers'], wanted: string): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1];
}

function isEncoded(encoding = ''): boolean {
  return !['', 'identity'].includes(encoding.trim().toLowerCase());
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}

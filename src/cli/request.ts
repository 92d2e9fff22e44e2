import { X509Certificate } from 'node:crypto';
import { type Command, Option } from 'commander';
import { BenchError } from '../core/errors.ts';
import type { LoadSpec } from '../core/load.ts';
import { listText } from '../core/schemaWords.ts';
import { checkHeader, loadMethods } from '../load/requestBytes.ts';
import { header, isLoopback, usageError } from './arguments.ts';
import { confirmed } from './ask.ts';
import { addBodyOptions, readBodies, type BodyOptions } from './bodies.ts';
import type { CliContext } from './context.ts';
import { readText } from './textFiles.ts';

/** What is sent to an endpoint, and how its certificate is verified; shared by `load` and `run --endpoint`. */
export interface RequestOptions extends BodyOptions {
  method?: string;
  header: string[];
  secretHeader?: string;
  ca?: string;
  insecure?: boolean;
  yes?: boolean;
}

export function addRequestOptions(command: Command): Command {
  return addBodyOptions(
    command
      .option('--method <method>', `one of ${loadMethods.join(', ')} (default: POST with a body, GET without)`)
      .addOption(
        new Option('--header <header>', '"Name: value"; may be given several times')
          .argParser((text: string, before: string[]) => [...before, text])
          .default([], 'none'),
      )
      .option('--secret-header <name=variable>', 'a header whose value is in this environment variable'),
  )
    .option('--ca <file>', 'https: PEM certificates of the authorities to trust in place of the usual ones')
    .option('--insecure', 'https: believe any certificate')
    .option('--yes', 'do not ask before loading a machine that is not this one');
}

/** All that a load of an endpoint sends; private, every bit of it. */
export interface EndpointRequest {
  readonly sent: Pick<LoadSpec, 'url' | 'tls' | 'method' | 'headers' | 'secretHeader' | 'bodies'>;
  /** Where the worker finds the secret header's value. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The worker's own, whatever the user's is called: one named NODE_OPTIONS would change the worker itself. */
const secretVariable = 'TOPOLOGY_BENCH_LOAD_SECRET';

/** @throws BenchError plan-invalid; no value of a header and no body is repeated */
export async function requestOf(target: string, options: RequestOptions): Promise<EndpointRequest> {
  const url = targetUrl(target);
  const tls = await tlsOf(url, options);
  const headers = headersOf(options.header);
  const secret = secretOf(options.secretHeader, headers);
  const contentType = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  const bodies = await readBodies(options, contentType);
  return {
    sent: {
      url: url.href,
      tls,
      method: methodOf(options, bodies.texts.length > 0),
      headers: bodies.json && contentType === undefined ? { ...headers, 'content-type': 'application/json' } : headers,
      secretHeader: secret === null ? null : { name: secret.name, environmentVariable: secretVariable },
      bodies: [...bodies.texts],
    },
    environment: secret === null ? {} : { [secretVariable]: secret.value },
  };
}

/**
 * Loading a machine is no small thing to do to its owner.
 * @throws BenchError target-refused, cancelled
 */
export async function confirmTarget(url: URL, yes: boolean, context: CliContext): Promise<void> {
  if (yes || isLoopback(url.hostname)) return;
  const refused = (why: string): BenchError =>
    new BenchError({
      reason: 'target-refused',
      message: `${url.host} is not this machine, and ${why}; nothing was sent.`,
      nextStep: 'Load only servers that you may load, and say so with --yes.',
    });
  if (!context.stdin.isTTY || !context.stderr.isTTY) throw refused('there is no terminal to ask on');
  const question = `${url.host} is not this machine. Load it?`;
  if (!(await confirmed(question, 'the target was to be confirmed', context))) throw refused('it was not confirmed');
}

function targetUrl(text: string): URL {
  if (!URL.canParse(text)) {
    // A password or a token may be in what cannot be read as a URL.
    const given = /[@?#]/.test(text) ? 'What was given' : `"${text}"`;
    throw usageError(`${given} is no URL; it looks like http://127.0.0.1:8000/path.`);
  }
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw usageError(`Only http:// and https:// can be loaded, not ${url.protocol}//.`);
  if (url.username !== '' || url.password !== '') {
    throw usageError('A user name or password in the URL is not sent.', 'Give it with --header "Authorization: ...".');
  }
  return url;
}

async function tlsOf(url: URL, { ca, insecure }: RequestOptions): Promise<LoadSpec['tls']> {
  if (ca === undefined && insecure !== true) return null;
  if (url.protocol !== 'https:')
    throw usageError(`${ca === undefined ? '--insecure' : '--ca'} is of https:// addresses, and this one is http://.`);
  if (ca === undefined) return { caPem: null, verify: false };
  if (insecure === true)
    throw usageError('--ca says whom to believe and --insecure to believe anyone; give one of them.');
  const caPem = await readText('certificate file', ca);
  try {
    new X509Certificate(caPem);
  } catch {
    throw usageError(
      'The certificate file holds no PEM certificate that can be read.',
      'Give the certificates of the authorities, as text that has "BEGIN CERTIFICATE" in it.',
      { file: ca },
    );
  }
  return { caPem, verify: true };
}

function methodOf({ method: named }: RequestOptions, withBody: boolean): string {
  if (named === undefined) return withBody ? 'POST' : 'GET';
  const wanted = named.toUpperCase();
  const method = loadMethods.find((known) => known === wanted);
  if (method === undefined) throw usageError(`--method takes ${listText(loadMethods)}, not "${named}".`);
  return method;
}

function headersOf(texts: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const text of texts) {
    const { name, value } = header(text);
    checkHeader(name, value);
    checkNew(name, headers);
    headers[name] = value;
  }
  return headers;
}

function secretOf(
  text: string | undefined,
  headers: Readonly<Record<string, string>>,
): { readonly name: string; readonly value: string } | null {
  if (text === undefined) return null;
  const equals = text.indexOf('=');
  const [name, variable] = [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
  // What was given is not repeated: it may be the secret itself.
  if (equals < 1 || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable))
    throw usageError('--secret-header takes NAME=VARIABLE, the name of an environment variable that holds the value.');
  const value = process.env[variable];
  if (value === undefined || value === '')
    throw usageError(
      `--secret-header: the environment variable that it names is ${value === '' ? 'empty' : 'not set'}.`,
      'Give the name of the variable, not the value itself.',
    );
  checkHeader(name, value);
  checkNew(name, headers);
  return { name, value };
}

function checkNew(name: string, headers: Readonly<Record<string, string>>): void {
  if (Object.keys(headers).some((known) => known.toLowerCase() === name.toLowerCase()))
    throw usageError(`The header "${name}" is given twice.`);
}

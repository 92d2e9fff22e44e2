import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { cancelled } from '../core/errors.ts';
import { query, type Cluster } from './cluster.ts';
import { objectPath } from './resources.ts';
import { connectionError } from './transport.ts';

export interface ContainerName {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** The last lines of a container's log; empty when there is none to be had. */
export async function lastLogLines(
  cluster: Cluster,
  of: ContainerName,
  lines: number,
  signal: AbortSignal,
  previous = false,
): Promise<string[]> {
  const options = query({
    container: of.container,
    tailLines: lines,
    limitBytes: 16_384,
    previous: previous || undefined,
  });
  try {
    const text = await cluster.get(`${objectPath('Pod', of.namespace, of.pod)}/log?${options}`, signal);
    // A log of one line that happens to be JSON comes parsed.
    const whole = typeof text === 'string' ? text : JSON.stringify(text);
    // Servers colour their logs, and nobody downstream is a terminal.
    return stripVTControlCharacters(whole)
      .split('\n')
      .filter((line) => line.trim() !== '');
  } catch {
    return [];
  }
}

/**
 * The lines of a container's log from its beginning, then as they come. Ends with the container, and sometimes when the
 * stream breaks: ask the pod's status, and read again if need be.
 * @throws StatusError while the container has not started; BenchError cancelled or api-unreachable
 */
export async function* followLog(
  cluster: Cluster,
  of: ContainerName,
  options: { readonly timestamps?: boolean; readonly sinceTime?: string },
  signal: AbortSignal,
): AsyncGenerator<string> {
  const asked = query({ container: of.container, follow: true, ...options });
  const response = await cluster.stream(`${objectPath('Pod', of.namespace, of.pod)}/log?${asked}`, signal);
  try {
    for await (const line of createInterface({ input: response })) yield line;
  } catch (error) {
    throw signal.aborted ? cancelled('reading a log') : connectionError(error as NodeJS.ErrnoException);
  } finally {
    response.destroy();
  }
}

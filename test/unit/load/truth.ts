import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Truth } from './truth-server.ts';

export interface TruthServer {
  readonly port: number;
  url(pathAndQuery: string): string;
  truth(): Promise<Truth>;
  forget(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the server of known behaviour as a process of its own. */
export async function startTruthServer(): Promise<TruthServer> {
  const child = fork(join(import.meta.dirname, 'truth-server.ts'), { execArgv: [] });
  const [port] = (await once(child, 'message')) as [number];
  const ask = async (message: object): Promise<Truth> => {
    const answer = once(child, 'message');
    child.send(message);
    const [truth] = (await answer) as [Truth];
    return truth;
  };
  return {
    port,
    url: (pathAndQuery) => `http://127.0.0.1:${String(port)}${pathAndQuery}`,
    truth: () => ask({ tell: true }),
    forget: async () => {
      await ask({ forget: true });
    },
    stop: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

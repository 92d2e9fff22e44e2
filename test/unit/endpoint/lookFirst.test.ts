import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lookFirst } from '../../../src/endpoint/lookFirst.ts';
import { startTruthServer, type TruthServer } from '../load/truth.ts';

let server: TruthServer;

beforeAll(async () => {
  server = await startTruthServer();
});
afterAll(() => server.stop());

/** @returns what was said while the answer was waited for */
async function look(path: string, timeoutMs: number, leastWaitMs?: number): Promise<string[]> {
  const said: string[] = [];
  const sent = { url: server.url(path), tls: null, method: 'GET', headers: {}, secretHeader: null, bodies: [] };
  const status = (message: string): void => {
    said.push(message);
  };
  await lookFirst(
    { sent, environment: {} },
    { name: 'endpoint', timeoutMs, seed: 1, status },
    new AbortController().signal,
    leastWaitMs,
  );
  return said;
}

describe('the wait for the first answer', () => {
  it('outlasts the timeout of the load, and is spoken of where it takes long', async () => {
    expect(await look('/ok?delay=1500', 200)).toEqual([
      'waiting for the first answer, 1 of at most 30 s; a server may load its model at the first request',
    ]);
    expect(await look('/ok?delay=1', 200)).toEqual([]);
  });

  it('says why it was longer than the timeout, where there was no answer', async () => {
    await expect(look('/hang', 200, 400)).rejects.toMatchObject({
      reason: 'load-failed',
      message:
        'The endpoint did not answer one request within 0.4 s, which it has whatever --timeout says, because a server may load its model at the first request.',
    });
    await expect(look('/hang', 400, 200)).rejects.toMatchObject({
      message: 'The endpoint did not answer one request within 0.4 s.',
    });
  });
});

import { describe, expect, it } from 'vitest';
import { askOnce, type Answer } from '../../../src/load/askOnce.ts';
import { openEndpoint } from '../../../src/load/endpoint.ts';
import { requestBytes } from '../../../src/load/requestBytes.ts';
import { selfSigned } from '../../support/selfSigned.ts';
import { startTruthServer } from '../load/truth.ts';
import { startTimedServer } from '../load/truthRun.ts';

async function ask(
  url: string,
  ending: { waitMs?: number; why?: string; signal?: AbortSignal; caPem?: string } = {},
): Promise<Answer> {
  const { waitMs = 5000, why = '', signal = new AbortController().signal, caPem } = ending;
  const [request] = requestBytes({ url, method: 'POST', headers: {}, secretHeader: null, bodies: ['1'], seed: 1 }, {});
  if (request === undefined) throw new Error('there is no request');
  const endpoint = openEndpoint({ url, tls: caPem === undefined ? null : { caPem, verify: true } });
  return await askOnce(endpoint, request, { waitMs, why, signal });
}

describe('one request', () => {
  it('is answered over https', async () => {
    const identity = selfSigned({ dns: 'localhost' });
    const server = await startTimedServer({ kind: 'constant', ms: 1 }, identity);
    try {
      const { status, headers, body } = await ask(`https://localhost:${String(server.port)}/`, {
        caPem: identity.cert,
      });
      expect([status, headers['content-type'], String(body)]).toEqual([200, 'application/json', '{"answer":true}']);
    } finally {
      await server.stop();
    }
  });

  it('is answered in pieces, and ends where the answer or the patience does', async () => {
    const server = await startTruthServer();
    try {
      expect(String((await ask(server.url('/slow-body'))).body)).toBe('slow');
      expect(String((await ask(server.url('/until-close'))).body)).toBe('all of it');
      expect((await ask(server.url('/500'))).status).toBe(500);
      await expect(ask(server.url('/hang'), { waitMs: 200 })).rejects.toMatchObject({
        reason: 'load-failed',
        message: 'The endpoint did not answer one request within 0.2 s.',
      });
      const signal = AbortSignal.timeout(200);
      await expect(ask(server.url('/hang'), { signal })).rejects.toMatchObject({ reason: 'cancelled' });
      await expect(ask(server.url('/hang'), { signal })).rejects.toMatchObject({ reason: 'cancelled' });
    } finally {
      await server.stop();
    }
  });
});

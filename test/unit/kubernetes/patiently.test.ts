import { expect, it } from 'vitest';
import { BenchError } from '../../../src/core/errors.ts';
import { patiently } from '../../../src/kubernetes/patiently.ts';
import { connectionLost } from '../../../src/kubernetes/channelSocket.ts';
import { StatusError } from '../../../src/kubernetes/statusError.ts';

const never = new AbortController().signal;
const quick = { withinMs: 60_000, everyMs: 1 };

/** Fails so many times, and then answers. */
function failing(times: number, error: Error) {
  let tries = 0;
  const ask = async (): Promise<number> => {
    tries += 1;
    if (tries <= times) throw error;
    return tries;
  };
  return { ask, tries: () => tries };
}

it('what a broken connection has kept from an answer is asked again, however quickly each try fails', async () => {
  expect(await patiently(failing(50, connectionLost()).ask, 'asking', never, quick)).toBe(51);
  expect(await patiently(failing(2, new StatusError(503, '', 'away')).ask, 'asking', never, quick)).toBe(3);
});

it('what no other try cures is not asked again', async () => {
  const refused = failing(1, new BenchError({ reason: 'load-failed', message: 'HTTP 400' }));
  await expect(patiently(refused.ask, 'asking', never, quick)).rejects.toMatchObject({ reason: 'load-failed' });
  expect(refused.tries()).toBe(1);
});

it('the last failure is told when the time is up', async () => {
  const { ask } = failing(Number.POSITIVE_INFINITY, connectionLost());
  await expect(patiently(ask, 'asking', never, { withinMs: 20, everyMs: 1 })).rejects.toMatchObject({
    reason: 'connection-lost',
  });
});

it('a cancel ends the wait for the next try', async () => {
  const stop = new AbortController();
  const { ask, tries } = failing(Number.POSITIVE_INFINITY, connectionLost());
  const asking = patiently(ask, 'asking the server', stop.signal, { withinMs: 3_600_000, everyMs: 3_600_000 });
  stop.abort();
  await expect(asking).rejects.toMatchObject({ reason: 'cancelled', message: 'Cancelled while asking the server.' });
  expect(tries()).toBe(1);
});

import { expect, it, vi } from 'vitest';
import { connectionLost, type ChannelSocket } from '../../../src/kubernetes/channelSocket.ts';
import type { Cluster } from '../../../src/kubernetes/cluster.ts';
import { connectServers, type ServerConnection } from '../../../src/kubernetes/serverConnection.ts';
import { StatusError } from '../../../src/kubernetes/statusError.ts';
import type { StandingServer } from '../../../src/kubernetes/supervise.ts';

/** What is waited between two tries is of no account here. */
vi.mock('node:timers/promises', () => ({ setTimeout: () => new Promise((resolve) => setTimeout(resolve, 1)) }));

const never = new AbortController().signal;
const output = (name: string, data: readonly unknown[]) => ({ name, data });
const answer = JSON.stringify({
  outputs: [output('label', ['good']), output('score', [0.9]), output('logits', [0.1, 0.9])],
});

/** To a Triton that answers everything, through web sockets of which the first ones do not open. */
async function connected(
  notOpened: readonly Error[],
): Promise<ServerConnection & { readonly asked: readonly string[] }> {
  const left = [...notOpened];
  const asked: string[] = [];
  const cluster = {
    async openSocket(_path: string, onMessage: (channel: number, data: Buffer) => void): Promise<ChannelSocket> {
      const error = left.shift();
      if (error !== undefined) throw error;
      let close = (): void => undefined;
      const closed = new Promise<void>((resolve) => {
        close = resolve;
      });
      let request = '';
      const send = async (_channel: number, ...data: readonly Buffer[]): Promise<void> => {
        request += Buffer.concat(data).toString();
        const [head = '', body = ''] = request.split('\r\n\r\n');
        const length = Number(/content-length: (\d+)/iu.exec(head)?.[1] ?? 0);
        if (!request.includes('\r\n\r\n') || body.length < length) return;
        const [line = ''] = head.split('\r\n');
        asked.push(line);
        const text = line.includes('infer') ? answer : '{"version":"2.60.0"}';
        const said = `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${String(text.length)}\r\n\r\n${text}`;
        // A message of a channel begins with the port's number when it is the first.
        onMessage(0, Buffer.concat([Buffer.alloc(2), Buffer.from(said)]));
        close();
      };
      return { send, end: async () => undefined, close, closed };
    },
  } as unknown as Cluster;
  const servers = [{ server: { component: 'triton' }, pod: { metadata: { name: 'tb-triton-1' } } }];
  const connection = await connectServers(cluster, 'team', 'm', servers as unknown as StandingServer[], null);
  return { ...connection, asked };
}

it('an inference request is sent again when the connection through the API server breaks', async () => {
  await using triton = await connected([connectionLost(), new StatusError(502, '', 'bad gateway')]);
  expect(await triton.infer(['a text'], never)).toEqual([{ label: 'good', score: 0.9, logits: [0.1, 0.9] }]);
  expect(triton.asked).toEqual(['POST /v2/models/m/infer HTTP/1.1']);
});

it('the first reading of the metrics is tried again for as long as a later one, however quickly each try fails', async () => {
  await using triton = await connected(Array.from({ length: 60 }, () => connectionLost()));
  expect(await triton.runtimes(never)).toEqual([]);
  expect(triton.asked).toEqual(['GET /metrics HTTP/1.1', 'GET /v2 HTTP/1.1']);
});

it('a pod that is gone is not asked again', async () => {
  const gone = new StatusError(404, '', 'the API server answered HTTP 404');
  await using triton = await connected(Array.from({ length: 4 }, () => gone));
  await expect(triton.infer(['a text'], never)).rejects.toMatchObject({
    reason: 'pod-failed',
    message: 'The pod tb-triton-1 is not there any more.',
  });
  expect(triton.asked).toEqual([]);
});

it('an API server that has only just started, and refuses at first, is asked again', async () => {
  const refused = new StatusError(403, '', 'the API server answered HTTP 403');
  await using triton = await connected([refused, refused]);
  expect(await triton.infer(['a text'], never)).toHaveLength(1);
});

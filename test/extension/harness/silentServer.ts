/** Somebody who takes connections on a port of this machine and says nothing: who asks waits. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { loopbackAddress } from '../../../src/local/loopback.ts';

/** While `steps` last; nobody listens there any more when it resolves. */
export async function whileNothingIsSaid(port: number, steps: () => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // Who waits no longer goes away.
    socket.on('error', () => socket.destroy());
  });
  server.listen(port, loopbackAddress);
  await once(server, 'listening');
  try {
    await steps();
  } finally {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }
}

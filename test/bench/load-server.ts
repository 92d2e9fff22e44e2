/** A server that costs next to nothing: every request gets the same bytes, /delay ones after a fixed time (ms in argv). */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

const delayMs = Number(process.argv[2]);
const answer = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"answer":true}',
);
const server = createServer({ noDelay: true }, (socket) => {
  // In a closed loop each request is one write of the client, and comes as one chunk over loopback.
  socket.on('data', (chunk) => {
    if (chunk.includes('/delay ')) setTimeout(() => socket.write(answer), delayMs);
    else socket.write(answer);
  });
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());

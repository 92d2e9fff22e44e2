/**
 * A server whose behaviour is known, in a process of its own, that keeps its own account of what it did. The path says
 * what it does to every Nth request: /500?every=10&delay=2. It prints its port; {"tell":true} on IPC asks for the account.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const behaviours = [
  'ok',
  '500',
  '404',
  'reset',
  'close',
  'cut',
  'hang',
  'garbage',
  'goodbye',
  'until-close',
  'slow-body',
] as const;
export type Behaviour = (typeof behaviours)[number];

export interface Truth {
  /** Requests that arrived, whatever was done to them. */
  received: number;
  /** By what was done to them; answers count when their last byte was handed over. */
  done: Partial<Record<Behaviour, number>>;
  bodies: string[];
  headers: Record<string, string>[];
  /** Milliseconds that each request was kept, answers only. */
  keptMs: number[];
  sockets: number;
}

const none = (): Truth => ({ received: 0, done: {}, bodies: [], headers: [], keptMs: [], sockets: 0 });
let truth = none();
let random = 1;

const server = createServer((request, response) => {
  truth.received += 1;
  const arrived = performance.now();
  const url = new URL(request.url ?? '/', 'http://truth');
  const behaviour = behaviourOf(url);
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (url.searchParams.has('keep')) {
      truth.bodies.push(Buffer.concat(chunks).toString());
      truth.headers.push(
        Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      );
    }
    setTimeout(
      () => {
        respond(behaviour, request, response);
        truth.done[behaviour] = (truth.done[behaviour] ?? 0) + 1;
        truth.keptMs.push(performance.now() - arrived);
      },
      Number(url.searchParams.get('delay') ?? '0'),
    );
  });
});

/** Every Nth request gets the path's behaviour; "/mix" draws one of all for each request. */
function behaviourOf(url: URL): Behaviour {
  const name = url.pathname.slice(1);
  if (name === 'mix') {
    random = (Math.imul(random, 1_103_515_245) + 12_345) & 0x7fffffff;
    const drawn = behaviours[(random >> 8) % (behaviours.length * 3)] ?? 'ok';
    return drawn === 'hang' ? 'ok' : drawn;
  }
  const every = Number(url.searchParams.get('every') ?? '1');
  const wanted = behaviours.find((behaviour) => behaviour === name) ?? 'ok';
  return truth.received % every === 0 ? wanted : 'ok';
}

function respond(behaviour: Behaviour, request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request;
  switch (behaviour) {
    case 'ok':
      response.writeHead(200, { 'content-type': 'application/json' }).end('"ok"');
      break;
    case '500':
    case '404':
      response.writeHead(Number(behaviour)).end('no');
      break;
    case 'reset':
      socket.resetAndDestroy();
      break;
    case 'close':
      socket.end();
      break;
    case 'cut':
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      break;
    case 'garbage':
      socket.end('this is no HTTP\r\n\r\n');
      break;
    case 'goodbye':
      response.writeHead(200, { connection: 'close' }).end('ok');
      break;
    case 'until-close':
      socket.end('HTTP/1.1 200 OK\r\n\r\nall of it');
      break;
    case 'slow-body':
      response.writeHead(200, { 'content-length': '4' }).write('sl');
      setTimeout(() => response.end('ow'), 30);
      break;
    case 'hang':
      break;
  }
}

/** A turn of the event loop may read a message before the requests that came earlier; a new connection is read a turn later. */
function afterAllThatArrived(then: () => void, turns = 4): void {
  if (turns === 0) then();
  else
    setImmediate(() => {
      afterAllThatArrived(then, turns - 1);
    });
}

server.on('connection', () => (truth.sockets += 1));
process.on('message', (message: { tell?: true; forget?: true }) => {
  afterAllThatArrived(() => {
    if (message.forget === true) truth = none();
    process.send?.(truth);
  });
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));

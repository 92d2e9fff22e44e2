import type * as nodeCrypto from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { areFree, freePorts, loopbackAddress } from '../../../src/local/loopback.ts';

const proposed: number[] = [];
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof nodeCrypto>();
  return { ...crypto, randomInt: (from: number, to: number) => proposed.shift() ?? crypto.randomInt(from, to) };
});

const held: Server[] = [];
async function hold(port: number): Promise<void> {
  const server = createServer();
  held.push(server);
  server.listen(port, loopbackAddress);
  await once(server, 'listening');
}

afterEach(async () => {
  for (const server of held.splice(0)) {
    server.close();
    await once(server, 'close');
  }
});

test('ports that are free differ, can be listened on, and are none that systems give to outgoing connections', async () => {
  const ports = await freePorts(40);
  expect(new Set(ports).size).toBe(40);
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(15_000);
  expect(Math.max(...ports)).toBeLessThan(30_000);
  for (const port of ports) await hold(port);
});

test("a port that is somebody else's is passed over, and so is one that is proposed twice", async () => {
  const [taken = 0, free = 0] = await freePorts(2);
  await hold(taken);
  proposed.push(taken, free, free);
  const ports = await freePorts(2);
  expect(ports[0]).toBe(free);
  expect([taken, free]).not.toContain(ports[1]);
  expect(proposed).toEqual([]);
});

test('ports are free where nobody listens on any of them', async () => {
  const [first = 0, second = 0] = await freePorts(2);
  expect(await areFree([first, second])).toBe(true);
  await hold(second);
  expect(await areFree([first, second])).toBe(false);
  expect(await areFree([first])).toBe(true);
});

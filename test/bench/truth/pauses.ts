/**
 * Takes the core that it is bound to for 5 to 30 ms, about nine times a second, until who started it has ended or ends it. With
 * a real-time priority nothing else runs there meanwhile. argv: a seed.
 */
import { seededRandom } from '../../../src/core/seededRandom.ts';

const random = seededRandom(Number(process.argv[2] ?? '1'));
const cell = new Int32Array(new SharedArrayBuffer(4));
const parent = process.ppid;
while (process.ppid === parent) {
  Atomics.wait(cell, 0, 0, 50 + 90 * random());
  const until = performance.now() + 5 + 25 * random();
  while (performance.now() < until);
}

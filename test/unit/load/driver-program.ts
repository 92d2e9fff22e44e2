/** A process that loads a URL for a minute, to be killed. */
import { createLoadDriver } from '../../../src/load/driver.ts';
import { carryOut, listen, loadSpec } from './spec.ts';

const [workerPath = '', url = ''] = process.argv.slice(2);
await carryOut(
  createLoadDriver({ workerPath }),
  loadSpec({ url, durationSeconds: 60 }),
  {},
  listen(),
  new AbortController().signal,
);

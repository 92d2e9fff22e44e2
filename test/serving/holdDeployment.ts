/** Brings the hybrid up and holds it until it is killed. */
import { openBench } from './support.ts';

const bench = await openBench();
await bench.deploy('hybrid');
process.stdout.write('ready\n');
setInterval(() => undefined, 1000);

/**
 * Plain autocannon, as anyone would call it: argv names a file with its options as JSON; it prints its figures and the CPU it took.
 * Before that, and not counted, it loads a server that answers at once, as our worker does when it measures its own overhead.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import autocannon, { type Options } from 'autocannon';

const options = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as Options;
const server = fork(join(import.meta.dirname, '..', 'load-server.ts'), ['0'], { execArgv: [] });
const [port] = (await once(server, 'message')) as [number];
await autocannon({ ...options, url: `http://127.0.0.1:${String(port)}/fast`, connections: 1, duration: 1 });
server.disconnect();
await once(server, 'exit');
const before = process.cpuUsage();
const result = await autocannon(options);
const cpu = process.cpuUsage(before);
console.log(
  JSON.stringify({
    requests: result.requests.total,
    errors: result.errors + result.non2xx,
    requestsPerSecond: result.requests.total / result.duration,
    p50Ms: result.latency.p50,
    p90Ms: result.latency.p90,
    p97_5Ms: result.latency.p97_5,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
  }),
);

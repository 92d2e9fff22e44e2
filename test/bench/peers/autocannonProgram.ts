/** Plain autocannon, as anyone would call it: argv names a file with its options as JSON; it prints its figures and the CPU it took. */
import { readFile } from 'node:fs/promises';
import autocannon, { type Options } from 'autocannon';

const options = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as Options;
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

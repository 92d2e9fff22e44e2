/** Plain autocannon, as anyone would call it: argv is its options as JSON; it prints what it did and the CPU it took. */
import autocannon, { type Options } from 'autocannon';

const before = process.cpuUsage();
const startedAt = performance.now();
const result = await autocannon(JSON.parse(process.argv[2] ?? '{}') as Options);
const cpu = process.cpuUsage(before);
const seconds = (performance.now() - startedAt) / 1000;
console.log(
  JSON.stringify({
    requests: result.requests.total,
    seconds,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    latency: { p50: result.latency.p50, p97_5: result.latency.p97_5, p99: result.latency.p99 },
    errors: result.errors,
    timeouts: result.timeouts,
    non2xx: result.non2xx,
  }),
);

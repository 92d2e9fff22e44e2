/**
 * `npm run demo`: the main job without a cluster. All three topologies as processes on this machine, the tiny model,
 * the quick profile; prints the table, saves the record, writes the HTML report.
 */
import { join } from 'node:path';
import { buildAll } from './build.ts';
import { must, root, run } from './commands.ts';

const report = join(root, '.topology-bench', 'demo.html');
await must(process.execPath, ['src/local/prepare.ts', '--install-system-packages']);
await buildAll();
const code = await run(process.execPath, [
  join(root, 'dist', 'cli.cjs'),
  'run',
  '--local',
  '--report',
  report,
  ...process.argv.slice(2),
]);
process.exitCode = code;
if (code === 0 || code === 1) {
  console.log(`\nOpen ${report} in a browser to see it with charts.`);
  if (code === 1)
    console.log(
      'Ended with 1, as a run in CI would: something failed, or not every number is valid (said above). On one small machine, which servers and load generator share, the second is common.',
    );
}

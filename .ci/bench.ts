/** `npm run bench [-- name... --option...]`: every benchmark of test/bench, or those whose names are given; options go to them. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { root, run } from './commands.ts';
import { packageExtension } from './package.ts';

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const options = process.argv.slice(2).filter((argument) => argument.startsWith('-'));
const all = (await readdir(join(root, 'test', 'bench'))).filter((file) => file.endsWith('.bench.ts')).sort();
const chosen = all.filter((file) => wanted.length === 0 || wanted.some((name) => file.startsWith(name)));
if (chosen.length === 0) {
  console.error(`No such benchmark. There are: ${all.map((file) => file.replace('.bench.ts', '')).join(', ')}.`);
  process.exit(2);
}
// The package itself is held to its size here.
await packageExtension();
for (const file of chosen) {
  console.log(`\n== ${file.replace('.bench.ts', '')}`);
  const code = await run(process.execPath, [join('test', 'bench', file), ...options]);
  if (code !== 0) process.exitCode = 1;
}

/** Types, lint and format, of TypeScript and of Python. Ends with 1 when anything is wrong; nothing is rewritten. */
import { join } from 'node:path';
import { npmTool, root, run } from './commands.ts';
import { pythonEnvironment } from './python.ts';

export async function check(): Promise<boolean> {
  const bin = join(await pythonEnvironment(), 'bin');
  const serving = { cwd: join(root, 'src/serving') };
  const codes = [
    await run(npmTool('tsc'), ['-p', '.']),
    await run(npmTool('eslint'), [
      '.',
      '--max-warnings',
      '0',
      '--cache',
      '--cache-location',
      'node_modules/.cache/eslint',
    ]),
    await run(npmTool('prettier'), ['--check', '--log-level', 'warn', '.']),
    await run(join(bin, 'ruff'), ['check', '.'], serving),
    await run(join(bin, 'ruff'), ['format', '--check', '.'], serving),
    await run(join(bin, 'mypy'), ['.'], serving),
  ];
  return codes.every((code) => code === 0);
}

if (import.meta.main) process.exitCode = (await check()) ? 0 : 1;

// Runs a command and ends with it; when whoever started us is gone (our stdin closes), even by SIGKILL, the command's whole
// process group and its folder go too. `node supervise.mjs FOLDER COMMAND [ARGUMENT]...`. We must lead a process group.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const [folder, command, ...rest] = process.argv.slice(2);
const child = spawn(command, rest, { stdio: ['ignore', 'inherit', 'inherit'] });
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => undefined);
let abandoned = false;
child.on('exit', (code) => {
  if (!abandoned) process.exit(code ?? 1);
});
child.on('error', (error) => {
  console.error(error);
  process.exit(1);
});
process.stdin.resume();
process.stdin.on('end', () => {
  abandoned = true;
  process.kill(0, 'SIGTERM');
  setTimeout(() => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    process.kill(0, 'SIGKILL');
  }, 2000);
});

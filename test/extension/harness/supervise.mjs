// Runs a command and ends with it; when whoever started us is gone (our stdin closes), even by SIGKILL, the command's whole
// process group, its folder and the runs whose journals lie there go too. `node supervise.mjs FOLDER COMMAND [ARGUMENT]...`. We must lead a process group.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';

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
    // Who still writes there would keep it from being removed.
    child.kill('SIGKILL');
    try {
      for (const pid of runs()) process.kill(pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    } finally {
      process.kill(0, 'SIGKILL');
    }
  }, 2000);
});

function runs() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8');
        return command.includes('runner.cjs\0') && command.includes(`\0${folder}/`);
      } catch {
        return false;
      }
    });
}

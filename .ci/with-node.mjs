// Runs a TypeScript script of this folder with the Node that this project is built with. A fresh machine may have an older
// one, or none of the packages: then both are installed first, saying so. Must itself run on Node 18.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const wanted = '24.21.0';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache =
  process.env.TOPOLOGY_BENCH_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'topology-bench');

const node = currentNodeWillDo() ? process.execPath : installedNode();
const environment = {
  ...process.env,
  PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`,
  TOPOLOGY_BENCH_CACHE: cache,
  NODE_NO_WARNINGS: '1',
};
installPackages();
const [script, ...rest] = process.argv.slice(2);
const result = spawnSync(node, [join(root, script), ...rest], { stdio: 'inherit', env: environment });
if (result.error) throw result.error;
process.exit(result.status ?? 128);

function currentNodeWillDo() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 0) || (major === 22 && minor >= 18);
}

function installedNode() {
  const home = join(cache, 'node', wanted);
  const binary = join(home, 'bin', 'node');
  if (existsSync(binary)) return binary;
  const name = `node-${process.platform}-${process.arch}`;
  console.log(
    `Node ${process.versions.node} is too old for the tools of this project; installing ${name}@${wanted} into ${home}`,
  );
  mkdirSync(join(cache, 'node'), { recursive: true });
  const temporary = mkdtempSync(join(cache, 'node', 'new-'));
  try {
    must('npm', ['pack', '--silent', '--pack-destination', temporary, `${name}@${wanted}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    must('tar', ['xzf', join(temporary, `${name}-${wanted}.tgz`), '-C', temporary]);
    if (!existsSync(binary)) renameSync(join(temporary, 'package'), home);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return binary;
}

/** npm ci, unless what is installed is already what the lockfile says. */
function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const marker = join(root, 'node_modules', '.topology-bench-lock');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === lock) return;
  console.log('Installing the npm packages of package-lock.json');
  must('npm', ['ci', '--ignore-scripts', '--loglevel=error'], { cwd: root, stdio: 'inherit', env: environment });
  writeFileSync(marker, lock);
}

function must(command, args, options = {}) {
  const run = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (run.error) throw run.error;
  if (run.status !== 0) {
    console.error(`"${command} ${args.join(' ')}" ended with ${run.status}`);
    process.exit(run.status ?? 1);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { startProgram, type Started } from './bundle.ts';

/** A program that stops as the command line does, and then needs a while to clean up; it may stand still before that. */
const programThatCleansUpFor = (cleaningMs: number, standsStill: boolean): string => `
  import { signalOfStops } from ${JSON.stringify(join(import.meta.dirname, '../../../src/cli/stops.ts'))};
  const signal = signalOfStops(process);
  const alive = setInterval(() => process.stdout.write('working\\n'), 50);
  signal.addEventListener('abort', () => {
    process.stderr.write('stopping\\n');
    if (${String(standsStill)}) process.kill(process.pid, 'SIGSTOP');
    setTimeout(() => {
      clearInterval(alive);
      process.exitCode = 7;
    }, ${String(cleaningMs)});
  });
  process.stderr.write('ready\\n');
`;

async function start(cleaningMs = 2_000, standsStill = false): Promise<Started> {
  const program = programThatCleansUpFor(cleaningMs, standsStill);
  const started = startProgram(process.execPath, ['--input-type=module', '--eval', program], {});
  await started.said('ready');
  return started;
}

const cleanedUp = 7;

describe.concurrent('what stops the command line', () => {
  it.each<[string, readonly (NodeJS.Signals | number)[]]>([
    ['Ctrl-C', ['SIGINT']],
    ['SIGTERM', ['SIGTERM']],
    ['a terminal that is closed: the kernel and the shell each say so', ['SIGHUP', 100, 'SIGHUP']],
    ['Ctrl-C that npm hands on too', ['SIGINT', 20, 'SIGINT']],
    ['a CI system that loses its patience', ['SIGINT', 1200, 'SIGTERM']],
    ['Ctrl-C, and then closing the terminal', ['SIGINT', 1200, 'SIGHUP', 10, 'SIGHUP']],
  ])('%s, and lets it clean up', async (_name, steps) => {
    const { child, ended } = await start();
    for (const step of steps) {
      if (typeof step === 'number') await sleep(step);
      else child.kill(step);
    }
    expect(await ended).toMatchObject({ code: cleanedUp });
  });

  it('a second Ctrl-C, a person waiting, ends it at once', async () => {
    // Longer than any pause of the machine, so that only the second one ends it.
    const { child, ended, said } = await start(120_000);
    child.kill('SIGINT');
    await said('stopping');
    // Again where the program stood still for a part of that second.
    while (child.exitCode === null) {
      await sleep(1200);
      child.kill('SIGINT');
    }
    expect(await ended).toMatchObject({ code: 130 });
  });

  it('Ctrl-C that npm hands on after the machine stood still, and lets it clean up', async () => {
    const { child, ended, said } = await start(2_000, true);
    child.kill('SIGINT');
    await said('stopping');
    await sleep(1200);
    child.kill('SIGINT');
    child.kill('SIGCONT');
    expect(await ended).toMatchObject({ code: cleanedUp });
  });

  it.each(['stdout', 'stderr'] as const)('%s that nobody reads any more, and lets it clean up', async (name) => {
    const { child, ended } = await start();
    child[name].destroy();
    // The other one is written to after that, and the closed one again and again.
    if (name === 'stderr') child.kill('SIGTERM');
    const { code, stderr } = await ended;
    expect(code).toBe(cleanedUp);
    if (name === 'stdout') expect(stderr).toBe('ready\nstopping\n');
  });
});

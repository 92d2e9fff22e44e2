import { expect, test } from 'vitest';
import type { LogOutputChannel } from 'vscode';
import { createLog } from '../../../src/extension/log.ts';

/** As VS Code's own channel does: once it is disposed of, every call throws. */
function channel(): { readonly lines: string[]; readonly channel: LogOutputChannel } {
  const lines: string[] = [];
  let disposed = false;
  const write =
    (level: string) =>
    (...parts: unknown[]): void => {
      if (disposed) throw new Error('Channel has been closed');
      lines.push([level, ...parts.map(String)].join(' '));
    };
  const names = ['trace', 'debug', 'info', 'warn', 'error', 'append', 'appendLine', 'replace', 'show', 'hide', 'clear'];
  const made = {
    name: 'Topology Bench',
    logLevel: 3,
    ...Object.fromEntries(names.map((name) => [name, write(name)])),
    dispose: () => {
      disposed = true;
    },
  };
  return { lines, channel: made as unknown as LogOutputChannel };
}

const privateText =
  'connect to https://10.0.0.7:6443/api failed in /home/jane/models, /root/.kube/config and /Users/jane/x and /data/staff/jo/y';

test('no line holds a server address or a home folder, at any level', () => {
  const { lines, channel: below } = channel();
  const log = createLog(below, '/data/staff/jo');
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'append', 'appendLine', 'replace'] as const)
    log[level](privateText);
  expect(lines).toHaveLength(8);
  for (const line of lines) {
    expect(line).toMatch(/ connect to \(address\) failed in ~\/models, ~\/\.kube\/config and ~\/x and ~\/y$/u);
  }
});

test('nor does a stack, nor anything that is given beside the message', () => {
  const { lines, channel: below } = channel();
  const error = new Error('no route to https://cluster.example:6443');
  error.stack = `${error.message}\n    at open (/home/jane/.vscode/extensions/topology-bench/dist/engine.cjs:1:1)`;
  createLog(below).error(error);
  createLog(below).info('asked', { url: 'https://cluster.example:6443', count: 2 }, 3, undefined);
  expect(lines[0]).toContain('at open (~/.vscode/extensions');
  expect(lines[1]).toContain('count: 2 } 3 undefined');
  expect(lines.join('\n')).not.toMatch(/jane|cluster\.example/u);
});

test('a home that is the root of the disk leaves paths as they are', () => {
  const { lines, channel: below } = channel();
  createLog(below, '/').info('/srv/models/a');
  expect(lines).toEqual(['info /srv/models/a']);
});

test('a line that comes after the channel was closed is lost and fails nobody', () => {
  const { lines, channel: below } = channel();
  const log = createLog(below);
  log.info('before');
  log.dispose();
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'append', 'appendLine', 'replace'] as const)
    log[level]('after');
  log.show();
  expect(lines).toEqual(['info before']);
});

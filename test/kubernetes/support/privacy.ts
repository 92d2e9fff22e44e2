import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { expect } from 'vitest';
import { parse } from 'yaml';
import type { RunRecord } from '../../../src/core/record.ts';
import { testCluster } from './testCluster.ts';

/** An address with its scheme, or an IPv4 address; the name of a container runtime is written like the first. */
const anyAddress = /\b(?!containerd:|cri-o:|docker:)[a-z][a-z0-9+.-]*:\/\/|(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])/u;

/**
 * A record names no address, no context or user of the kubeconfig and no folder of this machine's user.
 * @param secrets what else must not be in it
 */
export async function expectNothingPrivate(record: RunRecord, secrets: readonly string[] = []): Promise<void> {
  const text = JSON.stringify(record);
  const names = await ownNames();
  expect(names.length).toBeGreaterThan(1);
  for (const name of [...names, homedir(), ...secrets]) expect(text).not.toContain(name);
  expect(text).not.toMatch(anyAddress);
}

async function ownNames(): Promise<string[]> {
  const { contexts, users } = parse(await readFile(testCluster().kubeconfig, 'utf8')) as Record<
    'contexts' | 'users',
    { name: string }[]
  >;
  return [...contexts, ...users].map(({ name }) => name);
}

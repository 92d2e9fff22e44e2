import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { EnteredGpuPrice } from '../../../src/core/gpuPrice.ts';
import type { RunRecord } from '../../../src/core/record.ts';
import type { View } from '../../../src/protocol/messages.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';
import { sampleState } from '../../support/sampleState.ts';
import { buildBundles, PageServer, type ResultsPage } from './page.ts';

/** What the tests of the panel's page share: the real page in a real Chromium, under the policy that VS Code's panel gives it. */

export const record = sampleRecord();
/** Of a reader far from UTC. */
export const times = { locale: 'en', timeZone: 'America/New_York' };
export const noPrice: EnteredGpuPrice = { price: null, problem: null };

export function recordView(shown: RunRecord, notSaved: string | null = null, gpuPrice = noPrice): View {
  const ended = { benchmarkAgain: 'possible' as const, notSaved, cleanedUp: true, gpuPrice, times };
  return { kind: 'record', record: shown, subject: 'sentiment', ...ended };
}

export function liveView(upTo: Parameters<typeof sampleState>[1], cancelling = false): View {
  return {
    kind: 'live',
    state: sampleState(record, upTo),
    elapsedMs: 83_000,
    subject: 'sentiment',
    cancelling,
    gpuPrice: noPrice,
  };
}

/** Gives the tests of a file a page each. Whatever a test did: the policy was never violated and the page never threw. */
export function openPages(): (options?: Partial<Parameters<PageServer['open']>[0]>) => Promise<ResultsPage> {
  let server: PageServer;
  let opened: ResultsPage | undefined;
  beforeAll(async () => {
    server = await PageServer.start(await buildBundles());
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    expect(await opened?.violations()).toEqual([]);
    expect((await opened?.messages())?.filter((message) => message.type === 'page-problem')).toEqual([]);
    await opened?.page.close();
    opened = undefined;
  });
  return async (options = {}) => {
    opened = await server.open({ theme: 'dark', ...options });
    return opened;
  };
}

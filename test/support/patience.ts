import { vi } from 'vitest';

/** A second, as Vitest has it, is short on a machine whose cores others use, too; what never comes fails all the same. */
const patienceMs = 20_000;

const { waitFor, waitUntil } = vi;
vi.waitFor = (callback, options) =>
  waitFor(callback, typeof options === 'number' ? options : { timeout: patienceMs, ...options });
vi.waitUntil = (callback, options) =>
  waitUntil(callback, typeof options === 'number' ? options : { timeout: patienceMs, ...options });

import type { VsCodeVersion } from './install.ts';

const variable = 'TOPOLOGY_BENCH_DRIVES_VERSION';

/** The VS Code that a drive runs on: what the variable says for all of them, else what the drive's own file says. */
export function drivenVersion(said: VsCodeVersion = 'newest', forAll = process.env[variable] ?? ''): VsCodeVersion {
  if (forAll === '') return said;
  if (forAll === 'oldest' || forAll === 'newest') return forAll;
  throw new Error(
    `${variable} is "${forAll}", which names no VS Code that drives could run on. ` +
      'Set it to "oldest" or "newest", or unset it to have each file decide.',
  );
}

/** When this bundle began to run; the first import of extension.ts, so that its loading is part of what is measured. */
export const startedAtMs = performance.now();

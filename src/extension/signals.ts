import type { CancellationToken } from 'vscode';

/** A CancellationToken as an AbortSignal: the edge where the one becomes the other. Dispose it when the work has ended. */
export function signalFrom(token: CancellationToken): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  const listener = token.onCancellationRequested(() => {
    controller.abort();
  });
  return {
    signal: controller.signal,
    dispose: () => {
      listener.dispose();
    },
  };
}

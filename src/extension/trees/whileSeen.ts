import * as vscode from 'vscode';

interface Reading {
  /** The tree has an answer, from which the wait for the next look begins anew. */
  readonly onDidRead: vscode.Event<void>;
  /** Milliseconds until it is looked at again; undefined: there is nothing to look at. */
  readonly nextMs: () => number | undefined;
  readonly look: () => void;
}

/** Has a tree look again, time after time, as long as somebody sees its view, and when somebody sees it again. */
export function whileSeen(
  view: Pick<vscode.TreeView<unknown>, 'visible' | 'onDidChangeVisibility'>,
  { onDidRead, nextMs, look }: Reading,
): vscode.Disposable {
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    clearTimeout(timer);
    const pauseMs = view.visible ? nextMs() : undefined;
    if (pauseMs !== undefined) timer = setTimeout(look, pauseMs);
  };
  const listeners = [view.onDidChangeVisibility(next), onDidRead(next)];
  return vscode.Disposable.from(...listeners, {
    dispose: () => {
      clearTimeout(timer);
    },
  });
}

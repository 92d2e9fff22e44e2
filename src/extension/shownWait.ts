import * as vscode from 'vscode';
import { cancelled } from '../core/errors.ts';
import { plainText } from './plainText.ts';

/** A wait that is shorter than this is not worth a notification. */
const unshownMs = 800;

/**
 * Waits for what may take long, as the hashing of a large model or the answer of a cluster that hangs: then that is shown, and
 * can be left at once, whatever the work makes of its signal.
 * @param doing completes the sentence "Cancelled while ..."
 * @throws BenchError cancelled; what the work throws
 */
export async function shownWait<Value>(
  title: string,
  doing: string,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const stop = new AbortController();
  const left = new Promise<never>((_resolve, reject) => {
    stop.signal.addEventListener('abort', () => {
      reject(cancelled(doing));
    });
  });
  const working = Promise.race([work(stop.signal), left]);
  const timer = setTimeout(() => {
    const location = vscode.ProgressLocation.Notification;
    void vscode.window.withProgress({ location, cancellable: true, title: plainText(title) }, (_progress, token) => {
      token.onCancellationRequested(() => {
        stop.abort();
      });
      // How it ends is for who asked; here only that it has ended.
      return working.catch(() => undefined);
    });
  }, unshownMs);
  try {
    return await working;
  } finally {
    clearTimeout(timer);
  }
}

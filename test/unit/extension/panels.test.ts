import { beforeEach, expect, test, vi } from 'vitest';
import type { LogOutputChannel, Uri } from 'vscode';
import type { PanelContent } from '../../../src/extension/panel.ts';
import { fakeVscode } from './fakeVscode.ts';

/** As much of a webview panel as the list of open panels looks at. */
interface FakePanel {
  active: boolean;
  visible: boolean;
  dispose(): void;
}
const made: FakePanel[] = [];

vi.mock('vscode', async () => {
  const { fakeVscode: fake } = await import('./fakeVscode.ts');
  const listening = (): object => ({ dispose: () => undefined });
  return {
    ...fake,
    window: {
      ...fake.window,
      registerWebviewPanelSerializer: listening,
      createWebviewPanel: () => {
        let disposed = (): void => undefined;
        const panel = {
          active: false,
          visible: true,
          viewColumn: 2,
          webview: { onDidReceiveMessage: listening, asWebviewUri: (uri: unknown) => uri, cspSource: 'x', html: '' },
          onDidChangeViewState: listening,
          onDidDispose: (listener: () => void) => {
            disposed = listener;
            return listening();
          },
          dispose: () => {
            disposed();
          },
        };
        made.push(panel);
        return panel;
      },
    },
  };
});
const { Panels } = await import('../../../src/extension/panel.ts');

beforeEach(() => {
  made.length = 0;
});

test('runs in sight are that of the panel with the focus, else those of all that are seen', () => {
  const root = fakeVscode.Uri.file('/extension') as unknown as Uri;
  const panels = new Panels(root, {} as PanelContent, { error: vi.fn() } as unknown as LogOutputChannel);
  expect(panels.inSight()).toEqual([]);
  panels.show({ runId: 'first' }, 'First');
  expect(panels.inSight()).toEqual(['first']);
  panels.show({ runId: 'second', before: 'first' }, 'Second');
  expect(panels.inSight()).toEqual(['first', 'second']);
  const [first, second] = made;
  if (first === undefined || second === undefined) throw new Error('Two panels were to be opened.');
  second.active = true;
  expect(panels.inSight()).toEqual(['second']);
  Object.assign(second, { active: false, visible: false });
  expect(panels.inSight()).toEqual(['first']);
  first.dispose();
  expect(panels.inSight()).toEqual([]);
});

import { beforeEach, expect, test, vi } from 'vitest';
import type { LogOutputChannel, Uri } from 'vscode';
import type { PanelContent } from '../../../src/extension/panel.ts';
import { fakeVscode } from './fakeVscode.ts';

/** As much of a webview panel as the list of open panels looks at. */
interface FakePanel {
  title: string;
  active: boolean;
  visible: boolean;
  reveal(): void;
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
      createWebviewPanel: (_type: string, title: string) => {
        let disposed = (): void => undefined;
        const panel: FakePanel & Record<string, unknown> = {
          title,
          active: false,
          visible: true,
          reveal: () => {
            panel.visible = true;
          },
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
  underWay.clear();
});

/** Runs that go on. */
const underWay = new Set<string>();
const open = (): InstanceType<typeof Panels> => {
  const root = fakeVscode.Uri.file('/extension') as unknown as Uri;
  const content = { isUnderWay: (runId: string) => underWay.has(runId) } as PanelContent;
  return new Panels(root, content, { error: vi.fn() } as unknown as LogOutputChannel);
};
const shown = (panels: InstanceType<typeof Panels>): string[] =>
  panels.reports().map(({ runId, before, title }) => [before ?? [], runId, title].flat().join(' '));

test('runs in sight are that of the panel with the focus, else those of all that are seen', () => {
  const panels = open();
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

test('a run takes the place of one that has ended, also in a hidden panel, and leaves those that go on or are compared', () => {
  const panels = open();
  underWay.add('live');
  panels.show({ runId: 'live' }, 'Live');
  panels.show({ runId: 'b', before: 'a' }, 'Compared');
  panels.show({ runId: 'c' }, 'C');
  expect(shown(panels)).toEqual(['live Live', 'a b Compared', 'c C']);
  Object.assign(made[2] ?? {}, { visible: false });
  panels.show({ runId: 'd' }, 'D');
  expect(shown(panels)).toEqual(['live Live', 'a b Compared', 'd D']);
  expect(made[2]?.visible).toBe(true);
  // What has a panel is shown there, and turns no other one.
  panels.show({ runId: 'live' }, 'Live');
  panels.show({ runId: 'c', before: 'a' }, 'Another comparison');
  expect(shown(panels)).toEqual(['live Live', 'a b Compared', 'd D', 'a c Another comparison']);
  made[2]?.dispose();
  underWay.clear();
  panels.show({ runId: 'e' }, 'E');
  expect(shown(panels)).toEqual(['e E', 'a b Compared', 'a c Another comparison']);
});

test('a comparison opens in a panel of its own, and its runs beside it', () => {
  const panels = open();
  panels.show({ runId: 'b' }, 'B');
  panels.show({ runId: 'b', before: 'a' }, 'Compared');
  expect(shown(panels)).toEqual(['b B', 'a b Compared']);
  panels.show({ runId: 'a' }, 'A');
  expect(shown(panels)).toEqual(['a A', 'a b Compared']);
  panels.show({ runId: 'b' }, 'B');
  expect(shown(panels)).toEqual(['b B', 'a b Compared']);
  // Swapped, they are the same two.
  panels.show({ runId: 'a', before: 'b' }, 'The other way round');
  expect(shown(panels)).toEqual(['b B', 'b a The other way round']);
  made[0]?.dispose();
  panels.show({ runId: 'a' }, 'A');
  expect(shown(panels)).toEqual(['b a The other way round', 'a A']);
});

test('of several panels that may turn to another run, one in sight does', () => {
  const panels = open();
  for (const runId of ['a', 'b', 'c']) {
    underWay.add(runId);
    panels.show({ runId }, runId);
  }
  underWay.clear();
  const [a, , c] = made;
  Object.assign(c ?? {}, { visible: false });
  panels.show({ runId: 'd' }, 'd');
  expect(shown(panels)).toEqual(['a a', 'd d', 'c c']);
  Object.assign(a ?? {}, { visible: false });
  Object.assign(made[1] ?? {}, { visible: false });
  panels.show({ runId: 'e' }, 'e');
  expect(shown(panels)).toEqual(['a a', 'd d', 'e e']);
});

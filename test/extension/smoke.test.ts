/** The harness itself, on a fixture: what it drives and what it must notice. The extension's own drives lie beside this file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { drive } from './harness/drive.ts';
import { drivenVersion } from './harness/drivenVersion.ts';
import { packExtension } from './harness/package.ts';
import { isSerious } from './harness/panel.ts';
import { pageThemes } from './harness/switchTheme.ts';
import { patienceMs } from './harness/waiting.ts';
import { runSuites } from './runTests.ts';

const fixture = join(import.meta.dirname, 'harness', 'fixture-extension');
const workspace = join(fixture, 'workspace');
let vsix = '';

beforeAll(async () => {
  vsix = await packExtension(fixture, 'fixture');
}, 60_000);

test('the harness drives tree, lens, webview, palette, picks and notifications', async () => {
  await drive('smoke', { version: 'newest', vsix, workspace }, async ({ workbench }) => {
    const files = await workbench.view('Harness Fixture', 'Files');
    await files.waitForRows('the fixture file', (rows) => rows.includes('one.fixture'));
    const row = files.row('one.fixture');
    await expect.poll(() => row.inlineActions(), { timeout: patienceMs }).toEqual(['Draw']);
    await expect.poll(() => row.menuItems(), { timeout: patienceMs }).toContain('Draw');
    await row.click();

    await workbench.openFromCodeLens('Draw', 'Fixture Panel');
    const panel = await workbench.panel('Fixture Panel');
    await panel.waitUntilDrawn();
    const [canvas] = await panel.canvases();
    expect(canvas?.painted).toBeGreaterThan(10_000);
    expect(canvas?.colours).toBe(4);
    expect(workbench.policyViolations).toEqual([]);
    expect(workbench.webviewErrors).toEqual([]);
    expect((await panel.axe()).filter(isSerious)).toEqual([]);
    await workbench.waitForOutput('Harness Fixture', '[info] drawing one.fixture');

    for (const theme of pageThemes) {
      await workbench.switchTheme(theme);
      await panel.waitForTheme(`vscode-${theme}`);
    }

    await panel.frame.locator('#break-rules').click();
    expect((await panel.axe()).filter(isSerious).map(({ rule }) => rule)).toEqual(['button-name', 'image-alt']);
    await panel.frame.locator('#break-policy').click();
    await expect.poll(() => workbench.policyViolations, { timeout: patienceMs }).toHaveLength(1);

    await workbench.runCommand('Harness Fixture: Ask');
    expect(await workbench.quickInput.waitForItem('red')).toEqual(['red', 'green', 'blue']);
    expect(await workbench.quickInput.title()).toBe('Which colour?');
    await workbench.quickInput.pick('green');
    await workbench.quickInput.pickMany(['two', 'three']);
    await expect.poll(() => workbench.quickInput.title(), { timeout: patienceMs }).toBe('Which name?');
    await workbench.quickInput.fill('somebody');
    expect(await workbench.dialog().text()).toBe('Are you sure? It cannot be undone.');
    await workbench.dialog().press('Go on');
    const answer = workbench.notification('green two+three somebody Go on');
    expect(await answer.buttons()).toEqual(['Again', 'Enough']);
    await answer.press('Enough');
    expect(await workbench.notification('So be it').text()).toBe('So be it');

    await workbench.reload();
    await (
      await workbench.view('Harness Fixture', 'Files')
    ).waitForRows('the fixture file again', (rows) => rows.includes('one.fixture'));
  });
});

test('all drives run on the VS Code that is asked for, else each on what its file says', () => {
  expect(drivenVersion('oldest', '')).toBe('oldest');
  expect(drivenVersion('oldest', 'newest')).toBe('newest');
  expect(drivenVersion(undefined, 'oldest')).toBe('oldest');
  expect(() => drivenVersion('oldest', '1.104')).toThrow('TOPOLOGY_BENCH_DRIVES_VERSION is "1.104"');
});

test('a suite in the extension host ends with 0 when it passes and with 1 when it fails', async () => {
  const suite = { extension: fixture, suites: fixture, workspace };
  expect(await runSuites({ ...suite, version: 'oldest' })).toBe(0);
  expect(await runSuites({ ...suite, version: 'newest', env: { HARNESS_FIXTURE_FAILS: '1' } })).toBe(1);
});

test('a harness that is killed leaves no server and no data behind', async () => {
  const script = `
    import { startVsCode } from './test/extension/harness/vscode.ts';
    const { url, dataDirectory } = await startVsCode();
    console.log(JSON.stringify({ url, dataDirectory }));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: join(import.meta.dirname, '..', '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { url, dataDirectory } = JSON.parse(line.toString()) as { url: string; dataDirectory: string };
  expect((await fetch(`${url}/version`)).ok).toBe(true);
  child.kill('SIGKILL');
  await expect.poll(() => existsSync(dataDirectory), { timeout: patienceMs }).toBe(false);
  const answers = (): Promise<boolean> =>
    fetch(`${url}/version`).then(
      () => true,
      () => false,
    );
  await expect.poll(answers, { timeout: patienceMs }).toBe(false);
});

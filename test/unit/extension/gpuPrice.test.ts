import { beforeEach, expect, test, vi } from 'vitest';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import { fakeVscode, settingsOf, settingsOfWorkspace, useDefaults, written } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { setGpuPrice } = await import('../../../src/extension/commands/gpuPrice.ts');

const [user, workspace] = [1, 2];

beforeEach(() => {
  settingsOf.clear();
  useDefaults(settingDefaults);
  written.length = 0;
  delete settingsOfWorkspace['gpuHourPrice'];
});

/** Types a text into the box that the command opens; undefined leaves it. */
async function type(
  text: string | undefined,
): Promise<{ value: string; prompt: string; complaint: string | undefined }> {
  let asked: Parameters<typeof fakeVscode.window.showInputBox>[0] | undefined;
  fakeVscode.window.showInputBox.mockImplementationOnce(async (options) => {
    asked = options;
    return text;
  });
  await setGpuPrice();
  if (asked === undefined) throw new Error('Nothing was asked.');
  return { value: asked.value, prompt: asked.prompt, complaint: asked.validateInput(text ?? '') };
}

test("a price goes to the user's settings, and a currency that is named with it only while no price stands", async () => {
  const { value, prompt, complaint } = await type('2.50');
  expect({ value, complaint }).toEqual({ value: '', complaint: undefined });
  expect(prompt).toContain('in USD');
  expect(written).toEqual([{ key: 'gpuHourPrice', value: 2.5, target: user }]);
  written.length = 0;
  await type(' 2.1 EUR ');
  expect(written).toEqual([
    { key: 'gpuHourPrice', value: undefined, target: user },
    { key: 'currency', value: 'EUR', target: user },
    { key: 'gpuHourPrice', value: 2.1, target: user },
  ]);
});

test("a workspace's own price is changed where it stands, and none takes its place, not the user's", async () => {
  settingsOf.set('', { gpuHourPrice: 3, currency: 'EUR' });
  settingsOfWorkspace['gpuHourPrice'] = 3;
  expect(await type('')).toMatchObject({ value: '3', complaint: undefined });
  await type('4 EUR');
  expect(written).toEqual([
    { key: 'gpuHourPrice', value: null, target: workspace },
    { key: 'gpuHourPrice', value: 4, target: workspace },
  ]);
});

test('an empty text takes the price away, and leaving the box changes nothing', async () => {
  settingsOf.set('', { gpuHourPrice: 3 });
  await type('');
  expect(written).toEqual([{ key: 'gpuHourPrice', value: undefined, target: user }]);
  written.length = 0;
  await type(undefined);
  expect(written).toEqual([]);
});

test.each(['-1', '0', 'free', '1e400', '99999999', '2,50', '2 EUR more', '2 €€€€€€€€€'])(
  '"%s" is refused',
  async (text) => {
    expect((await type(text)).complaint).toMatch(/^(The price of a GPU-hour is a number|A currency is) .*, not .*\.$/u);
    expect(written).toEqual([]);
  },
);

import { describe, expect, it } from 'vitest';
import { deadLinks, packagedFiles, relativeLinks } from '../../../.ci/packagedTexts.ts';

describe('what is packaged', () => {
  it('holds everything that its own texts link to or show', async () => {
    const files = await packagedFiles();
    expect(files).toEqual(
      expect.arrayContaining([
        'README.md',
        'ARCHITECTURE.md',
        'media/l10n/bundle.l10n.json',
        'src/serving/Containerfile',
      ]),
    );
    expect(await deadLinks(files)).toEqual([]);
    const without = files.filter((file) => !file.startsWith('docs/') && !file.startsWith('media/screenshots/'));
    expect(await deadLinks(without)).toEqual(
      expect.arrayContaining(['README.md: docs/images.md', 'README.md: media/screenshots/results-dark.png']),
    );
  });

  it('holds no tests, no sources of the program and nothing of this checkout', async () => {
    const files = await packagedFiles();
    expect(files.filter((file) => /\.ts$|^\.|node_modules|^out\/|\/tests\//u.test(file))).toEqual([]);
  });
});

it('links are found in every form of Markdown, and addresses are left alone', () => {
  const text = [
    '[a](docs/a.md) ![b](media/b%20c.png "title") [c](docs/a.md#part) [d](https://example.org/x) [e](#here)',
    '[f][ref] `[not](one.md)` <img src="media/g.png" alt="g">',
    '[ref]: docs/f.md',
    '```md',
    '[not](two.md)',
    '```',
  ].join('\n');
  expect(relativeLinks(text)).toEqual(['docs/a.md', 'media/b c.png', 'docs/a.md', 'docs/f.md', 'media/g.png']);
});

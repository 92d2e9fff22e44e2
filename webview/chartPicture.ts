import type { ChartView } from '../src/core/view/chart.ts';
import { paintStill } from './charts.ts';
import { h } from './dom.ts';
import type { Theme } from './theme.ts';

/** A chart as it leaves the page. */
export interface ChartPicture {
  readonly view: ChartView;
  readonly theme: Theme;
  /** What the numbers are of; below the chart and its notes. */
  readonly source: readonly string[];
}

/** In CSS pixels: what a chart of a pull request or a slide is read at, whatever the width of the panel. */
const width = 900;
const chartHeight = 420;
const margin = 24;
const title = { size: 17, line: 24, weight: 600 } as const;
const text = { size: 12, line: 17, weight: 400 } as const;
const gap = 10;

/**
 * The chart with its title, notes and source as a PNG on an opaque ground, with at least two pixels for each of CSS.
 * @throws Error with a sentence for the user, where the browser can make no picture
 */
export async function chartPng({ view, theme, source }: ChartPicture): Promise<Blob> {
  const scale = Math.min(3, Math.max(2, Math.ceil(devicePixelRatio)));
  const measure = contextOf(h('canvas'));
  const titleLines = wrapped(measure, [view.title], font(title, theme));
  const textLines = wrapped(measure, [...view.notes, ...source], font(text, theme));
  const chartTop = margin + titleLines.length * title.line + gap;
  const textTop = chartTop + chartHeight + gap;
  const canvas = h('canvas', {
    width: width * scale,
    height: (textTop + textLines.length * text.line + margin) * scale,
  });
  const context = contextOf(canvas);
  paintGround(context, theme);
  context.scale(scale, scale);
  context.textBaseline = 'top';
  const write = (lines: readonly string[], top: number, style: typeof title | typeof text, colour: string): void => {
    context.font = font(style, theme);
    context.fillStyle = colour;
    for (const [at, line] of lines.entries()) context.fillText(line, margin, top + at * style.line);
  };
  write(titleLines, margin, title, theme.foreground);
  write(textLines, textTop, text, theme.muted);
  const still = h('canvas', { width: width - 2 * margin, height: chartHeight });
  const chart = paintStill(still, view, theme, scale);
  context.drawImage(still, margin, chartTop, width - 2 * margin, chartHeight);
  chart.destroy();
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('The browser could not make a picture of the chart.'));
      else resolve(blob);
    }, 'image/png');
  });
}

/** A theme's background may let the window shine through: behind it lies black or white, whichever its texts are legible on. */
function paintGround(context: CanvasRenderingContext2D, { foreground, background }: Theme): void {
  context.fillStyle = foreground;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  const isLight = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 127;
  for (const colour of [isLight ? '#000000' : '#ffffff', background]) {
    context.fillStyle = colour;
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  }
}

/** Texts in lines that fit, each text from a line of its own on. */
function wrapped(context: CanvasRenderingContext2D, texts: readonly string[], fontOfTexts: string): string[] {
  context.font = fontOfTexts;
  return texts.flatMap((whole) => {
    const lines: string[] = [];
    let line = '';
    for (const word of whole.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (line !== '' && context.measureText(longer).width > width - 2 * margin) {
        lines.push(line);
        line = word;
      } else line = longer;
    }
    return [...lines, line];
  });
}

function font({ weight, size }: typeof title | typeof text, theme: Theme): string {
  return `${String(weight)} ${String(size)}px ${theme.font}`;
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('The browser could not make a picture of the chart.');
  return context;
}

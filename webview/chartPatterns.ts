import { setAttributes } from './dom.ts';

/** What tells bars apart where colours do not: each style has its own lines. */

const size = 8;

/** A fill that differs by its pattern as well as by its colour. */
export function hatched(context: CanvasRenderingContext2D, style: number, colour: string): CanvasPattern | string {
  if (style === 0) return colour;
  const tile = document.createElement('canvas');
  tile.width = size;
  tile.height = size;
  const brush = tile.getContext('2d');
  if (brush === null) return colour;
  brush.strokeStyle = colour;
  brush.fillStyle = colour;
  brush.globalAlpha = paleness;
  brush.fillRect(0, 0, size, size);
  brush.globalAlpha = 1;
  brush.lineWidth = 2;
  brush.beginPath();
  for (const [fromX, fromY, toX, toY] of strokes[style % strokes.length] ?? []) {
    brush.moveTo(fromX, fromY);
    brush.lineTo(toX, toY);
  }
  brush.stroke();
  return context.createPattern(tile, 'repeat') ?? colour;
}

const svgNamespace = 'http://www.w3.org/2000/svg';

/** The same fill as a little picture; decoration beside the name of a series of bars. */
export function swatch(style: number): SVGSVGElement {
  const element = (name: string, attributes: Readonly<Record<string, string>>): Element => {
    const made = document.createElementNS(svgNamespace, name);
    setAttributes(made, attributes);
    return made;
  };
  const svg = document.createElementNS(svgNamespace, 'svg');
  setAttributes(svg, { class: `swatch series-${String(style)}`, viewBox: '0 0 16 8', 'aria-hidden': 'true' });
  const opacity = style === 0 ? '1' : String(paleness);
  svg.append(element('rect', { width: '16', height: '8', 'fill-opacity': opacity }));
  const lines = [0, size].flatMap((right) =>
    (strokes[style % strokes.length] ?? []).map(
      ([fromX, fromY, toX, toY]) => `M${String(fromX + right)} ${String(fromY)}L${String(toX + right)} ${String(toY)}`,
    ),
  );
  svg.append(element('path', { d: lines.join('') }));
  svg.append(element('rect', { class: 'edge', x: '0.75', y: '0.75', width: '14.5', height: '6.5' }));
  return svg;
}

const paleness = 0.25;

/** Lines on a tile of 8 by 8 that meet their neighbours. */
const strokes: readonly (readonly (readonly [number, number, number, number])[])[] = [
  [],
  [
    [-2, 10, 10, -2],
    [-2, 2, 2, -2],
    [6, 10, 10, 6],
  ],
  [
    [1, 2, 3, 2],
    [5, 6, 7, 6],
  ],
  [[0, 4, 8, 4]],
  [
    [-2, -2, 10, 10],
    [6, -2, 10, 2],
    [-2, 6, 2, 10],
  ],
  [[4, 0, 4, 8]],
];

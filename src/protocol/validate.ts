import type { EnteredGpuPrice } from '../core/gpuPrice.ts';
import type { DrawnFigure, HostMessage, PanelRequest, PanelState, View, WebviewMessage } from './messages.ts';
import {
  benchmarkAgainStates,
  maxCopyCharacters,
  maxDrawnFigures,
  maxPngBytes,
  maxTitleCharacters,
} from './messages.ts';

/**
 * Checks of what came over the wall, small enough for the webview: discriminants and scalars. Records and states were
 * checked in full when they were read or made; here only their outline is. A message that does not fit is null.
 */

export function parseWebviewMessage(value: unknown): WebviewMessage | null {
  if (!isObject(value)) return null;
  switch (value['type']) {
    case 'ready':
      return { type: 'ready' };
    case 'request': {
      const { id } = value;
      const request = parseRequest(value['request']);
      return isId(id) && request !== null ? { type: 'request', id, request } : null;
    }
    case 'drawn': {
      const { kind, runId, figures } = value;
      if (!isViewKind(kind) || !(runId === null || isText(runId, maxTitleCharacters))) return null;
      if (!Array.isArray(figures) || figures.length > maxDrawnFigures || !figures.every(isDrawnFigure)) return null;
      return { type: 'drawn', kind, runId, figures: figures.map(drawnFigure) };
    }
    case 'page-problem':
      return typeof value['message'] === 'string'
        ? { type: 'page-problem', message: value['message'].slice(0, 2000) }
        : null;
    default:
      return null;
  }
}

export function parseHostMessage(value: unknown): HostMessage | null {
  if (!isObject(value)) return null;
  switch (value['type']) {
    case 'show': {
      const { view, keep } = value;
      return isView(view) && isPanelState(keep) ? { type: 'show', view, keep } : null;
    }
    case 'reply': {
      const { id, ok, message } = value;
      if (!isId(id)) return null;
      if (ok === true) return { type: 'reply', id, ok };
      return ok === false && typeof message === 'string' ? { type: 'reply', id, ok, message } : null;
    }
    default:
      return null;
  }
}

export function isPanelState(value: unknown): value is PanelState {
  if (!isObject(value) || value['version'] !== 1 || !isNullableString(value['runId'])) return false;
  return value['before'] === undefined || typeof value['before'] === 'string';
}

function parseRequest(value: unknown): PanelRequest | null {
  if (!isObject(value)) return null;
  const { kind, text, title, png, which } = value;
  switch (kind) {
    case 'cancel':
    case 'open-log':
    case 'benchmark-again':
    case 'open-record':
    case 'set-gpu-price':
    case 'open-image-settings':
    case 'export':
    case 'compare':
    case 'swap':
    case 'show-plans':
    case 'show-configs':
      return { kind };
    case 'show-run':
      return which === 'before' || which === 'after' ? { kind, which } : null;
    case 'copy':
      return isText(text, maxCopyCharacters) ? { kind, text } : null;
    case 'save-chart':
      // Four characters for three bytes; what the bytes are is looked at where they are decoded.
      return isText(title, maxTitleCharacters) && isText(png, Math.ceil(maxPngBytes / 3) * 4) && isBase64(png)
        ? { kind, title, png }
        : null;
    default:
      return null;
  }
}

function isView(value: unknown): value is View {
  if (!isObject(value) || typeof value['subject'] !== 'string') return false;
  switch (value['kind']) {
    case 'record':
      return (
        isRecordOutline(value['record']) &&
        isBenchmarkAgain(value['benchmarkAgain']) &&
        isNullableString(value['notSaved']) &&
        (value['cleanedUp'] === null || isBoolean(value['cleanedUp'])) &&
        (value['besideBaseline'] === undefined || isTexts(value['besideBaseline'])) &&
        isEnteredGpuPrice(value['gpuPrice']) &&
        isTimeWords(value['times'])
      );
    case 'live':
      return (
        isStateOutline(value['state']) &&
        typeof value['elapsedMs'] === 'number' &&
        isBoolean(value['cancelling']) &&
        isEnteredGpuPrice(value['gpuPrice'])
      );
    case 'comparison':
      return isComparisonOutline(value['comparison']) && isTimeWords(value['times']);
    case 'queued':
      return typeof value['message'] === 'string' && isBoolean(value['cancelling']);
    case 'cancelled':
      return typeof value['message'] === 'string' && isBenchmarkAgain(value['benchmarkAgain']);
    case 'problem':
      return (
        typeof value['message'] === 'string' &&
        isNullableString(value['nextStep']) &&
        isBenchmarkAgain(value['benchmarkAgain'])
      );
    default:
      return false;
  }
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function isBenchmarkAgain(value: unknown): boolean {
  return benchmarkAgainStates.some((state) => state === value);
}

function isTimeWords(value: unknown): boolean {
  return isObject(value) && typeof value['locale'] === 'string' && typeof value['timeZone'] === 'string';
}

function isRecordOutline(value: unknown): boolean {
  return (
    isObject(value) &&
    value['version'] === 1 &&
    typeof value['id'] === 'string' &&
    isObject(value['plan']) &&
    Array.isArray(value['topologies'])
  );
}

function isComparisonOutline(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value['headline'] === 'string' &&
    isObject(value['runs']) &&
    ['worth', 'incomparable', 'columns', 'groups', 'notes', 'remarks', 'differences'].every((part) =>
      Array.isArray(value[part]),
    )
  );
}

function isStateOutline(value: unknown): boolean {
  return (
    isObject(value) && typeof value['id'] === 'string' && isObject(value['plan']) && Array.isArray(value['topologies'])
  );
}

function isEnteredGpuPrice(value: unknown): value is EnteredGpuPrice {
  if (!isObject(value) || !isNullableString(value['problem'])) return false;
  const { price } = value;
  return (
    price === null ||
    (isObject(price) && typeof price['perGpuHour'] === 'number' && typeof price['currency'] === 'string')
  );
}

function isDrawnFigure(value: unknown): value is DrawnFigure {
  return (
    isObject(value) &&
    isText(value['topology'], maxTitleCharacters) &&
    isText(value['phase'], maxTitleCharacters) &&
    isNullableNumber(value['p50Ms']) &&
    isNullableNumber(value['p95Ms']) &&
    isNullableNumber(value['p99Ms']) &&
    typeof value['rps'] === 'number' &&
    typeof value['errors'] === 'number'
  );
}

/** Without what it may bring besides. */
function drawnFigure({ topology, phase, p50Ms, p95Ms, p99Ms, rps, errors }: DrawnFigure): DrawnFigure {
  return { topology, phase, p50Ms, p95Ms, p99Ms, rps, errors };
}

const viewKinds: readonly unknown[] = [
  'record',
  'comparison',
  'live',
  'queued',
  'cancelled',
  'problem',
] satisfies View['kind'][];

function isViewKind(value: unknown): value is View['kind'] {
  return viewKinds.includes(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value.length <= most;
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isNullableString(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function isNullableNumber(value: unknown): value is number | null {
  return value === null || typeof value === 'number';
}

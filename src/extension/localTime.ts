import * as vscode from 'vscode';
import { formatTime, type TimeWords } from '../core/view/format.ts';

/** Of this machine's zone, in VS Code's language: as all times of views, tabs and questions are. */
export function timeWords(): TimeWords {
  return { locale: vscode.env.language, timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone };
}

/** "Nov 22, 2026, 5:43 PM" @param iso a text that is no time is given back as it is */
export function localTime(iso: string): string {
  return formatTime(iso, timeWords());
}

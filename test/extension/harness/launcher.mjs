#!/usr/bin/env node
// Stands in for the desktop's `code` where that cannot be had: @vscode/test-electron starts it as `vscodeExecutablePath`.
import { runAsDesktop } from './desktop.ts';

process.exitCode = await runAsDesktop(process.argv.slice(2));

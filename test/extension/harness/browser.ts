/** Opens a running VS Code in a Chromium, as a user would see it. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { installBrowser } from './install.ts';

const quiet = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
  // Nothing outside this machine is ever asked: no gallery, no update, no telemetry.
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
];

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: installBrowser(), args: quiet });
}

export async function newPage(browser: Browser, size = { width: 1500, height: 900 }): Promise<Page> {
  const context = await browser.newContext({ viewport: size, reducedMotion: 'reduce' });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await context.addInitScript(keepStill);
  await context.addInitScript(keepNotifications);
  return context.newPage();
}

/** Runs in each page and frame: to draw what spins and slides without end takes half of what Chromium computes, and shows no test anything. */
function keepStill(): void {
  const still = new CSSStyleSheet();
  still.replaceSync('*, *::before, *::after { animation: none !important; transition: none !important; }');
  document.adoptedStyleSheets.push(still);
}

/**
 * Runs in each page and frame: VS Code hides a notification after ten seconds, with buttons or without, unless the pointer is
 * over it, and a busy machine may not have looked by then. So each is told every second that the pointer is over it.
 */
function keepNotifications(): void {
  if (window !== window.top) return;
  setInterval(() => {
    for (const toast of document.querySelectorAll('.notification-toast-container')) {
      toast.dispatchEvent(new MouseEvent('mouseover'));
    }
  }, 1000);
}

export async function screenshot(page: Page, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await page.screenshot({ path, animations: 'disabled' });
}

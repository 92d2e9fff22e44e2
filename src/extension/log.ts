import { homedir } from 'node:os';
import { inspect } from 'node:util';
import type { LogOutputChannel } from 'vscode';
import { withoutPrivate } from '../core/withoutPrivate.ts';

/**
 * The log as the extension writes it: no line holds an address or a home folder, whoever wrote it and whatever stack it
 * quotes. A line that comes after the window has closed its channel is lost, and never fails who wrote it: clean-up goes
 * on when nobody reads any more.
 */
export function createLog(channel: LogOutputChannel, home = homedir()): LogOutputChannel {
  // A home of "/" tells nothing, and replacing it would garble every path.
  const clean = (text: string): string => withoutPrivate(home.length > 1 ? text.replaceAll(home, '~') : text);
  const attempt = (act: () => void): void => {
    try {
      act();
    } catch {
      // The channel is closed.
    }
  };
  const writer =
    (write: (text: string) => void) =>
    (...parts: unknown[]): void => {
      attempt(() => {
        write(clean(parts.map(textOf).join(' ')));
      });
    };
  // Takes both of the API's forms, one of which is old.
  const showing = {
    show: (first?: unknown, second?: boolean): void => {
      attempt(() => {
        channel.show(typeof first === 'boolean' ? first : second);
      });
    },
  };
  return {
    ...showing,
    get name() {
      return channel.name;
    },
    get logLevel() {
      return channel.logLevel;
    },
    onDidChangeLogLevel: channel.onDidChangeLogLevel,
    trace: writer((text) => {
      channel.trace(text);
    }),
    debug: writer((text) => {
      channel.debug(text);
    }),
    info: writer((text) => {
      channel.info(text);
    }),
    warn: writer((text) => {
      channel.warn(text);
    }),
    error: writer((text) => {
      channel.error(text);
    }),
    append: writer((text) => {
      channel.append(text);
    }),
    appendLine: writer((text) => {
      channel.appendLine(text);
    }),
    replace: writer((text) => {
      channel.replace(text);
    }),
    clear: () => {
      attempt(() => {
        channel.clear();
      });
    },
    hide: () => {
      attempt(() => {
        channel.hide();
      });
    },
    dispose: () => {
      attempt(() => {
        channel.dispose();
      });
    },
  };
}

function textOf(part: unknown): string {
  return typeof part === 'string' ? part : inspect(part);
}

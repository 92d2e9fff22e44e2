import { afterEach } from 'vitest';

const { platform, arch } = process;

afterEach(() => {
  onMachine(platform, arch);
});

/** From here to the end of the test this process believes that it runs on another machine. */
export function onMachine(system: string, processor: string): void {
  Object.defineProperty(process, 'platform', { value: system });
  Object.defineProperty(process, 'arch', { value: processor });
}
